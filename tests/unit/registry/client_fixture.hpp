#pragma once
// A RegistryClient over no network at all, with hands on its clock.

#include "foundation/task_group.hpp"
#include "registry/registry_client.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace basewatch::registry {

template <class T>
Async<void> store(Async<T> task, std::shared_ptr<std::optional<T>> into) {
    auto value = co_await std::move(task);
    into->emplace(std::move(value));
}

class ClientTest : public ::testing::Test {
protected:
    ~ClientTest() override {
        tasks.cancel();
        clock.settle();
    }

    template <class T>
    std::shared_ptr<std::optional<T>> begin(Async<T> task) {
        auto value = std::make_shared<std::optional<T>>();
        tasks.start("test", store(std::move(task), value));
        clock.settle();
        return value;
    }
    // Runs it to its end, turning the clock as far as it takes.
    template <class T>
    T wait_for(Async<T> task) {
        auto value = begin(std::move(task));
        for (int steps = 0; !*value && steps < 10'000 && clock.next(); ++steps)
            clock.advance(std::chrono::ceil<Milliseconds>(*clock.next() - clock.monotonic()));
        if (!*value) throw std::runtime_error("the coroutine waits for nothing that could come");
        return std::move(**value);
    }

    Result<Pointer> look_up(const std::string& text = "registry.example.com/team/app:1.0") {
        return wait_for(client().look_up(reference(text)));
    }
    static model::Reference reference(const std::string& text) {
        return model::Reference::parse(text).value();
    }
    static model::Digest digest(const std::string& text) { return model::Digest::of(text); }

    RegistryClient& client() {
        if (!client_) {
            client_ = std::make_unique<RegistryClient>(loop.get_executor(), clock, transport, settings,
                                                       std::vector<std::string>());
            serve();
        }
        return *client_;
    }
    void serve() { transport.serve("https://registry.example.com", registry); }

    // The Authorization of the last request to this address; empty for none.
    std::string last_authorization(const std::string& address) const {
        std::string found = "no request";
        for (const auto& request : transport.sent())
            if (request.url.text().find(address) != std::string::npos)
                found = std::string(request.headers.find("Authorization").value_or(""));
        return found;
    }
    HostReport report(const std::string& host = "registry.example.com") {
        for (const auto& one : client().reports())
            if (one.host == host) return one;
        return {};
    }

    asio::io_context loop{1};
    test::ManualClock clock{loop};
    test::FakeTransport transport;
    test::RegistryScript registry;
    std::shared_ptr<settings::RegistriesSettings> settings = std::make_shared<settings::RegistriesSettings>();
    TaskGroup tasks{loop.get_executor()};

private:
    std::unique_ptr<RegistryClient> client_;
};

}  // namespace basewatch::registry
