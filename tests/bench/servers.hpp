#pragma once
// The two servers that a sweep is measured on, each on a free loopback port with a folder of its own:
// Debian's docker-registry, which is what people run, and nginx with the same answers from a map, which is so
// fast that it shows what the client itself costs. Both hold one small image under any number of tags.

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
    int port() const { return port_; }

protected:
    int port_ = test::free_port();
};

// Starts the server and loads `tags` tags.
std::unique_ptr<Server> start_registry(std::size_t tags);
std::unique_ptr<Server> start_nginx(std::size_t tags);

}  // namespace basewatch::bench
