#pragma once
// Which proxy a connection goes through, as the environment says it: HTTP_PROXY, HTTPS_PROXY and NO_PROXY
// with the meaning that Go's programs gave them (golang.org/x/net/http/httpproxy), which is what users of
// registries expect. This machine itself is never reached through one.

#include "foundation/error.hpp"
#include "net/http_message.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch::net {

// `http://user:password@host:port`, `host:port`, or `https://…` for a proxy that is itself spoken to by TLS.
// invalid; unsupported for proxies of other kinds (socks5). The message does not repeat the address; a
// password in it is registered as a secret.
Result<Proxy> parse_proxy(std::string_view text);

class EnvironmentProxies {
public:
    using Variable = std::function<std::optional<std::string>(const char* name)>;

    EnvironmentProxies() = default;  // none
    // Upper-case names before lower-case ones. Under CGI (REQUEST_METHOD is set) HTTP_PROXY is a header of
    // whoever asks, and refused.
    explicit EnvironmentProxies(const Variable& variable);
    static EnvironmentProxies of_process();

    // Null: none. An Error where the variable that decides cannot be used: going around a proxy that the
    // user wants would be worse than not going.
    Result<std::shared_ptr<const Proxy>> choose(bool tls, const std::string& host, std::uint16_t port) const;

private:
    using Choice = Result<std::shared_ptr<const Proxy>>;
    Choice plain_{std::shared_ptr<const Proxy>()}, secure_{std::shared_ptr<const Proxy>()};
    std::string exceptions_;
};

// Whether NO_PROXY's list, `exceptions`, or the nature of the host lets a proxy be used for it.
bool proxied(std::string_view exceptions, std::string_view host, std::uint16_t port);

}  // namespace basewatch::net
