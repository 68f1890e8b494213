#include "registry/registry_client.hpp"

#include "registry/documents.hpp"
#include "registry/mirrors.hpp"
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
          exchange(clock, transport),
          credentials(executor, exchange, hosts, settings, std::move(environment)),
          access(std::move(executor), exchange, hosts, credentials),
          pointers(clock, access),
          mirrors(clock, hosts, pointers),
          documents(clock, access),
          tag_lists(clock, access) {}

    // What `read` reads of the nearest side that has it.
    template <class T, class Read>
    Async<Result<T>> nearest(model::Reference repository, Read read) {
        Result<T> result = Error();
        for (const auto& side : mirrors.sides(repository)) {
            result = co_await read(side);
            if (result || result.error().kind() == ErrorKind::cancelled) break;
            mirrors.failed(side, result.error());
        }
        co_return result;
    }

    template <class T>
    void count(const std::string& registry, const Result<T>& result) {
        if (!result && result.error().kind() != ErrorKind::cancelled)
            ++hosts.named(registry)->counters.failures;
    }

    Clock& clock;
    Hosts hosts;
    Exchange exchange;
    Credentials credentials;
    Access access;
    LookUp pointers;
    Mirrors mirrors;
    Documents documents;
    TagLists tag_lists;
};

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
    state_->mirrors.review();
}

Async<Result<bool>> RegistryClient::is_gone(model::Reference tag) {
    auto home = state_->mirrors.home(tag);
    if (home.is_mirror())
        co_return Error(ErrorKind::unreachable,
                        "only a mirror can be asked, and what it does not have need not be gone");
    co_return co_await state_->pointers.is_gone(home, std::move(tag));
}

Async<Result<Pointer>> RegistryClient::look_up(model::Reference reference, LastAnswer last) {
    auto result = co_await state_->mirrors.look_up(reference, std::move(last));
    state_->count(reference.registry(), result);
    co_return result;
}

Async<Result<Manifest>> RegistryClient::manifest(model::Reference repository, model::Digest digest) {
    auto& documents = state_->documents;
    auto read = [&documents, digest = std::move(digest)](const Side& side) {
        return documents.manifest(side, digest);
    };
    auto result = co_await state_->nearest<Manifest>(repository, std::move(read));
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<model::ImageContent>> RegistryClient::content(model::Reference repository, Manifest manifest) {
    auto& documents = state_->documents;
    auto read = [&documents, manifest = std::move(manifest)](const Side& side) {
        return documents.content(side, manifest);
    };
    auto result = co_await state_->nearest<model::ImageContent>(repository, std::move(read));
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<TagList>> RegistryClient::tags(model::Reference repository) {
    auto result = co_await state_->tag_lists.list(state_->mirrors.home(repository));
    state_->count(repository.registry(), result);
    co_return result;
}

Async<Result<std::vector<LayerAccess>>> RegistryClient::layer_access(model::Reference repository,
                                                                     std::vector<Descriptor> layers) {
    auto result =
        co_await state_->documents.layer_access(state_->mirrors.home(repository), std::move(layers));
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
    if (state_->mirrors.usable(registry)) return std::nullopt;
    auto host = state_->hosts.find(registry);
    return host ? host->pause.until(state_->clock.monotonic()) : std::nullopt;
}

PullBudget::Claim RegistryClient::claim_pulls(const std::string& registry, PullNeed need,
                                              std::int64_t count) {
    // What mirrors give is nobody's budget.
    if (state_->mirrors.usable(registry)) return PullBudget().claim(need, count, state_->clock.monotonic());
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

std::vector<MirrorReport> RegistryClient::mirrors() const {
    return state_->mirrors.reports();
}

std::optional<MirrorLag> RegistryClient::mirror_lag(const model::Reference& reference) const {
    return state_->mirrors.lag(reference);
}

}  // namespace basewatch::registry
