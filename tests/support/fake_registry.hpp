#pragma once
// A registry on a free loopback port that does what the test says: a RegistryScript with a socket in front.
//
//   FakeRegistry registry(loop);
//   registry.push("library/base", "1.0", image());
//   registry.fail({.method = "HEAD", .times = 1, .status = 503});
//   … look at registry.reference("library/base", "1.0") with registry.settings() …
//   EXPECT_EQ(registry.count("HEAD"), 2);
//
// Runs in the test's own loop; FakeRegistryThread has a loop and a thread of its own, for tests that talk to
// another process.

#include "settings/registry_settings.hpp"
#include "support/registry_script.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace basewatch::test {

class FakeRegistry : public RegistryScript {
public:
    explicit FakeRegistry(asio::io_context& loop);
    // Hangs up on everybody and runs the loop until its coroutines have ended.
    ~FakeRegistry();
    FakeRegistry(const FakeRegistry&) = delete;
    FakeRegistry& operator=(const FakeRegistry&) = delete;

    // As references and settings name it: `127.0.0.1:41234`.
    std::string address() const;
    std::string url() const { return "http://" + address(); }
    std::string reference(const std::string& repository, const std::string& tag) const {
        return address() + "/" + repository + ":" + tag;
    }
    // Settings that know this registry: plain HTTP, and nothing else.
    std::shared_ptr<settings::RegistriesSettings> settings() const;

    // From now on Bearer tokens are needed; the token server is this one, at /token.
    void ask_for_token(TokenRules rules = {});

    // Nobody listens any more, and every connection is closed; and again, on the same port.
    void stop();
    void start();
    std::size_t connections_so_far() const;

private:
    struct Sockets;
    std::unique_ptr<Sockets> sockets_;
};

class FakeRegistryThread {
public:
    FakeRegistryThread();
    ~FakeRegistryThread();

    // Runs `work` on the registry's thread and waits for it.
    void with(const std::function<void(FakeRegistry&)>& work);
    // As FakeRegistry's; may be called from the test's thread.
    const std::string& address() const { return address_; }
    std::string reference(const std::string& repository, const std::string& tag) const {
        return address_ + "/" + repository + ":" + tag;
    }
    model::Digest push(const std::string& repository, const std::string& tag, const Built& built);
    std::size_t count(const std::string& method, const std::string& target = "");
    void fail(const Fault& fault);
    void recover();

private:
    asio::io_context loop_{1};
    std::unique_ptr<FakeRegistry> registry_;
    std::string address_;
    std::thread thread_;
};

}  // namespace basewatch::test
