#include "registry/registry_client.hpp"

#include "registry/bulk.hpp"
#include "registry/documents.hpp"
#include "registry/look_due.hpp"
#include "registry/memory.hpp"
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
          epoch(clock),
          hosts(settings),
          exchange(clock, transport),
          credentials(executor, exchange, hosts, settings, std::move(environment)),
          access(executor, exchange, hosts, credentials),
          pointers(clock, access),
          mirrors(clock, hosts, pointers),
          documents(clock, access),
          tag_lists(clock, access),
          bulk(std::move(executor), exchange, hosts, access) {}

    Async<Result<Pointer>> look_up(model::Reference reference, LastAnswer last, bool insists);

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
    Epoch epoch;
    std::map<std::string, model::HostMemory> kept;  // as it is in the state
    Hosts hosts;
    Exchange exchange;
    Credentials credentials;
    Access access;
    LookUp pointers;
    Mirrors mirrors;
    Documents documents;
    TagLists tag_lists;
    Bulk bulk;
};

// Its own list first, where that spares HEADs; it only ever says that nothing moved.
Async<Result<Pointer>> RegistryClient::State::look_up(model::Reference reference, LastAnswer last,
                                                      bool insists) {
    auto host = hosts.named(reference.registry());
    std::optional<model::Digest> listed;
    if (!last.digest.empty() && host->mirrors.empty()) listed = co_await bulk.glance(reference);
    bool full = look_due(reference.text(), second_opinion_every, last.at, clock.now());
    if (listed && *listed == last.digest && !full) {
        ++host->counters.listed;
        co_return Pointer{last.digest, "", false};
    }
    auto pointer = co_await mirrors.look_up(reference, std::move(last), insists);
    if (listed && pointer) bulk.judge(reference, *listed, pointer->digest);
    co_return pointer;
}

void RegistryClient::expect_tags(std::map<std::string, std::size_t> tags) {
    state_->bulk.expect(std::move(tags));
}

void RegistryClient::expect_tags(const std::string& repository, std::size_t tags) {
    state_->bulk.expect(repository, tags);
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
    state_->mirrors.review();
    state_->bulk.review();
}

Async<Result<bool>> RegistryClient::is_gone(model::Reference tag) {
    auto home = state_->mirrors.home(tag);
    if (home.is_mirror())
        co_return Error(ErrorKind::unreachable,
                        "only a mirror can be asked, and what it does not have need not be gone");
    co_return co_await state_->pointers.is_gone(home, std::move(tag));
}

Async<Result<Pointer>> RegistryClient::look_up(model::Reference reference, LastAnswer last, bool insists) {
    auto result = co_await state_->look_up(reference, std::move(last), insists);
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

double RegistryClient::checks_per_second(const std::string& registry) {
    auto now = state_->clock.monotonic();
    auto host = state_->hosts.named(registry);
    double rate = host->rate.per_second(now);
    auto pulls = host->budget.per_second();
    return pulls && host->learned.get_only(now) ? std::min(rate, *pulls) : rate;
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
        report.listed = counted.listed;
        report.pulls_limit = host->budget.limit();
        report.pulls_remaining = host->budget.remaining(now);
        report.pulls_unlimited = host->budget.unlimited();
        report.pulls_window = host->budget.window();
        report.pulls_source = host->budget.source();
        report.rate_per_second = host->rate.per_second(now);
        report.rate_configured = host->rate.configured();
        auto shut = host->breaker.open_until(now), paused = host->pause.until(now);
        report.state = shut ? "not answering" : paused ? "paused" : "ready";
        if (shut || paused) report.state_until = state_->epoch.wall(shut ? *shut : *paused);
        report.learned = memory_of(*host, state_->epoch, now).facts;
        report.answers = counted.answers;
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

void RegistryClient::remember(const std::vector<model::HostMemory>& memories) {
    auto now = state_->clock.monotonic();
    for (const auto& memory : memories) {
        state_->kept[memory.host] = memory;
        basewatch::registry::remember(*state_->hosts.named(memory.host), memory, state_->epoch, now);
    }
}

std::vector<model::HostMemory> RegistryClient::unsaved() const {
    std::vector<model::HostMemory> found;
    auto now = state_->clock.monotonic();
    for (const auto& [name, host] : state_->hosts.all()) {
        auto memory = memory_of(*host, state_->epoch, now);
        auto kept = state_->kept.find(name);
        bool known = kept != state_->kept.end();
        bool differs = known ? kept->second != memory : !memory.empty();
        if (differs) found.push_back(std::move(memory));
    }
    return found;
}

void RegistryClient::saved(std::vector<model::HostMemory> memories) {
    for (auto& memory : memories) {
        if (memory.empty())
            state_->kept.erase(memory.host);
        else
            state_->kept[memory.host] = std::move(memory);
    }
}

}  // namespace basewatch::registry
