#include "support/real_registry.hpp"

#include "foundation/bytes.hpp"
#include "support/blocking_http.hpp"

#include <csignal>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace basewatch::test {

namespace {

// To its end, or an exception with what it said.
Outcome must(std::vector<std::string> arguments) {
    auto name = arguments[0];
    auto outcome = run(std::move(arguments));
    if (outcome.exit_code != 0)
        throw std::runtime_error(name + " failed: " + outcome.errors + outcome.output);
    return outcome;
}

}  // namespace

struct RealRegistry::Sent {
    int status;
    std::string location;
    std::string digest;
};

RealRegistry::RealRegistry() : RealRegistry(Options()) {}

RealRegistry::RealRegistry(const Options& options)
    : options_(options), port_(free_port()), address_("127.0.0.1:" + std::to_string(port_)) {
    if (options.access == Access::token) tokens_ = std::make_unique<TokenServer>(username(), password());
    write_configuration(options);
    start();
}

RealRegistry::~RealRegistry() = default;

void RealRegistry::write_configuration(const Options& options) {
    std::ostringstream text;
    text << "version: 0.1\nlog: {level: warn}\nstorage:\n  filesystem: {rootdirectory: " << folder_ / "data"
         << "}\n  delete: {enabled: true}\n  cache: {blobdescriptor: inmemory}\nhttp:\n  addr: " << address_
         << "\n  secret: not-a-secret\n";
    if (!options.cache_of.empty()) text << "proxy: {remoteurl: \"" << options.cache_of << "\"}\n";
    if (options.tls) {
        auto files = authority_.sign({});
        text << "  tls: {certificate: " << files.certificate << ", key: " << files.key << "}\n";
    }
    if (options.access == Access::password) {
        auto line = must({"htpasswd", "-Bbn", "-C", "5", username(), password()}).output;
        text << "auth:\n  htpasswd: {realm: test-realm, path: " << folder_.write("htpasswd", line) << "}\n";
    }
    if (options.access == Access::token) {
        text << "auth:\n  token: {realm: \"" << tokens_->realm() << "\", service: " << tokens_->service()
             << ", issuer: " << tokens_->issuer() << ", rootcertbundle: " << tokens_->authority_file()
             << "}\n";
    }
    folder_.write("config.yml", text.str());
}

void RealRegistry::start() {
    server_ = std::make_unique<Process>(
        std::vector<std::string>{options_.program, "serve", folder_ / "config.yml"});
    if (!accepts_connections(port_))
        throw std::runtime_error(options_.program + " did not start: " + server_->errors());
}

void RealRegistry::stop() {
    earlier_log_ += server_->output();
    server_.reset();
}

std::string RealRegistry::url() const {
    return (options_.tls ? "https://" : "http://") + address_;
}

std::string RealRegistry::reference(const std::string& repository, const std::string& tag) const {
    return address_ + "/" + repository + ":" + tag;
}

settings::RegistrySettings RealRegistry::settings() const {
    settings::RegistrySettings made;
    made.plain_http = !options_.tls;
    if (options_.tls) made.ca_file = ca_file();
    if (options_.access != Access::open) {
        made.username = username();
        made.password = Secret(password());
    }
    return made;
}

RealRegistry::Sent RealRegistry::send(const std::string& method, const std::string& target,
                                      const std::string& type, const std::string& body,
                                      const std::string& repository) {
    net::HttpRequest request;
    request.method = method;
    request.url = url_of(target.starts_with("http") ? target : url() + target);
    request.headers.set("Content-Type", type);
    if (options_.access == Access::password)
        request.headers.set("Authorization", "Basic " + base64(username() + ":" + password()));
    if (options_.access == Access::token)
        request.headers.set("Authorization", "Bearer " + tokens_->token(repository, "pull,push"));
    request.body = body;
    auto policy = std::make_shared<net::ConnectionPolicy>();
    if (options_.tls) policy->ca_file = ca_file();
    request.policy = policy;
    auto response = try_http(request);
    if (!response) throw std::runtime_error("pushing: " + response.error().message());
    if (response->status >= 300)
        throw std::runtime_error("pushing: " + std::to_string(response->status) + " " + response->body);
    auto header = [&](std::string_view name) {
        return std::string(response->headers.find(name).value_or(""));
    };
    return {response->status, header("Location"), header("Docker-Content-Digest")};
}

void RealRegistry::push_blob(const std::string& repository, const Blob& blob) {
    auto begun =
        send("POST", "/v2/" + repository + "/blobs/uploads/", "application/octet-stream", "", repository);
    char separator = begun.location.find('?') == std::string::npos ? '?' : '&';
    send("PUT", begun.location + separator + "digest=" + percent_encode(blob.digest.text()),
         "application/octet-stream", blob.bytes, repository);
}

void RealRegistry::push_manifest(const std::string& repository, const std::string& which,
                                 const Built& built) {
    for (const auto& blob : built.blobs) push_blob(repository, blob);
    for (const auto& child : built.children) push_manifest(repository, child.digest.text(), child);
    send("PUT", "/v2/" + repository + "/manifests/" + which, built.media_type, built.body, repository);
}

void RealRegistry::remove(const std::string& repository, const model::Digest& manifest) {
    send("DELETE", "/v2/" + repository + "/manifests/" + manifest.text(), "application/json", "", repository);
}

model::Digest RealRegistry::push(const std::string& repository, const std::string& tag, const Built& built) {
    push_manifest(repository, tag, built);
    return built.digest;
}

model::Digest RealRegistry::push_with_tools(const std::string& repository, const std::string& tag,
                                            const ToolImage& image) {
    TemporaryFolder work;
    std::string layout = work / "oci", name = layout + ":image";
    work.write("rootfs/etc/marker", image.content);
    auto platform = model::Platform::parse(image.platform).value();
    must({"umoci", "init", "--layout", layout});
    must({"umoci", "new", "--image", name});
    must({"umoci", "config", "--image", name, "--os", platform.os, "--architecture", platform.architecture,
          "--created", image.created, "--config.env", "MARKER=" + image.content, "--no-history"});
    std::vector<std::string> insert{"umoci", "insert", "--image", name, "--no-history"};
    if (geteuid() != 0) insert.push_back("--rootless");
    insert.insert(insert.end(), {work / "rootfs/etc", "/etc"});
    must(insert);
    std::vector<std::string> copy{"skopeo",       "--insecure-policy",       "copy",
                                  "-q",           "--dest-tls-verify=false", "--digestfile",
                                  work / "digest"};
    if (options_.access != Access::open)
        copy.insert(copy.end(), {"--dest-creds", username() + ":" + password()});
    if (image.docker) copy.insert(copy.end(), {"--format", "v2s2"});
    copy.insert(copy.end(), {"oci:" + name, "docker://" + reference(repository, tag)});
    must(copy);
    auto digest = read_file(work / "digest");
    return model::Digest::parse(digest.substr(0, digest.find('\n'))).value();
}

std::size_t RealRegistry::count(const std::string& method, const std::string& target) const {
    std::string log = earlier_log_ + (server_ ? server_->output() : "");
    std::string wanted = "\"" + method + " " + target;
    std::size_t found = 0;
    for (auto at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1)) ++found;
    return found;
}

}  // namespace basewatch::test
