#pragma once
// Another process as the daemon holds it: started without a shell, with the environment that it is given and
// three descriptors, its input and output one end of a socket pair (its errors go nowhere) or what it is
// given, in a process group of its own, ended with that group by SIGKILL and reaped by its id.

#include "foundation/async.hpp"
#include "foundation/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace basewatch {

struct Command {
    std::string program;                   // its path; PATH is not searched
    std::vector<std::string> arguments;    // without the program's own name
    std::vector<std::string> environment;  // NAME=value
    // In place of the socket pair: its standard input, and its standard output and errors. The caller's to
    // close.
    struct Streams {
        int input = -1, output = -1;
    };
    std::optional<Streams> streams{};
};

class Child {
public:
    // ErrorKind::unreachable when it cannot be executed.
    static Result<std::unique_ptr<Child>> start(const asio::any_io_executor& executor, Command command);
    // Ends it if it still runs; takes as long as the kernel needs for that.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Not open where it was given streams.
    asio::local::stream_protocol::socket& socket() { return socket_; }
    // Waits until it has ended, and leaves it to be reaped. False when the waiting coroutine was cancelled.
    Async<bool> ended();
    // Reaps it when it has ended by itself.
    bool running();
    // May be called often. Its end of the socket closes soon after.
    void kill();
    // How it ended, as waitpid() says it. Call it when the socket is at its end, or after kill(): it waits.
    int reap();
    pid_t id() const { return id_; }

private:
    Child(pid_t id, asio::local::stream_protocol::socket socket) : id_(id), socket_(std::move(socket)) {}

    pid_t id_;
    asio::local::stream_protocol::socket socket_;
    std::optional<int> status_;  // once reaped
};

}  // namespace basewatch
