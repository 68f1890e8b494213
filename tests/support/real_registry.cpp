#include "support/real_registry.hpp"

#include <sstream>
#include <stdexcept>

namespace basewatch::test {

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
        auto file = folder_.write("htpasswd", htpasswd_line(username(), password()));
        text << "auth:\n  htpasswd: {realm: test-realm, path: " << file << "}\n";
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

ImagePusher RealRegistry::pusher() const {
    ImagePusher::Registry to{.address = address_, .url = url()};
    if (options_.tls) to.ca_file = ca_file();
    if (options_.access != Access::open) {
        to.username = username();
        to.password = password();
    }
    if (options_.access == Access::token)
        to.token = [this](const std::string& repository) {
            return tokens_->token(repository, "pull,push,delete");
        };
    return ImagePusher(std::move(to));
}

void RealRegistry::remove(const std::string& repository, const model::Digest& manifest) {
    pusher().remove(repository, manifest.text());
}

model::Digest RealRegistry::push(const std::string& repository, const std::string& tag, const Built& built) {
    return pusher().push(repository, tag, built);
}

model::Digest RealRegistry::push_with_tools(const std::string& repository, const std::string& tag,
                                            const ToolImage& image) {
    return pusher().push_with_tools(repository, tag, image);
}

std::size_t RealRegistry::count(const std::string& method, const std::string& target) const {
    std::string log = earlier_log_ + (server_ ? server_->output() : "");
    std::string wanted = "\"" + method + " " + target;
    std::size_t found = 0;
    for (auto at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1)) ++found;
    return found;
}

}  // namespace basewatch::test
