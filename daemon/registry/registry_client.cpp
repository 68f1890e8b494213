#include "registry/registry_client.hpp"

#include "registry/look_up.hpp"
#include "registry/manifests.hpp"
#include "registry/tag_list.hpp"
#include "settings/settings.hpp"

#include <algorithm>

namespace basewatch::registry {

std::vector<std::string> environment_of_process() {
    std::vector<std::string> all;
    for (const auto& [name, value] : settings::Environment::of_process().variables)
        all.emplace_back(name).append("=").append(value);
    return all;
}

struct RegistryClient::State {
    State(asio::any_io_executor executor, Clock& clock, net::HttpTransport& transport,
          const std::shared_ptr<const settings::RegistriesSettings>& settings,
          std::vector<std::string> environment)
        : clock(clock),
          hosts(settings),
          credentials(executor, clock, settings, std::move(environment)),
          exchange(clock, transport),
          access(std::move(executor), exchange, hosts, credentials),
          pointers(clock, hosts, access),
          tag_lists(clock, hosts, access) {}

    Async<Result<Manifest>> manifest(model::Reference repository, model::Digest digest);
    Async<Result<model::ImageContent>> content(model::Reference repository, Manifest manifest);
    Async<Result<std::vector<LayerAccess>>> layer_access(model::Reference repository,
                                                         std::vector<Descriptor> layers);

    template <class T>
    void count(const std::string& registry, const Result<T>& result) {
        if (!result && result.error().kind() != ErrorKind::cancelled)
            ++hosts.named(registry)->counters.failures;
    }

