#include "foundation/child.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc 2.36 forgot to say that it is C.
extern "C" {
#include <sys/pidfd.h>
}

namespace basewatch {

namespace {

// posix_spawn rather than fork: the daemon has threads and may be large; nothing of ours runs in the child
// before its own main().
class SpawnPlan {
public:
    // `errors` too: standard error goes where the output goes, else nowhere.
    SpawnPlan(Command::Streams streams, bool errors) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, streams.input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, streams.output, STDOUT_FILENO);
        if (errors)
            posix_spawn_file_actions_adddup2(&actions_, streams.output, STDERR_FILENO);
        else
            posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        posix_spawnattr_init(&attributes_);
        // The daemon's own handling of signals is not the child's.
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_,
                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    int start(pid_t& id, Command& command) const {
        std::vector<char*> arguments{command.program.data()}, environment;
        for (auto& argument : command.arguments) arguments.push_back(argument.data());
        for (auto& variable : command.environment) environment.push_back(variable.data());
        arguments.push_back(nullptr);
        environment.push_back(nullptr);
        return posix_spawn(&id, command.program.c_str(), &actions_, &attributes_, arguments.data(),
                           environment.data());
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

Error cannot_execute(const Command& command, int number) {
    return Error(ErrorKind::unreachable, "cannot execute " + command.program + ": " + std::strerror(number));
}

int wait_for(pid_t id) {
    int status = 0;
    while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(const asio::any_io_executor& executor, Command command) {
    if (command.streams) {
        pid_t id = -1;
        int fault = SpawnPlan(*command.streams, true).start(id, command);
        if (fault != 0) return cannot_execute(command, fault);
        return std::unique_ptr<Child>(new Child(id, asio::local::stream_protocol::socket(executor)));
    }
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return cannot_execute(command, errno);
    pid_t id = -1;
    int fault = SpawnPlan({ends[1], ends[1]}, false).start(id, command);
    close(ends[1]);
    if (fault != 0) {
        close(ends[0]);
        return cannot_execute(command, fault);
    }
    asio::local::stream_protocol::socket socket(executor);
    boost::system::error_code error;
    socket.assign(asio::local::stream_protocol(), ends[0], error);
    if (error) {
        close(ends[0]);
        ::kill(id, SIGKILL);
        wait_for(id);
        return cannot_execute(command, error.value());
    }
    return std::unique_ptr<Child>(new Child(id, std::move(socket)));
}

Child::~Child() {
    kill();
    reap();
}

Async<bool> Child::ended() {
    if (status_) co_return true;
    // A descriptor that can be read once the process has ended (pidfd_open(2)); it cannot be another's, since
    // the id is ours until it is reaped.
    int descriptor = pidfd_open(id_, 0);
    if (descriptor < 0) co_return true;  // reaping waits, then
    auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor end(executor, descriptor);
    auto [error] = co_await end.async_wait(asio::posix::stream_descriptor::wait_read,
                                           asio::as_tuple(asio::use_awaitable));
    co_return !error;
}

bool Child::running() {
    if (status_) return false;
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) != id_) return true;
    status_ = status;
    return false;
}

void Child::kill() {
    // Only while it is not reaped: afterwards the id may be another process's.
    if (!status_) ::kill(-id_, SIGKILL);
}

int Child::reap() {
    if (!status_) status_ = wait_for(id_);
    return *status_;
}

}  // namespace basewatch
