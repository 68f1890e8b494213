#include "registry/documents.hpp"

#include "registry/look_up.hpp"
#include "registry/manifests.hpp"

namespace basewatch::registry {

namespace {

Error bad(const Host& host, std::string why) {
    return Error(ErrorKind::bad_answer, host.name + ": " + std::move(why)).with_status(200);
}

Question for_blob(const Side& side, const model::Digest& digest) {
    Question question;
    question.url = side.address("blobs", digest.text());
    question.repository = side.repository;
    question.most_body = most_document;
    return question;
}

}  // namespace

Async<Result<Manifest>> Documents::manifest(Side side, model::Digest digest) {
    const auto& host = side.host;
    Question question;
    question.url = side.address("manifests", digest.text());
    question.repository = side.repository;
    question.accept = manifest_types;
    question.most_body = most_document;
    if (!side.is_mirror()) host->pulls(clock_.monotonic());
    auto answer = co_await access_.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    const auto& response = answer->response;
    if (response.status != 200) co_return refusal_of(*host, *answer, "", clock_);
    auto untouched = whole(*host, response);
    if (!untouched) co_return untouched.error();
    if (!digest.matches(response.body))
        co_return bad(*host, "what it sent for " + digest.short_text() + " hashes to something else");
    auto read = parse_manifest(response.headers.find("Content-Type").value_or(""), response.body, digest);
    if (!read) co_return read.error().while_doing(host->name);
    co_return read;
}

Async<Result<model::ImageContent>> Documents::content(Side side, Manifest manifest) {
    if (manifest.index)
        co_return Error(ErrorKind::unsupported, "an index has no configuration; one of its images has");
    if (!manifest.image)
        co_return Error(ErrorKind::unsupported, "no image: an artifact of another kind has no configuration");
    const auto& host = side.host;
    if (manifest.config.size > static_cast<std::int64_t>(most_document))
        co_return Error(ErrorKind::too_large, host->name + ": the image configuration is larger than 8 MiB");
    auto answer = co_await access_.ask(host, for_blob(side, manifest.config.digest));
    if (!answer) co_return answer.error();
    const auto& response = answer->response;
    if (response.status != 200) co_return refusal_of(*host, *answer, "", clock_);
    auto untouched = whole(*host, response);
    if (!untouched) co_return untouched.error();
    if (static_cast<std::int64_t>(response.body.size()) != manifest.config.size)
        co_return bad(*host, "the image configuration has another size than the manifest says");
    if (!manifest.config.digest.matches(response.body))
        co_return bad(*host, "the image configuration hashes to something else than the manifest says");
    auto read = parse_image_configuration(response.body);
    if (!read) co_return read.error().while_doing(host->name);
    co_return read;
}

// One HEAD of the first layer proves that we may read it and brings the authorization that goes with it. A
// redirect to a store is good as it is: whoever follows it gets an address that is fresh then.
Async<Result<std::vector<LayerAccess>>> Documents::layer_access(Side side, std::vector<Descriptor> layers) {
    std::erase_if(layers, [](const Descriptor& layer) { return !layer.urls.empty(); });
    std::vector<LayerAccess> made;
    if (layers.empty()) co_return made;
    const auto& host = side.host;
    auto question = for_blob(side, layers.front().digest);
    question.method = "HEAD";
    question.follow = false;
    question.long_token = true;
    auto answer = co_await access_.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    int status = answer->response.status;
    if (status != 200 && status != 405 && !redirects(status))
        co_return refusal_of(*host, *answer, "", clock_);
    net::Headers headers;
    if (!answer->authorization.empty()) headers.add("Authorization", answer->authorization);
    for (const auto& layer : layers) {
        auto url = side.address("blobs", layer.digest.text());
        made.push_back(LayerAccess{layer.digest, url.text(), headers});
    }
    co_return made;
}

}  // namespace basewatch::registry
