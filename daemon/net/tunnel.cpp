#include "net/tunnel.hpp"

#include <array>
#include <charconv>

namespace basewatch::net {

namespace {

constexpr std::size_t most_header = 16u << 10;

// `HTTP/1.1 200 …`; 0 where it is none.
int status_of(std::string_view header) {
    if (!header.starts_with("HTTP/1.") || header.size() < 12 || header[8] != ' ') return 0;
    int status = 0;
    auto [end, fault] = std::from_chars(header.data() + 9, header.data() + 12, status);
    return fault == std::errc() && end == header.data() + 12 ? status : 0;
}

}  // namespace

std::string name_of(const Proxy& proxy) {
    std::string host = proxy.host.find(':') == std::string::npos ? proxy.host : "[" + proxy.host + "]";
    return "the proxy " + host + ":" + std::to_string(proxy.port);
}

Error refused_by(const Proxy& proxy, int status) {
    if (status == 407)
        return Error(ErrorKind::unreachable,
                     name_of(proxy) + (proxy.authorization.empty() ? " wants a user and a password (407)"
                                                                   : " refused its user and password (407)"));
    return Error(ErrorKind::unreachable,
                 name_of(proxy) + " refused to connect us (" + std::to_string(status) + ")");
}

Async<Result<void>> open_tunnel(ByteStream& stream, const Proxy& proxy, std::string authority) {
    std::string question = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.authorization.empty()) question += "Proxy-Authorization: " + proxy.authorization + "\r\n";
    question += "\r\n";
    auto written = co_await stream.write(question);
    if (!written) co_return written.error().while_doing(name_of(proxy));
    std::string header;
    std::array<char, 1024> bytes{};
    auto end = header.npos;
    while (end == header.npos) {
        if (header.size() > most_header)
            co_return Error(ErrorKind::bad_answer, name_of(proxy) + " answers without an end");
        auto count = co_await stream.read_some(bytes);
        if (!count) co_return count.error().while_doing(name_of(proxy));
        if (*count == 0) co_return Error(ErrorKind::unreachable, name_of(proxy) + " closed the connection");
        header.append(bytes.data(), *count);
        end = header.find("\r\n\r\n");
    }
    int status = status_of(header);
    if (status == 0) co_return Error(ErrorKind::bad_answer, name_of(proxy) + " does not speak HTTP");
    if (status < 200 || status > 299) co_return refused_by(proxy, status);
    // The other side of the tunnel waits for us to begin TLS: what comes before is not its word.
    if (end + 4 != header.size())
        co_return Error(ErrorKind::bad_answer, name_of(proxy) + " speaks where the registry should");
    co_return Result<void>();
}

}  // namespace basewatch::net
