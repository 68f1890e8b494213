#include "registry/exchange.hpp"

#include "foundation/log.hpp"
#include "foundation/time.hpp"
#include "registry/complaint.hpp"
#include "registry/quota.hpp"

namespace basewatch::registry {

namespace {

constexpr std::size_t most_address = 8192;

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while waiting");
}

Error shut(const Host& host) {
    return Error(host.last_failure, host.name + " failed again and again; it is left alone for some minutes");
}

// Whether the host itself is to blame, whatever it was asked for.
bool host_failed(const Result<net::HttpResponse>& response) {
    if (response) return response->status >= 500 && response->status < 600;
    switch (response.error().kind()) {
        case ErrorKind::name_lookup:
        case ErrorKind::unreachable:
        case ErrorKind::timed_out:
        case ErrorKind::tls:
            return true;
        default:
            return false;
    }
}

// The classes of a metric's label: six, whatever a server says.
std::string status_class(const Result<net::HttpResponse>& response) {
    if (!response || response->status < 100 || response->status > 599) return "none";
    return std::to_string(response->status / 100) + "xx";
}

bool asks_to_wait(const net::HttpResponse& response) {
    return means_rate_limit(response) || (response.status == 503 && response.headers.find("Retry-After"));
}

}  // namespace

std::optional<Error> Exchange::held(const Host& host, bool insists) const {
    auto now = clock_.monotonic();
    auto until = host.pause.until(now);
    if (!until && !insists && host.breaker.open_until(now)) return shut(host);
    if (!until) return std::nullopt;
    auto rest = std::chrono::ceil<Milliseconds>(*until - now);
    auto seconds = std::chrono::ceil<std::chrono::seconds>(rest);
    return Error(ErrorKind::rate_limited, host.name + " asked us to slow down; it is not asked for another " +
                                              format_duration(seconds))
        .with_retry_after(rest);
}

Async<Result<void>> Exchange::turn(std::shared_ptr<Host> host, bool insists) {
    if (auto error = held(*host, insists)) co_return *error;
    auto turn = host->rate.take(clock_.monotonic());
    if (turn > clock_.monotonic()) {
        bool passed = co_await sleep_until(clock_, turn);
        if (!passed) co_return stopped();
        if (auto error = held(*host, insists)) co_return *error;
    }
    co_return Result<void>();
}

Async<Result<net::HttpResponse>> Exchange::send(std::shared_ptr<Host> host, net::HttpRequest request,
                                                bool had_turn, bool insists) {
    if (auto error = held(*host, insists)) co_return *error;
    if (!had_turn) host->rate.charge(clock_.monotonic());
    auto place = co_await host->places.enter();
    bool stop = co_await stop_requested();
    if (!place || stop) co_return stopped();
    if (auto error = held(*host, insists)) co_return *error;
    bool admitted = host->breaker.admit(clock_.monotonic());
    if (!admitted && !insists) co_return shut(*host);
    ++host->counters.requests;
    auto method = request.method;
    auto response = co_await transport_.send(std::move(request));
    ++host->counters.answers[{method, status_class(response)}];
    tell(*host, response, admitted);
    if (response) answered(*host, *response);
    co_return response;
}

void Exchange::tell(Host& host, const Result<net::HttpResponse>& response, bool admitted) {
    if (host_failed(response) && !(response && asks_to_wait(*response))) {
        host.last_failure = response ? ErrorKind::server_error : response.error().kind();
        if (admitted && host.breaker.failed(clock_.monotonic()))
            log::warning("a host fails again and again and is left alone for a while", {{"host", host.name}});
    } else if (!response) {
        if (admitted) host.breaker.abandoned();
    } else if (host.breaker.answered()) {
        log::info("a host answers again", {{"host", host.name}});
    }
}

void Exchange::answered(Host& host, const net::HttpResponse& response) {
    host.warned(response.headers);
    host.budget.heard(response.headers, clock_.monotonic());
    auto now = clock_.monotonic();
    if (!asks_to_wait(response)) {
        if (response.status < 500) host.pause.answered();
        auto quota = quota_in(response.headers, clock_.now());
        auto wait = quota ? quota_wait(*quota) : std::nullopt;
        if (wait) host.pause.hold(now + *wait);
        return;
    }
    // Requests that were under way together are refused together; that is one reason to slow down.
    if (!host.pause.until(now)) host.rate.slow_down(now);
    host.pause.refused(now, asked_wait(response, clock_.now()));
}

net::Headers usual_headers(std::string_view accept) {
    return net::Headers{{"User-Agent", "basewatch/" BASEWATCH_VERSION},
                        {"Accept", std::string(accept)},
                        {"Accept-Encoding", "identity"}};
}

bool redirects(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<net::Url> named_address(const net::Url& from, std::string_view text, std::string_view what) {
    auto wrong = [&](ErrorKind kind, std::string_view why) {
        return Error(kind, from.authority() + " named " + std::string(what) + " " + std::string(why));
    };
    if (text.empty() || text.size() > most_address) return wrong(ErrorKind::bad_answer, "that is no address");
    auto url = from.resolve(text);
    if (!url) return wrong(ErrorKind::bad_answer, "that is no http or https address");
    if (!url->user_information.empty()) return wrong(ErrorKind::blocked, "with a user name in it");
    if (from.secure() && !url->secure()) return wrong(ErrorKind::blocked, "that leaves https for http");
    return *url;
}

Result<net::Url> redirect_target(const net::Url& from, const net::HttpResponse& response) {
    auto location = response.headers.find("Location");
    if (!location)
        return Error(ErrorKind::bad_answer, from.authority() + " redirected without saying where to")
            .with_status(response.status);
    return named_address(from, *location, "a redirect");
}

}  // namespace basewatch::registry
