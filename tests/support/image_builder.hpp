#pragma once
// Images made in memory: the bytes of layers, configuration, manifest and index as a registry would hold
// them. The layers are not real archives; nobody here unpacks them.

#include "model/digest.hpp"
#include "model/platform.hpp"

#include <map>
#include <string>
#include <vector>

namespace basewatch::test {

struct Blob {
    model::Digest digest;
    std::string bytes;
};

// A manifest or an index with everything below it.
struct Built {
    std::string media_type;
    std::string body;
    model::Digest digest;
    model::Platform platform;                                   // of a manifest
    model::Digest config;                                       // of a manifest
    std::vector<Blob> blobs;                                    // of a manifest: configuration and layers
    std::vector<Built> children;                                // of an index
    std::map<std::string, std::string> descriptor_annotations;  // for the index that lists it
};

struct ImageOptions {
    std::string platform = "linux/amd64";
    std::vector<std::string> layers{"layer 1"};  // contents; the diff_id is the content's hash
    // What the stored layer is beside its content: another value is the same image compressed anew.
    std::string compression = "gzip";
    std::vector<std::string> env{"PATH=/usr/bin:/bin"};
    std::vector<std::string> command{"/bin/sh"};
    std::string user;
    std::map<std::string, std::string> labels;
    std::string created = "2026-01-01T00:00:00Z";
    std::map<std::string, std::string> annotations;  // OCI only
    bool docker = false;                             // Docker's media types
};
Built image(const ImageOptions& options = {});

struct IndexOptions {
    bool docker = false;
    bool attestations = false;   // one beside each image, as BuildKit makes them
    std::string attested = "1";  // what the attestations say: another value is another build
    std::map<std::string, std::string> annotations;
};
Built index(const std::vector<Built>& images, const IndexOptions& options = {});

// A manifest whose configuration is no image's: a Helm chart.
Built artifact();

}  // namespace basewatch::test
