#pragma once
// A RegistryClient with the real HTTP client, for servers on loopback. Its own clock is turned by hand, so
// that a pause of an hour is over at once; sockets keep the machine's time.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "support/manual_clock.hpp"
#include "support/run_async.hpp"

#include <string>

namespace basewatch::test {

struct LoopbackClient {
    static model::Reference reference(const std::string& text) {
        return model::Reference::parse(text).value();
    }
    Result<registry::Pointer> look_up(const std::string& text, const model::Digest& last = {}) {
        return run_async(loop, client.look_up(reference(text), {last, clock.now()}));
    }
    Result<registry::Manifest> manifest(const std::string& text, const model::Digest& digest) {
        return run_async(loop, client.manifest(reference(text), digest));
    }
    Result<model::ImageContent> content(const std::string& text, registry::Manifest of) {
        return run_async(loop, client.content(reference(text), std::move(of)));
    }
    std::uint64_t requests(const std::string& host) const {
        for (const auto& report : client.reports())
            if (report.host == host) return report.requests;
        return 0;
    }

    net::EnvironmentProxies environment{};
    asio::io_context loop{1};
    ManualClock clock{loop};
    SystemClock system{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), system};
    net::SystemDialer dialer{loop.get_executor(), system, resolver, environment};
    net::HttpClient transport{loop.get_executor(), system, dialer};
    // May be filled until a host is first asked.
    std::shared_ptr<settings::RegistriesSettings> settings = std::make_shared<settings::RegistriesSettings>();
    registry::RegistryClient client{loop.get_executor(), clock, transport, settings};
};

}  // namespace basewatch::test
