#include "registry/host.hpp"

#include "foundation/log.hpp"
#include "model/reference.hpp"
#include "net/address_guard.hpp"
#include "net/proxies.hpp"
#include "registry/complaint.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <tuple>

namespace basewatch::registry {

namespace {

constexpr double public_rate = 10;
constexpr double local_rate = 100;
constexpr std::size_t most_warning_bytes = 4096;
constexpr std::size_t most_hosts = 2000;

// What Docker Hub gives to anonymous askers in six hours.
constexpr std::int64_t anonymous_pulls = 100;

std::string host_of(const std::string& authority) {
    if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
    return authority.substr(0, authority.find(':'));
}

net::Url base_address(const std::string& name, bool plain_http) {
    std::string host = name == "docker.io" ? "registry-1.docker.io" : name;
    auto parsed = net::Url::parse((plain_http ? "http://" : "https://") + host + "/");
    // A reference's registry is a host by grammar, and settings are checked when they are read.
    return parsed ? *parsed : net::Url{plain_http ? "http" : "https", host, 443, "/", {}};
}

net::ConnectionPolicy reach_of(const settings::RegistrySettings& wanted) {
    net::ConnectionPolicy reach;
    reach.connections = std::max<std::size_t>(wanted.connections.value_or(4), 1);
    reach.ca_file = wanted.ca_file;
    reach.client_certificate_file = wanted.client_certificate_file;
    reach.client_key_file = wanted.client_key_file;
    reach.family = wanted.family == settings::Family::ipv4   ? net::AddressFamily::ipv4
                   : wanted.family == settings::Family::ipv6 ? net::AddressFamily::ipv6
                                                             : net::AddressFamily::any;
    reach.direct = wanted.direct;
    if (wanted.proxy.empty()) return reach;
    // Settings are checked before they are used.
    if (auto proxy = net::parse_proxy(wanted.proxy.reveal()))
        reach.proxy = std::make_shared<const net::Proxy>(std::move(*proxy));
    return reach;
}

// How somebody is reached, as something to sort by.
auto reached(const net::ConnectionPolicy& policy) {
    return std::tie(policy.connections, policy.addresses, policy.family, policy.proxy, policy.direct,
                    policy.ca_file, policy.client_certificate_file, policy.client_key_file);
}

}  // namespace

bool global_address(const std::string& address) {
    boost::system::error_code fault;
    auto parsed = asio::ip::make_address(address, fault);
    if (fault) return false;
    return net::classify(parsed) == net::AddressClass::global;
}

bool local_name(const std::string& authority) {
    std::string host = host_of(authority);
    boost::system::error_code fault;
    asio::ip::make_address(host, fault);
    if (!fault) return !global_address(host);
    return host.find('.') == std::string::npos || host.ends_with(".localhost");
}

Host::Host(std::string name_, const settings::RegistriesSettings& settings)
    : name(std::move(name_)),
      budget(name == "docker.io" ? std::optional<std::int64_t>(anonymous_pulls) : std::nullopt) {
    configure(settings);
}

double usual_rate(const std::string& registry, const settings::RegistriesSettings& settings) {
    auto entry = settings.by_host.find(registry);
    bool known = entry != settings.by_host.end();
    if (known && entry->second.rate && entry->second.rate->per_second > 0)
        return entry->second.rate->per_second;
    return (known && entry->second.plain_http) || local_name(registry) ? local_rate : public_rate;
}

void Host::configure(const settings::RegistriesSettings& settings) {
    auto entry = settings.by_host.find(name);
    configured = entry != settings.by_host.end();
    settings::RegistrySettings wanted = configured ? entry->second : settings::RegistrySettings();
    auto before = base;
    base = base_address(name, wanted.plain_http);
    if (!before.same_origin(base)) {
        learned = Learned();
        answers_from_global_address_.reset();
    }
    local = wanted.plain_http || local_name(name);
    mirrors = wanted.mirrors;
    mirror_only = wanted.mirror_only;
    headers = wanted.headers;
    // Docker Hub's list has a limit and a login of its own, and no promise to stay.
    bulk = wanted.bulk.value_or(name == "docker.io" ? settings::Bulk::never : settings::Bulk::automatic);
    reach = reach_of(wanted);
    timeout = wanted.timeout.value_or(Milliseconds(30'000));
    rate.change(usual_rate(name, settings));
    places.change(reach.connections);
}

net::Url Host::address(const std::string& repository, std::string_view kind, const std::string& which) const {
    net::Url url = base;
    // Nothing to encode: repository, tag and digest are so by grammar, and every client sends the digest's
    // colon as it is.
    url.target = "/v2/" + repository + "/" + std::string(kind) + "/" + which;
    return url;
}

void Host::add_headers(net::HttpRequest& request) const {
    if (!request.url.same_origin(base)) return;
    for (const auto& [name, value] : headers)
        if (!request.headers.find(name)) request.headers.add(name, value.reveal());
}

bool Host::is_public() const {
    return !local && answers_from_global_address_.value_or(true);
}

void Host::answered_from(const std::string& remote) {
    // A name that resolves to a private address is a registry of this network, and may send us to others
    // here.
    auto colon = remote.rfind(':');
    if (colon == std::string::npos) return;
    std::string address = remote.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    answers_from_global_address_ = global_address(address);
}

void Host::pulls(Monotonic now) {
    ++counters.pulls;
    budget.pulled(now);
}

void Host::warned(const net::Headers& headers) {
    for (auto field : headers.all("Warning")) {
        if (!field.starts_with("299 ")) continue;
        auto start = field.find('"'), end = field.rfind('"');
        if (start == std::string_view::npos || end <= start) continue;
        auto text = plain_line(field.substr(start + 1, end - start - 1), 1024);
        if (text.empty() || warning_bytes_ + text.size() > most_warning_bytes) continue;
        if (!warnings_.insert(text).second) continue;
        warning_bytes_ += text.size();
        log::warning("the registry has a word for its users", {{"registry", name}, {"says", text}});
    }
}

Hosts::Hosts(std::shared_ptr<const settings::RegistriesSettings> settings) : settings_(std::move(settings)) {}

void Hosts::replace(std::shared_ptr<const settings::RegistriesSettings> settings) {
    settings_ = std::move(settings);
    for (auto& [name, host] : hosts_) host->configure(*settings_);
    // A CA file may have a new content under the old name, so connections are made anew as well.
    policies_.clear();
}

std::shared_ptr<Host> Hosts::named(const std::string& name) {
    auto& host = hosts_[name];
    if (!host) host = std::make_shared<Host>(name, *settings_);
    return host;
}

std::shared_ptr<Host> Hosts::at(const net::Url& url) {
    std::string name = model::normalised_registry(url.authority());
    // Where a registry sends us is its choice, and must not fill our memory.
    if (hosts_.size() >= most_hosts && !hosts_.contains(name))
        return std::make_shared<Host>(name, *settings_);
    return named(name);
}

std::shared_ptr<const Host> Hosts::find(const std::string& name) const {
    auto found = hosts_.find(name);
    return found == hosts_.end() ? nullptr : found->second;
}

std::shared_ptr<const net::ConnectionPolicy> Hosts::policy(const Host& to) {
    return shared(to.reach);
}

std::shared_ptr<const net::ConnectionPolicy> Hosts::policy(const Host& to, const Host& from) {
    return policy(to, from, from.is_public() ? net::AddressRule::public_only : net::AddressRule::no_metadata);
}

std::shared_ptr<const net::ConnectionPolicy> Hosts::policy(const Host& to, const Host& from,
                                                           net::AddressRule addresses) {
    if (&to == &from || to.configured) return policy(to);
    auto wanted = to.reach;
    wanted.ca_file = from.reach.ca_file;
    wanted.proxy = from.reach.proxy;
    wanted.direct = from.reach.direct;
    wanted.addresses = addresses;
    return shared(wanted);
}

std::shared_ptr<const net::ConnectionPolicy> Hosts::shared(const net::ConnectionPolicy& wanted) {
    auto known = policies_.find(wanted);
    if (known != policies_.end()) return *known;
    return *policies_.insert(std::make_shared<const net::ConnectionPolicy>(wanted)).first;
}

bool Hosts::Before::operator()(const Policy& a, const Policy& b) const {
    return reached(*a) < reached(*b);
}

bool Hosts::Before::operator()(const net::ConnectionPolicy& a, const Policy& b) const {
    return reached(a) < reached(*b);
}

bool Hosts::Before::operator()(const Policy& a, const net::ConnectionPolicy& b) const {
    return reached(*a) < reached(b);
}

}  // namespace basewatch::registry
