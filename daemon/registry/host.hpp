#pragma once
// One host that we ask: a registry, a token server, or where a registry sends us. How it is reached, how
// fast, and what it taught us. Everything learned may be forgotten at any time: it only saves requests.

#include "foundation/breaker.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "net/http_message.hpp"
#include "registry/learned.hpp"
#include "registry/places.hpp"
#include "registry/pull_budget.hpp"
#include "registry/rate_limit.hpp"
#include "settings/registry_settings.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace basewatch::registry {

// Whether the name says that this host is on this machine or network: a loopback or private literal address,
// `localhost`, or a name without a dot.
bool local_name(const std::string& authority);

// Whether a literal address can be reached from everywhere; false as well for what is no address.
bool global_address(const std::string& address);

// How many requests a second a registry is asked at most before it has said anything: as its entry says, else
// 100 on this machine or network and 10 elsewhere.
double usual_rate(const std::string& registry, const settings::RegistriesSettings& settings);

struct Counters {
    std::uint64_t requests = 0, pulls = 0, tokens = 0, failures = 0, listed = 0;
    // By method and class of the status: `2xx`, or `none` where no answer came.
    std::map<std::pair<std::string, std::string>, std::uint64_t> answers;
};

struct Host {
    Host(std::string name, const settings::RegistriesSettings& settings);
    // Takes over new settings; what was learned stays unless the address changed.
    void configure(const settings::RegistriesSettings& settings);

    // The address of `/v2/REPOSITORY/KIND/WHICH`.
    net::Url address(const std::string& repository, std::string_view kind, const std::string& which) const;
    // By its name, and by the address that answered, as far as we know it.
    bool is_public() const;
    void answered_from(const std::string& remote);
    void warned(const net::Headers& headers);
    // Adds the headers that the settings have for this registry, if the request goes to its very origin. What
    // the request has already is not replaced.
    void add_headers(net::HttpRequest& request) const;
    // A manifest is about to be read, which Docker Hub counts.
    void pulls(Monotonic now);

    std::string name;  // as references and settings say it: `docker.io`
    net::Url base;
    bool configured = false;  // has an entry in the settings
    bool local = false;
    std::vector<settings::MirrorSettings> mirrors;
    settings::Bulk bulk = settings::Bulk::automatic;
    bool mirror_only = false;  // it is asked nothing itself
    std::map<std::string, settings::HeaderValue> headers;
    net::ConnectionPolicy reach;  // as the settings want it; its `addresses` is not looked at
    Milliseconds timeout{30'000};
    RateLimit rate{1};
    Pause pause;
    Breaker breaker{Milliseconds(30'000), Milliseconds(300'000)};  // over no connection, no answer, 5xx
    ErrorKind last_failure = ErrorKind::unreachable;               // what the breaker was opened by
    PullBudget budget;
    Places places{4};
    Learned learned;
    Counters counters;

private:
    std::optional<bool> answers_from_global_address_;
    std::set<std::string> warnings_;
    std::size_t warning_bytes_ = 0;
};

// All hosts by name, and the connection policies that requests to them carry.
class Hosts {
public:
    explicit Hosts(std::shared_ptr<const settings::RegistriesSettings> settings);
    void replace(std::shared_ptr<const settings::RegistriesSettings> settings);

    std::shared_ptr<Host> named(const std::string& name);
    std::shared_ptr<Host> at(const net::Url& url);
    std::shared_ptr<const Host> find(const std::string& name) const;
    const std::map<std::string, std::shared_ptr<Host>>& all() const { return hosts_; }

    // For a request to `to` that the user asked for.
    std::shared_ptr<const net::ConnectionPolicy> policy(const Host& to);
    // For a request to `to` because `from` said so. A public registry may not send us to local addresses,
    // nobody may send us to a cloud's metadata; the private CA and the proxy of the one hold for the other
    // unless the settings name that host. Our certificate is shown to nobody but the registry it was
    // configured for.
    std::shared_ptr<const net::ConnectionPolicy> policy(const Host& to, const Host& from);
    // As above, with another rule for the addresses than the one of strangers.
    std::shared_ptr<const net::ConnectionPolicy> policy(const Host& to, const Host& from,
                                                        net::AddressRule addresses);

private:
    std::shared_ptr<const net::ConnectionPolicy> shared(const net::ConnectionPolicy& wanted);

    std::shared_ptr<const settings::RegistriesSettings> settings_;
    std::map<std::string, std::shared_ptr<Host>> hosts_;
    // By what they say: whoever is reached alike shares one.
    struct Before {
        using Policy = std::shared_ptr<const net::ConnectionPolicy>;
        using is_transparent = void;
        bool operator()(const Policy& a, const Policy& b) const;
        bool operator()(const net::ConnectionPolicy& a, const Policy& b) const;
        bool operator()(const Policy& a, const net::ConnectionPolicy& b) const;
    };
    std::set<std::shared_ptr<const net::ConnectionPolicy>, Before> policies_;
};

}  // namespace basewatch::registry
