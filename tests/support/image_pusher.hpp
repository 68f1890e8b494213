#pragma once
// Puts images into a registry: byte by byte, as the image builder makes them, of any media type; or real
// ones, made by umoci and pushed by skopeo.

#include "support/image_builder.hpp"

#include <functional>
#include <string>

namespace basewatch::test {

// What umoci makes.
struct ToolImage {
    std::string platform = "linux/amd64";
    std::string content = "version 1";  // of a file in its only layer
    std::string created = "2026-01-01T00:00:00Z";
    bool docker = false;  // converted by skopeo to Docker's media types
};

// A line of a password file, with bcrypt.
std::string htpasswd_line(const std::string& username, const std::string& password);

class ImagePusher {
public:
    struct Registry {
        std::string address;     // as references name it
        std::string url;         // its scheme and address
        std::string ca_file{};   // the authority behind its certificate; empty: the system's
        std::string username{};  // empty: none is needed
        std::string password{};
        // The bearer token for a repository; none: the password goes along with each request.
        std::function<std::string(const std::string& repository)> token{};
    };
    explicit ImagePusher(Registry registry) : to_(std::move(registry)) {}

    model::Digest push(const std::string& repository, const std::string& tag, const Built& built) const;
    model::Digest push_with_tools(const std::string& repository, const std::string& tag,
                                  const ToolImage& image = {}) const;
    // `which` is a tag or a digest, whose tags all go.
    void remove(const std::string& repository, const std::string& which) const;

private:
    // The Location that it answers with.
    std::string send(const std::string& method, const std::string& target, const std::string& type,
                     const std::string& body, const std::string& repository) const;
    void push_blob(const std::string& repository, const Blob& blob) const;
    void push_manifest(const std::string& repository, const std::string& which, const Built& built) const;

    Registry to_;
};

}  // namespace basewatch::test
