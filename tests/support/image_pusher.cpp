#include "support/image_pusher.hpp"

#include "foundation/bytes.hpp"
#include "support/blocking_http.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

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

std::string htpasswd_line(const std::string& username, const std::string& password) {
    return must({"htpasswd", "-Bbn", "-C", "5", username, password}).output;
}

std::string ImagePusher::send(const std::string& method, const std::string& target, const std::string& type,
                              const std::string& body, const std::string& repository) const {
    net::HttpRequest request;
    request.method = method;
    request.url = url_of(target.starts_with("http") ? target : to_.url + target);
    request.headers.set("Content-Type", type);
    if (to_.token)
        request.headers.set("Authorization", "Bearer " + to_.token(repository));
    else if (!to_.username.empty())
        request.headers.set("Authorization", "Basic " + base64(to_.username + ":" + to_.password));
    request.body = body;
    auto policy = std::make_shared<net::ConnectionPolicy>();
    if (!to_.ca_file.empty()) policy->ca_file = to_.ca_file;
    request.policy = policy;
    auto response = try_http(request);
    if (!response) throw std::runtime_error("pushing: " + response.error().message());
    if (response->status >= 300)
        throw std::runtime_error("pushing: " + std::to_string(response->status) + " " + response->body);
    return std::string(response->headers.find("Location").value_or(""));
}

void ImagePusher::push_blob(const std::string& repository, const Blob& blob) const {
    auto upload =
        send("POST", "/v2/" + repository + "/blobs/uploads/", "application/octet-stream", "", repository);
    char separator = upload.find('?') == std::string::npos ? '?' : '&';
    send("PUT", upload + separator + "digest=" + percent_encode(blob.digest.text()),
         "application/octet-stream", blob.bytes, repository);
}

void ImagePusher::push_manifest(const std::string& repository, const std::string& which,
                                const Built& built) const {
    for (const auto& blob : built.blobs) push_blob(repository, blob);
    for (const auto& child : built.children) push_manifest(repository, child.digest.text(), child);
    send("PUT", "/v2/" + repository + "/manifests/" + which, built.media_type, built.body, repository);
}

void ImagePusher::remove(const std::string& repository, const std::string& which) const {
    send("DELETE", "/v2/" + repository + "/manifests/" + which, "application/json", "", repository);
}

model::Digest ImagePusher::push(const std::string& repository, const std::string& tag,
                                const Built& built) const {
    push_manifest(repository, tag, built);
    return built.digest;
}

model::Digest ImagePusher::push_with_tools(const std::string& repository, const std::string& tag,
                                           const ToolImage& image) const {
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
    if (!to_.username.empty()) copy.insert(copy.end(), {"--dest-creds", to_.username + ":" + to_.password});
    if (image.docker) copy.insert(copy.end(), {"--format", "v2s2"});
    copy.insert(copy.end(), {"oci:" + name, "docker://" + to_.address + "/" + repository + ":" + tag});
    must(copy);
    auto digest = read_file(work / "digest");
    return model::Digest::parse(digest.substr(0, digest.find('\n'))).value();
}

}  // namespace basewatch::test
