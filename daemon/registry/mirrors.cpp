#include "registry/mirrors.hpp"

#include "foundation/log.hpp"
#include "registry/look_due.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds first_rest = 1min, longest_rest = 30min;
constexpr Milliseconds first_missing = 1h, longest_missing = 24h;
constexpr auto look_again_after = 1h;
constexpr std::size_t most_remembered = 20'000;

std::string key_of(const std::string& name, const std::string& mirror) {
    return name + "\n" + mirror;
}

Side side_of(Hosts& hosts, const settings::MirrorSettings& mirror, const model::Reference& reference) {
    auto repository =
        mirror.prefix.empty() ? reference.repository() : mirror.prefix + "/" + reference.repository();
    return Side{hosts.named(mirror.host), std::move(repository), reference.registry()};
}

// Nobody answered for the registry: what is known stays known, and nothing is news.
Error unconfirmed(const Pointer& seen, const Error& error) {
    Error made(error.kind(), error.message() + "; its mirror " + seen.mirror + " shows " +
                                 seen.digest.short_text() + ", which counts when the registry says so too");
    return std::move(made).with_status(error.status()).with_retry_after(error.retry_after());
}

}  // namespace

Mirrors::Mirrors(Clock& clock, Hosts& hosts, LookUp& pointers)
    : clock_(clock),
      hosts_(hosts),
      pointers_(pointers),
      failing_(first_rest, longest_rest),
      missing_(first_missing, longest_missing) {}

Async<Result<Pointer>> Mirrors::look_up(model::Reference reference, LastAnswer last, bool insists) {
    auto registry = hosts_.named(reference.registry());
    Side own{registry, reference.repository(), "", insists};
    bool only = registry->mirror_only;
    auto lag = lags_.find(reference.text());
    bool behind = lag != lags_.end() && clock_.monotonic() < lag->second.look_again;
    if (registry->mirrors.empty() || (!only && (last.digest.empty() || behind))) {
        auto word = co_await pointers_.look_up(own, reference, last);
        co_return word;
    }
    auto seen = co_await ask(reference, last);
    if (only || (!seen && seen.error().kind() == ErrorKind::cancelled)) co_return seen;
    bool same = seen && seen->digest == last.digest;
    if (same) caught_up(reference, seen->mirror);
    if (same && !look_due(reference.text(), second_opinion_every, last.at, clock_.now())) co_return seen;
    auto word = co_await pointers_.look_up(own, reference, last);
    if (!seen) co_return word;
    if (word) {
        compare(reference, *seen, word->digest);
        co_return word;
    }
    auto kind = word.error().kind();
    if (kind == ErrorKind::not_found || kind == ErrorKind::cancelled) co_return word;
    if (same) co_return seen;
    co_return unconfirmed(*seen, word.error());
}

// The first mirror that answers; else what the last one failed of.
Async<Result<Pointer>> Mirrors::ask(model::Reference reference, LastAnswer last) {
    auto mirrors = hosts_.named(reference.registry())->mirrors;
    Error error(ErrorKind::unreachable, "no mirror of " + reference.registry() + " is configured");
    for (const auto& mirror : mirrors) {
        auto now = clock_.monotonic();
        auto refused = failing_.refusal(key_of(reference.registry(), mirror.host), now);
        if (!refused) refused = missing_.refusal(key_of(reference.text(), mirror.host), now);
        if (refused) {
            error = *refused;
            continue;
        }
        auto side = side_of(hosts_, mirror, reference);
        auto seen = co_await pointers_.look_up(side, reference, last);
        if (seen) {
            failing_.pardon(key_of(reference.registry(), mirror.host));
            missing_.pardon(key_of(reference.text(), mirror.host));
            seen->mirror = mirror.host;
            co_return seen;
        }
        if (seen.error().kind() == ErrorKind::cancelled) co_return seen;
        if (seen.error().kind() == ErrorKind::not_found) {
            error =
                Error(ErrorKind::unreachable,
                      "the mirror " + mirror.host + " does not have it, which does not mean that it is gone")
                    .with_status(404);
            if (missing_.size() >= most_remembered) missing_.clear();
            missing_.refuse(key_of(reference.text(), mirror.host), error, clock_.monotonic());
            continue;
        }
        error = seen.error();
        failed(side, error);
    }
    co_return error;
}