    Clock& clock;
    Hosts hosts;
    Credentials credentials;
    Exchange exchange;
    Access access;
    LookUp pointers;
    TagLists tag_lists;
};

namespace {

Error bad(const Host& host, std::string why) {
    return Error(ErrorKind::bad_answer, host.name + ": " + std::move(why)).with_status(200);
}

Question for_blob(const Host& host, const model::Reference& repository, const model::Digest& digest) {
    Question question;
    question.url = host.address(repository.repository(), "blobs", digest.text());
    question.repository = repository.repository();
    question.most_body = most_document;
    return question;
}

}  // namespace

Async<Result<Manifest>> RegistryClient::State::manifest(model::Reference repository, model::Digest digest) {
    auto host = hosts.named(repository.registry());
    Question question;
    question.url = host->address(repository.repository(), "manifests", digest.text());
    question.repository = repository.repository();
    question.accept = manifest_types;
    question.most_body = most_document;
    host->pulls(clock.monotonic());
    auto answer = co_await access.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    const auto& response = answer->response;
    if (response.status != 200) co_return refusal_of(*host, *answer, "", clock);
    auto untouched = whole(*host, response);
    if (!untouched) co_return untouched.error();
    if (!digest.matches(response.body))
        co_return bad(*host, "what it sent for " + digest.short_text() + " hashes to something else");
    auto read = parse_manifest(response.headers.find("Content-Type").value_or(""), response.body, digest);
    if (!read) co_return read.error().while_doing(host->name);
    co_return read;
}

Async<Result<model::ImageContent>> RegistryClient::State::content(model::Reference repository,
                                                                  Manifest manifest) {
    if (manifest.index)
        co_return Error(ErrorKind::unsupported, "an index has no configuration; one of its images has");
    if (!manifest.image)
        co_return Error(ErrorKind::unsupported, "no image: an artifact of another kind has no configuration");
    auto host = hosts.named(repository.registry());
    if (manifest.config.size > static_cast<std::int64_t>(most_document))
        co_return Error(ErrorKind::too_large, host->name + ": the image configuration is larger than 8 MiB");
    auto answer = co_await access.ask(host, for_blob(*host, repository, manifest.config.digest));
    if (!answer) co_return answer.error();
    const auto& response = answer->response;
    if (response.status != 200) co_return refusal_of(*host, *answer, "", clock);
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
Async<Result<std::vector<LayerAccess>>> RegistryClient::State::layer_access(model::Reference repository,
                                                                            std::vector<Descriptor> layers) {
    std::erase_if(layers, [](const Descriptor& layer) { return !layer.urls.empty(); });
    std::vector<LayerAccess> made;
    if (layers.empty()) co_return made;
    auto host = hosts.named(repository.registry());
    auto question = for_blob(*host, repository, layers.front().digest);
    question.method = "HEAD";
    question.follow = false;
    question.long_token = true;
    auto answer = co_await access.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    int status = answer->response.status;
    if (status != 200 && status != 405 && !redirects(status)) co_return refusal_of(*host, *answer, "", clock);
    net::Headers headers;
    if (!answer->authorization.empty()) headers.add("Authorization", answer->authorization);
    for (const auto& layer : layers) {
        auto url = host->address(repository.repository(), "blobs", layer.digest.text());
        made.push_back(LayerAccess{layer.digest, url.text(), headers});
    }
    co_return made;
}

RegistryClient::RegistryClient(asio::any_io_executor executor, Clock& clock, net::HttpTransport& transport,
                               std::shared_ptr<const settings::RegistriesSettings> settings,
                               std::vector<std::string> environment)
    : state_(
          std::make_unique<State>(std::move(executor), clock, transport, settings, std::move(environment))) {}

RegistryClient::~RegistryClient() = default;

void RegistryClient::replace_settings(std::shared_ptr<const settings::RegistriesSettings> settings) {
    state_->hosts.replace(settings);
    state_->credentials.replace(std::move(settings));
    state_->access.review();
}

Async<Result<Pointer>> RegistryClient::look_up(model::Reference reference, LastAnswer last) {
    auto result = co_await state_->pointers.look_up(reference, std::move(last));
    state_->count(reference.registry(), result);
    co_return result;
}

Async<Result<Manifest>> RegistryClient::manifest(model::Reference repository, model::Digest digest) {
    auto result = co_await state_->manifest(repository, std::move(digest));
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<model::ImageContent>> RegistryClient::content(model::Reference repository, Manifest manifest) {
    auto result = co_await state_->content(repository, std::move(manifest));
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<TagList>> RegistryClient::tags(model::Reference repository) {
    auto result = co_await state_->tag_lists.list(repository);
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<std::vector<LayerAccess>>> RegistryClient::layer_access(model::Reference repository,
                                                                     std::vector<Descriptor> layers) {
    auto result = co_await state_->layer_access(repository, std::move(layers));
    state_->count(repository.registry(), result);
    co_return result;
}

Monotonic RegistryClient::next_turn(const std::string& registry) const {
    auto now = state_->clock.monotonic();
    auto host = state_->hosts.find(registry);
    if (!host) return now;
    return std::max(host->rate.next(now), host->pause.until(now).value_or(now));
}

std::optional<Monotonic> RegistryClient::paused_until(const std::string& registry) const {
    auto host = state_->hosts.find(registry);
    return host ? host->pause.until(state_->clock.monotonic()) : std::nullopt;
}

PullBudget::Claim RegistryClient::claim_pulls(const std::string& registry, PullNeed need,
                                              std::int64_t count) {
    return state_->hosts.named(registry)->budget.claim(need, count, state_->clock.monotonic());
}

std::vector<HostReport> RegistryClient::reports() const {
    std::vector<HostReport> reports;
    auto now = state_->clock.monotonic();
    for (const auto& [name, host] : state_->hosts.all()) {
        const auto& counted = host->counters;
        HostReport report;
        report.host = name;
        report.requests = counted.requests;
        report.pulls = counted.pulls;
        report.tokens = counted.tokens;
        report.failures = counted.failures;
        report.pulls_limit = host->budget.limit();
        report.pulls_remaining = host->budget.remaining(now);
        report.rate_per_second = host->rate.per_second(now);
        report.state = host->breaker.open_until(now) ? "not answering"
                       : host->pause.until(now)      ? "paused"
                                                     : "ready";
        reports.push_back(std::move(report));
    }
    return reports;
}

}  // namespace basewatch::registry
