#include "bench/servers.hpp"

#include "foundation/bytes.hpp"
#include "support/blocking_http.hpp"
#include "support/certificates.hpp"

#include <sstream>
#include <stdexcept>

namespace basewatch::bench {

namespace {

std::string address(int port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

void expect(const net::HttpResponse& response, int status, const std::string& what) {
    if (response.status != status)
        throw std::runtime_error(what + " was answered with " + std::to_string(response.status) + ": " +
                                 response.body);
}

void push_blob(int port, const std::string& bytes) {
    auto started = test::http("POST", address(port) + "/v2/" + repository + "/blobs/uploads/");
    expect(started, 202, "an upload");
    auto place = started.headers.find("Location");
    if (!place) throw std::runtime_error("an upload without a place");
    std::string url(*place);
    if (url.starts_with('/')) url = address(port) + url;
    url +=
        (url.find('?') == std::string::npos ? "?" : "&") + ("digest=" + percent_encode(Image::digest(bytes)));
    net::Headers headers;
    headers.set("Content-Type", "application/octet-stream");
    expect(test::http("PUT", url, headers, bytes), 201, "a blob");
}

class DockerRegistry final : public Server {
public:
    explicit DockerRegistry(std::size_t tags) {
        std::ostringstream text;
        text << "version: 0.1\n"
             << "log: {level: error, accesslog: {disabled: true}}\n"
             << "storage:\n"
             << "  filesystem: {rootdirectory: " << folder_ / "data" << "}\n"
             << "  cache: {blobdescriptor: inmemory}\n"
             << "  maintenance: {uploadpurging: {enabled: false}}\n"
             << "http:\n"
             << "  addr: 127.0.0.1:" << port_ << "\n"
             << "  debug: {addr: \"127.0.0.1:" << metrics_port_
             << "\", prometheus: {enabled: true, path: /metrics}}\n";
        process_ = std::make_unique<test::Process>(
            std::vector<std::string>{"docker-registry", "serve", folder_.write("registry.yml", text.str())});
        if (!test::accepts_connections(port_)) throw std::runtime_error(process_->errors());
        load(tags);
    }

    std::string name() const override { return "docker-registry"; }

    std::uint64_t requests() override {
        std::istringstream metrics(test::http("GET", address(metrics_port_) + "/metrics").body);
        double sum = 0;
        for (std::string line; std::getline(metrics, line);)
            if (line.starts_with("registry_http_requests_total{"))
                sum += std::stod(line.substr(line.rfind(' ')));
        return static_cast<std::uint64_t>(sum);
    }

private:
    void load(std::size_t tags) {
        auto image = Image::small();
        push_blob(port_, image.config);
        push_blob(port_, image.layer);
        auto loaded = measure({TEST_PROGRAMS "/bench/bare_client", std::to_string(port_), "8",
                               folder_.write("paths", manifest_paths(tags)),
                               folder_.write("manifest", image.manifest), manifest_type},
                              folder_.path().string());
        if (loaded.exit_code != 0) throw std::runtime_error("loading the registry: " + loaded.output);
    }

    test::TemporaryFolder folder_;
    int metrics_port_ = test::free_port();
    std::unique_ptr<test::Process> process_;
};

// nginx in a folder of its own, with what stands in `http {}` given; tells its requests on a port of its own.
class NginxProcess {
public:
    const test::TemporaryFolder& folder() const { return folder_; }

    void start(const std::string& servers, int port) {
        std::ostringstream text;
        text << "pid " << folder_ / "nginx.pid" << ";\nerror_log stderr error;\n"
             << "worker_rlimit_nofile 8192;\nevents {worker_connections 4096;}\n"
             << "http {\n  access_log off; keepalive_requests 100000000; keepalive_timeout 300s;\n";
        for (const char* name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            text << "  " << name << "_temp_path " << folder_ / name << ";\n";
        text << "  server {listen 127.0.0.1:" << status_port_ << "; location = /status {stub_status;}}\n"
             << servers << "}\n";
        // One process: a master that is killed leaves its worker behind.
        process_ = std::make_unique<test::Process>(std::vector<std::string>{
            "nginx", "-p", folder_.path().string(), "-c", folder_.write("nginx.conf", text.str()), "-g",
            "daemon off; master_process off;"});
        if (!test::accepts_connections(port)) throw std::runtime_error(process_->errors());
    }

    std::uint64_t requests() {
        // "server accepts handled requests\n 16630948 16630948 31070465 \n": the third number; each look is
        // one.
        std::string text = test::http("GET", address(status_port_) + "/status").body;
        std::istringstream numbers(text.substr(text.find("requests") + 8));
        std::uint64_t accepts = 0, handled = 0, requests = 0;
        numbers >> accepts >> handled >> requests;
        return requests - ++looks_;
    }

private:
    test::TemporaryFolder folder_;
    int status_port_ = test::free_port();
    std::unique_ptr<test::Process> process_;
    std::uint64_t looks_ = 0;
};

// The answers of a registry at these locations of nginx's, for every tag, or those that a condition lets
// through.
std::string answers(const std::string& manifests, const std::string& only_if, const std::string& blobs) {
    auto image = Image::small();
    return "    location = /v2/ {return 200 '{}';}\n    location " + manifests +
           " {\n      types {}\n      default_type " + manifest_type + ";\n" + only_if +
           "      add_header Docker-Content-Digest " + Image::digest(image.manifest) +
           ";\n      return 200 '" + image.manifest + "';\n    }\n    location " + blobs +
           " {types {} default_type application/octet-stream; return 200 '" + image.config + "';}\n";
}

class Nginx final : public Server {
public:
    Nginx(std::size_t tags, bool tls)
        : authority_(tls ? std::make_unique<test::CertificateAuthority>() : nullptr) {
        auto image = Image::small();
        std::ostringstream map;
        map << "default \"\";\n";
        std::istringstream paths(manifest_paths(tags));
        for (std::string path; std::getline(paths, path);) map << '"' << path << "\" yes;\n";
        map << "\"/v2/" << repository << "/manifests/" << Image::digest(image.manifest) << "\" yes;\n";
        std::ostringstream text;
        text << "  map_hash_max_size 65536; map_hash_bucket_size 256;\n  map $uri $known {include "
             << nginx_.folder().write("map.conf", map.str()) << ";}\n"
             << "  server {\n    listen 127.0.0.1:" << port_;
        if (authority_) {
            auto files = authority_->sign();
            text << " ssl;\n    ssl_certificate " << files.certificate << ";\n    ssl_certificate_key "
                 << files.key;
        }
        std::string below = "/v2/" + std::string(repository);
        text << ";\n"
             << answers(below + "/manifests/", "      if ($known = \"\") {return 404;}\n",
                        "= " + below + "/blobs/" + Image::digest(image.config))
             << "  }\n";
        nginx_.start(text.str(), port_);
    }

    std::string name() const override { return authority_ ? "nginx https" : "nginx"; }
    std::string ca_file() const override { return authority_ ? authority_->file() : ""; }
    std::uint64_t requests() override { return nginx_.requests(); }

private:
    std::unique_ptr<test::CertificateAuthority> authority_;
    NginxProcess nginx_;
};

class NginxOnManyPorts final : public ManyServers {
public:
    explicit NginxOnManyPorts(std::size_t count) {
        std::string listens;
        int port = 0;
        for (std::size_t at = 0; at < count; ++at) {
            port = test::free_port();
            ports_.push_back(port);
            listens += "    listen 127.0.0.1:" + std::to_string(port) + ";\n";
        }
        nginx_.start("  server {\n" + listens + answers("~ /manifests/", "", "~ /blobs/") + "  }\n", port);
    }

    std::vector<std::string> hosts() const override {
        std::vector<std::string> hosts;
        for (int port : ports_) hosts.push_back("127.0.0.1:" + std::to_string(port));
        return hosts;
    }
    std::uint64_t requests() override { return nginx_.requests(); }

private:
    std::vector<int> ports_;
    NginxProcess nginx_;
};

}  // namespace

std::string Image::digest(const std::string& bytes) {
    return "sha256:" + hex(sha256(bytes));
}

Image Image::small() {
    auto described = [](const char* type, const std::string& bytes) {
        return R"({"mediaType":")" + std::string(type) + R"(","digest":")" + digest(bytes) + R"(","size":)" +
               std::to_string(bytes.size()) + "}";
    };
    Image image;
    image.layer = "not a real layer: nobody unpacks it";
    image.config =
        R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[")" +
        digest(image.layer) + R"("]}})";
    image.manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(manifest_type) + R"(","config":)" +
                     described("application/vnd.oci.image.config.v1+json", image.config) + R"(,"layers":[)" +
                     described("application/vnd.oci.image.layer.v1.tar", image.layer) + "]}";
    return image;
}

