#pragma once
// A network on paper: connections that say what a script tells them to, and fail where it tells them to. Each
// connection of a ScriptedDialer has a script of its own; what the program wrote is kept. fail_every_step()
// runs one and the same story once for every step that the network takes in it, and makes that step fail.

#include "foundation/bell.hpp"
#include "net/byte_stream.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace basewatch::test {

// What one connection does when it is read. When the script is at its end, reads wait until the stream is
// closed, as on a silent connection.
struct Say {
    std::string bytes;
};
struct End {};  // the orderly end
struct Fail {
    ErrorKind kind = ErrorKind::unreachable;
};
struct Silence {};  // nothing until the next write is made: the answer to the next request
using Step = std::variant<Say, End, Fail, Silence>;

struct ConnectionScript {
    std::vector<Step> steps;
    // Answers are handed out in pieces of at most this many bytes.
    std::size_t slice = 1u << 20;
    bool stays_usable = true;
    std::optional<Error> refused;  // connecting fails
    bool hangs = false;            // connecting takes until the deadline
};

// Counts the steps that the network takes (connect, write, read) and makes one of them fail.
struct Fault {
    std::size_t step = 0;  // from 1; 0: none
    ErrorKind kind = ErrorKind::unreachable;
    std::size_t taken = 0;

    std::optional<Error> next();
};

struct ConnectionRecord {
    std::string host;
    std::uint16_t port = 0;
    std::string written;
    bool closed = false;  // by close()
    bool destroyed = false;
};

class ScriptedDialer final : public net::Dialer {
public:
    ScriptedDialer(asio::any_io_executor executor, Clock& clock)
        : executor_(std::move(executor)), clock_(clock) {}

    // The script of the next connection. A connection more than there are scripts is refused.
    void add(ConnectionScript script) { scripts_.push_back(std::move(script)); }
    // One that answers each request in turn with one of `answers`.
    void add_answers(const std::vector<std::string>& answers, std::size_t slice = 1u << 20);

    Async<Result<std::unique_ptr<net::ByteStream>>> connect(const net::Endpoint& endpoint) override;

    const std::vector<std::shared_ptr<ConnectionRecord>>& connections() const { return records_; }
    std::size_t open() const;
    // Counts, and fails, with this one from now on. It must outlive the connections.
    void inject(Fault& fault) { fault_ = &fault; }

private:
    asio::any_io_executor executor_;
    Clock& clock_;
    std::deque<ConnectionScript> scripts_;
    std::vector<std::shared_ptr<ConnectionRecord>> records_;
    Fault no_fault_;
    Fault* fault_ = &no_fault_;
};

// Runs `story` without a fault and then once for each network step it took, with that step failing as `kind`.
// Returns the number of steps. The story injects the fault into its dialer, and checks for itself what it
// promises in each case.
std::size_t fail_every_step(ErrorKind kind, const std::function<void(Fault&)>& story);

}  // namespace basewatch::test
