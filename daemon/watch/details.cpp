#include "watch/details.hpp"

namespace basewatch::watch {

bool reads_at_once(const model::Reference& base) {
    return base.registry() != "docker.io";
}

DetailReader::DetailReader(registry::RegistryClient& registry, store::Store& store, model::Reference base)
    : registry_(registry), store_(store), base_(std::move(base)) {}

Async<Result<model::Observation>> DetailReader::observe(model::Digest digest, Time observed_at) {
    auto manifest = co_await registry_.manifest(base_, digest);
    if (!manifest) co_return manifest.error();
    model::Observation observation;
    observation.digest = digest;
    observation.media_type = manifest->media_type;
    observation.observed_at = observed_at;
    observation.detailed = true;
    for (const auto& entry : manifest->entries)
        observation.platforms.emplace(entry.platform, entry.manifest.digest);
    if (!manifest->index && manifest->image) {
        // Only the configuration says which platform a single manifest is for.
        auto content = co_await registry_.content(base_, *manifest);
        if (!content) co_return content.error();
        observation.platforms.emplace(content->platform, digest);
        images_.insert_or_assign(digest, std::move(*content));
        learnt_.push_back(digest);
    }
    co_return observation;
}

Async<Result<void>> DetailReader::recall(std::vector<model::Digest> manifests) {
    std::erase_if(manifests, [this](const model::Digest& digest) { return images_.contains(digest); });
    if (manifests.empty()) co_return Result<void>();
    auto known = co_await store_.images(std::move(manifests));
    if (!known) co_return known.error();
    for (auto& [digest, content] : *known) images_.emplace(digest, std::move(content));
    co_return Result<void>();
}

Async<Result<void>> DetailReader::read_image(model::Digest digest) {
    if (images_.contains(digest)) co_return Result<void>();
    auto manifest = co_await registry_.manifest(base_, digest);
    if (!manifest) co_return manifest.error();
    if (manifest->index || !manifest->image) co_return Result<void>();
    auto content = co_await registry_.content(base_, *manifest);
    if (!content) co_return content.error();
    images_.emplace(digest, std::move(*content));
    learnt_.push_back(digest);
    co_return Result<void>();
}

std::vector<std::pair<model::Digest, model::ImageContent>> DetailReader::learnt() const {
    std::vector<std::pair<model::Digest, model::ImageContent>> found;
    for (const auto& digest : learnt_) found.emplace_back(digest, images_.at(digest));
    return found;
}

}  // namespace basewatch::watch