std::string tag(std::size_t number) {
    return "tag-" + std::to_string(number);
}

std::string manifest_paths(std::size_t tags) {
    std::string paths;
    for (std::size_t at = 0; at < tags; ++at)
        paths += "/v2/" + std::string(repository) + "/manifests/" + tag(at) + "\n";
    return paths;
}

std::unique_ptr<Server> start_registry(std::size_t tags) {
    return std::make_unique<DockerRegistry>(tags);
}

std::unique_ptr<Server> start_nginx(std::size_t tags) {
    return std::make_unique<Nginx>(tags, false);
}

std::unique_ptr<Server> start_nginx_over_tls(std::size_t tags) {
    return std::make_unique<Nginx>(tags, true);
}

std::unique_ptr<ManyServers> start_nginx_on_ports(std::size_t count) {
    return std::make_unique<NginxOnManyPorts>(count);
}

std::vector<std::string> bare_client(const Server& server, std::size_t connections,
                                     const std::string& paths) {
    std::vector<std::string> program{TEST_PROGRAMS "/bench/bare_client"};
    if (!server.ca_file().empty()) program.emplace_back("--tls");
    program.insert(program.end(), {std::to_string(server.port()), std::to_string(connections), paths});
    return program;
}

Watching watch_tags(const Server& server, std::size_t tags, std::size_t connections) {
    Watching watching;
    watching.hosts = {server.host()};
    watching.reached_by = server.ca_file().empty() ? "plain_http: true" : "ca_file: " + server.ca_file();
    watching.connections = connections;
    for (std::size_t at = 0; at < tags; ++at)
        watching.references.push_back(server.host() + "/" + repository + ":" + tag(at));
    return watching;
}

}  // namespace basewatch::bench