std::vector<Side> Mirrors::sides(const model::Reference& repository) {
    auto registry = hosts_.named(repository.registry());
    std::vector<Side> sides;
    for (const auto& mirror : registry->mirrors)
        if (!failing_.refusal(key_of(registry->name, mirror.host), clock_.monotonic()))
            sides.push_back(side_of(hosts_, mirror, repository));
    if (!registry->mirror_only || sides.empty()) sides.push_back(home(repository));
    return sides;
}

Side Mirrors::home(const model::Reference& repository) {
    auto registry = hosts_.named(repository.registry());
    if (registry->mirror_only) return side_of(hosts_, registry->mirrors.front(), repository);
    return Side{registry, repository.repository()};
}

void Mirrors::failed(const Side& side, const Error& error) {
    bool its_own = error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::unsupported &&
                   error.kind() != ErrorKind::cancelled;
    if (!side.is_mirror() || !its_own) return;
    auto key = key_of(side.ns, side.host->name);
    if (failing_.refusal(key, clock_.monotonic())) return;  // others that were under way together
    failing_.refuse(key, error, clock_.monotonic());
    log::warning("a mirror fails and is left alone for a while; its registry is asked instead",
                 {{"registry", side.ns}, {"mirror", side.host->name}, {"error", error.message()}});
}

bool Mirrors::usable(const std::string& registry) const {
    auto host = hosts_.find(registry);
    return host && std::ranges::any_of(host->mirrors, [&](const auto& mirror) {
               return !failing_.refusal(key_of(registry, mirror.host), clock_.monotonic());
           });
}

void Mirrors::caught_up(const model::Reference& reference, const std::string& mirror) {
    auto lag = lags_.find(reference.text());
    if (lag == lags_.end()) return;
    lags_.erase(lag);
    if (behind(reference.registry(), mirror) == 0)
        log::info("a mirror has caught up", {{"registry", reference.registry()}, {"mirror", mirror}});
}

void Mirrors::compare(const model::Reference& reference, const Pointer& seen, const model::Digest& word) {
    if (seen.digest == word) return caught_up(reference, seen.mirror);
    auto lag = lags_.find(reference.text());
    if (lag == lags_.end()) {
        if (lags_.size() >= most_remembered) return;
        if (behind(reference.registry(), seen.mirror) == 0)
            log::warning("a mirror is behind its registry", {{"registry", reference.registry()},
                                                             {"mirror", seen.mirror},
                                                             {"base", reference.text()},
                                                             {"mirror_shows", seen.digest.short_text()},
                                                             {"registry_says", word.short_text()}});
        lag = lags_.emplace(reference.text(), Lag{{"", {}, clock_.now()}, reference.registry(), {}}).first;
    }
    lag->second.told.mirror = seen.mirror;
    lag->second.told.shows = seen.digest;
    lag->second.look_again = clock_.monotonic() + look_again_after;
}

std::size_t Mirrors::behind(const std::string& registry, const std::string& mirror) const {
    return static_cast<std::size_t>(std::ranges::count_if(lags_, [&](const auto& entry) {
        return entry.second.registry == registry && entry.second.told.mirror == mirror;
    }));
}

std::optional<MirrorLag> Mirrors::lag(const model::Reference& reference) const {
    auto found = lags_.find(reference.text());
    return found == lags_.end() ? std::nullopt : std::optional(found->second.told);
}

std::vector<MirrorReport> Mirrors::reports() const {
    std::vector<MirrorReport> reports;
    for (const auto& [name, host] : hosts_.all()) {
        for (const auto& mirror : host->mirrors) {
            MirrorReport report{name, mirror.host};
            if (auto refused = failing_.refusal(key_of(name, mirror.host), clock_.monotonic()))
                report.error = refused->message();
            for (const auto& [reference, lag] : lags_) {
                if (lag.registry != name || lag.told.mirror != mirror.host) continue;
                ++report.behind;
                if (report.behind == 1 || lag.told.since < report.behind_since)
                    report.behind_since = lag.told.since;
            }
            reports.push_back(std::move(report));
        }
    }
    return reports;
}

void Mirrors::review() {
    failing_.clear();
    missing_.clear();
    std::erase_if(lags_, [this](const auto& entry) {
        auto host = hosts_.find(entry.second.registry);
        return !host || std::ranges::none_of(host->mirrors, [&](const auto& mirror) {
            return mirror.host == entry.second.told.mirror;
        });
    });
}

}  // namespace basewatch::registry
