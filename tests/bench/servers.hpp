#pragma once
// The servers that a sweep is measured on, each on a free loopback port with a folder of its own: Debian's
// docker-registry, which is what people run, and nginx with the same answers from a map, over http and https,
// which is so fast that it shows what the client itself costs. All hold one small image under any number of
// tags.

#include "bench/configuration.hpp"
#include "bench/measure.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::bench {

struct Image {
    std::string config, layer, manifest;
    static Image small();
    static std::string digest(const std::string& bytes);
};

inline constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* repository = "bench/base";

std::string tag(std::size_t number);
// Of every tag's manifest, one path to a line.
std::string manifest_paths(std::size_t tags);

class Server {
public:
    virtual ~Server() = default;
    virtual std::string name() const = 0;
    // Requests to the registry API so far.
    virtual std::uint64_t requests() = 0;
    // The authority behind its certificate; empty over plain http.
    virtual std::string ca_file() const { return ""; }
    int port() const { return port_; }
    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

protected:
    int port_ = test::free_port();
};

// Starts the server and loads `tags` tags.
std::unique_ptr<Server> start_registry(std::size_t tags);
std::unique_ptr<Server> start_nginx(std::size_t tags);
std::unique_ptr<Server> start_nginx_over_tls(std::size_t tags);

// One nginx that stands for many registries: it has every repository and every tag on each of its ports.
class ManyServers {
public:
    virtual ~ManyServers() = default;
    virtual std::vector<std::string> hosts() const = 0;  // HOST:PORT
    virtual std::uint64_t requests() = 0;
};
std::unique_ptr<ManyServers> start_nginx_on_ports(std::size_t count);

// The program and its arguments that ask the server for each of these paths once.
std::vector<std::string> bare_client(const Server& server, std::size_t connections, const std::string& paths);
Watching watch_tags(const Server& server, std::size_t tags, std::size_t connections);

}  // namespace basewatch::bench
