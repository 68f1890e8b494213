#include "support/blocking_http.hpp"

#include "foundation/clock.hpp"
#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "net/unix_dialer.hpp"
#include "support/run_async.hpp"

#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace basewatch::test {

namespace {

Result<net::HttpResponse> perform(asio::io_context& loop, Clock& clock, net::Dialer& dialer,
                                  net::HttpRequest request) {
    net::HttpClient client(loop.get_executor(), clock, dialer);
    auto limit = std::chrono::ceil<std::chrono::seconds>(request.timeout) + std::chrono::seconds(5);
    return run_async(loop, client.send(std::move(request)), limit);
}

net::HttpRequest request_of(const std::string& method, const std::string& url, const net::Headers& headers,
                            const std::string& body) {
    net::HttpRequest request;
    request.method = method;
    request.url = url_of(url);
    request.headers = headers;
    request.body = body;
    request.most_body = 64u << 20;
    return request;
}

net::HttpResponse answer_of(Result<net::HttpResponse> result) {
    if (!result) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

}  // namespace

net::Url url_of(const std::string& text) {
    auto url = net::Url::parse(text);
    if (!url) throw std::runtime_error(text + ": " + url.error().message());
    return *url;
}

Result<net::HttpResponse> try_http(net::HttpRequest request) {
    asio::io_context loop(1);
    SystemClock clock(loop.get_executor());
    net::SystemResolver resolver(loop.get_executor(), clock);
    net::SystemDialer dialer(loop.get_executor(), clock, resolver);
    return perform(loop, clock, dialer, std::move(request));
}

net::HttpResponse http(const std::string& method, const std::string& url, const net::Headers& headers,
                       const std::string& body) {
    return answer_of(try_http(request_of(method, url, headers, body)));
}

net::HttpResponse http_over(const std::string& socket, const std::string& method, const std::string& target,
                            const net::Headers& headers, const std::string& body) {
    asio::io_context loop(1);
    SystemClock clock(loop.get_executor());
    net::UnixDialer dialer(loop.get_executor(), socket);
    return answer_of(
        perform(loop, clock, dialer, request_of(method, "http://localhost" + target, headers, body)));
}

}  // namespace basewatch::test
