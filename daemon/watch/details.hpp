#pragma once
// Looking behind a digest: an index's platforms, and what the images of its platforms hand down. What has
// been read once is remembered by the state (it is content-addressed), so that it is read from a registry
// once.

#include "foundation/async.hpp"
#include "foundation/error.hpp"
#include "registry/registry_client.hpp"
#include "store/store.hpp"
#include "watch/classify.hpp"

#include <utility>
#include <vector>

namespace basewatch::watch {

// More platforms than this are not looked into: what is built on forty platforms at once does not exist, an
// index that would cost thousands of requests may.
inline constexpr std::size_t most_platforms_read = 40;

// On Docker Hub reading a manifest counts as a pull, so a first look is a HEAD and its details come later.
bool reads_at_once(const model::Reference& base);

// For one base and one check; must outlive what it returns.
class DetailReader {
public:
    DetailReader(registry::RegistryClient& registry, store::Store& store, model::Reference base);

    // What this digest is: `detailed`, with every platform.
    Async<Result<model::Observation>> observe(model::Digest digest, Time observed_at);
    // Brings what is already known of these manifests into images().
    Async<Result<void>> recall(std::vector<model::Digest> manifests);
    // Reads the image behind a manifest into images(), unless it is there. A manifest that is no image is no
    // error and stays unknown.
    Async<Result<void>> read_image(model::Digest manifest);

    const Images& images() const { return images_; }
    // What was read from the registry, for the state.
    std::vector<std::pair<model::Digest, model::ImageContent>> learnt() const;

private:
    registry::RegistryClient& registry_;
    store::Store& store_;
    model::Reference base_;
    Images images_;
    std::vector<model::Digest> learnt_;
};

}  // namespace basewatch::watch
