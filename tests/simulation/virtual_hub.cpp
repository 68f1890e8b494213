#include "simulation/virtual_hub.hpp"

#include "foundation/json.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace basewatch::test {

HubLimits read_hub_limits(const std::string& path) {
    auto document = parse_json(read_file(path));
    if (!document) throw std::runtime_error(path + ": " + document.error().message());
    auto number = [&](std::string_view name) {
        auto value = integer_member(*document, name);
        if (!value || *value <= 0) throw std::runtime_error(path + " has no " + std::string(name));
        return *value;
    };
    HubLimits limits;
    limits.pulls = number("pulls");
    limits.pulls_window = std::chrono::seconds(number("pulls_window_seconds"));
    limits.requests = number("requests");
    limits.requests_window = std::chrono::seconds(number("requests_window_seconds"));
    limits.token_seconds = static_cast<int>(number("token_seconds"));
    return limits;
}

VirtualHub::VirtualHub(const Clock& clock, const HubLimits& limits) : clock_(clock), limits_(limits) {
    TokenRules rules;
    rules.realm = "https://auth.docker.io/token";
    rules.service = "registry.docker.io";
    rules.expires_in = limits.token_seconds;
    content_.ask_for_token(rules);
    content_.take_conditions(RegistryScript::Conditions::honoured);
}

std::int64_t VirtualHub::left(Monotonic now) {
    while (!pulls_.empty() && pulls_.front() + limits_.pulls_window <= now) pulls_.pop_front();
    return limits_.pulls - static_cast<std::int64_t>(pulls_.size());
}

bool VirtualHub::pull(Monotonic now) {
    if (left(now) <= 0) return false;
    pulls_.push_back(now);
    return true;
}

void VirtualHub::owner_pulls() {
    for (int i = 0; i < 2; ++i) {
        bool served = pull(clock_.monotonic());
        if (!served) ++seen_.refused, ++seen_.owner_refused;
    }
}

bool VirtualHub::request(Monotonic now) {
    while (!requests_.empty() && requests_.front() + limits_.requests_window <= now) requests_.pop_front();
    requests_.push_back(now);
    auto count = static_cast<std::int64_t>(requests_.size());
    seen_.most_requests = std::max(seen_.most_requests, count);
    return count <= limits_.requests;
}

net::HttpResponse VirtualHub::answer(const net::HttpRequest& asked) {
    auto now = clock_.monotonic();
    net::HttpResponse response;
    if (!request(now)) {
        ++seen_.refused;
        response.status = 429;
        response.body = "429 Too Many Requests";
        return response;
    }
    bool manifest = asked.url.target.find("/manifests/") != std::string::npos;
    auto made = content_.answer({asked.method, asked.url.target, asked.headers, asked.body});
    content_.forget_requests();
    if (manifest && asked.method == "GET" && made.status == 200) {
        bool served = pull(now);
        if (!served) {
            ++seen_.refused;
            response.status = 429;
            response.body = R"({"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull )"
                            R"(rate limit. https://www.docker.com/increase-rate-limit"}]})";
            return response;
        }
        ++seen_.pulls;
        own_pulls_.push_back(now);
        while (own_pulls_.front() + limits_.pulls_window <= now) own_pulls_.pop_front();
        seen_.most_pulled = std::max(seen_.most_pulled, static_cast<std::int64_t>(own_pulls_.size()));
    }
    if (manifest && asked.method == "HEAD" && made.status != 401) ++seen_.heads;
    if (asked.url.target.starts_with("/token")) ++seen_.tokens;
    if (manifest && made.status != 401) {
        auto window = ";w=" + std::to_string(limits_.pulls_window.count());
        made.headers.set("RateLimit-Limit", std::to_string(limits_.pulls) + window);
        made.headers.set("RateLimit-Remaining", std::to_string(left(now)) + window);
        made.headers.set("Docker-RateLimit-Source", "203.0.113.7");
    }
    response.status = made.status;
    response.headers = std::move(made.headers);
    response.body = std::move(made.body);
    return response;
}

Async<Result<net::HttpResponse>> VirtualHub::send(net::HttpRequest request) {
    bool hub = request.url.host == "registry-1.docker.io" || request.url.host == "auth.docker.io";
    if (!hub) co_return Error(ErrorKind::unreachable, request.url.authority() + " is not there");
    co_return answer(request);
}

}  // namespace basewatch::test
