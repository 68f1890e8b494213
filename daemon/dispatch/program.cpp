#include "dispatch/program.hpp"

#include "foundation/child.hpp"
#include "foundation/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace basewatch::dispatch {

namespace {

constexpr auto by_value = asio::as_tuple(asio::use_awaitable);
using Stream = asio::posix::stream_descriptor;

// A pipe of which one end is ours, on the loop, and the other a child's. Unlike a socket, a pipe can be
// opened as /dev/stdin and /dev/stderr, as scripts do.
class Pipe {
public:
    enum class Ours { reading, writing };

    Pipe(const asio::any_io_executor& executor, Ours ours) : stream(executor) {
        std::array<int, 2> ends{-1, -1};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
        auto mine = ours == Ours::reading ? ends[0] : ends[1];
        theirs_ = ours == Ours::reading ? ends[1] : ends[0];
        boost::system::error_code error;
        stream.assign(mine, error);
        if (error) ::close(mine);
    }
    ~Pipe() { close_theirs(); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int theirs() const { return theirs_; }
    void close_theirs() {
        if (theirs_ >= 0) ::close(theirs_);
        theirs_ = -1;
    }
    void close() {
        boost::system::error_code ignored;
        stream.close(ignored);
    }

    Stream stream;

private:
    int theirs_ = -1;
};

// A program that does not read its input has its say all the same.
Async<void> feed(Pipe& pipe, std::string input) {
    auto [error, written] = co_await asio::async_write(pipe.stream, asio::buffer(input), by_value);
    if (error != asio::error::operation_aborted) pipe.close();
}

// Until the end of the output; what is over the bound is read, so that the program goes on, and forgotten.
Async<void> collect(Pipe& pipe, std::string& output) {
    std::array<char, 4096> buffer{};
    for (;;) {
        auto [error, count] = co_await pipe.stream.async_read_some(asio::buffer(buffer), by_value);
        output.append(buffer.data(), std::min(count, most_answer - std::min(most_answer, output.size())));
        if (error) co_return;
    }
}

// What is in the pipe when the program has ended, without waiting for more: somebody else may hold it open.
void collect_rest(Pipe& pipe, std::string& output) {
    boost::system::error_code error;
    pipe.stream.non_blocking(true, error);
    std::array<char, 4096> buffer{};
    while (!error && output.size() < most_answer) {
        auto count = pipe.stream.read_some(asio::buffer(buffer), error);
        output.append(buffer.data(), std::min(count, most_answer - output.size()));
    }
}

bool is_useless_to_repeat(int code) {
    return code == 64 || code == 65 || code == 77 || code == 78;
}

Failure failure_of(const ProgramEnd& end) {
    if (!WIFEXITED(end.status))
        return {"exit",
                "ended by signal " + std::to_string(WTERMSIG(end.status)),
                {},
                false,
                model::Sign::absent};
    int code = WEXITSTATUS(end.status);
    bool useless = is_useless_to_repeat(code);
    std::string detail = "exit code " + std::to_string(code);
    if (useless) detail += ", which says that another try is useless";
    return {"exit", std::move(detail), {}, useless, useless ? model::Sign::refused : model::Sign::absent};
}

}  // namespace

Async<Result<ProgramEnd>> run_program(presets::ProgramRun run, Clock& clock) {
    const Error stopped(ErrorKind::cancelled, "stopped while the program ran");
    co_await asio::this_coro::throw_if_cancelled(false);
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped;
    auto executor = co_await asio::this_coro::executor;
    Pipe input(executor, Pipe::Ours::writing), output(executor, Pipe::Ours::reading);
    if (!input.stream.is_open() || !output.stream.is_open())
        co_return Error(ErrorKind::unreachable, "no pipe could be made for the program");
    Command command;
    command.program = run.command.front();
    command.arguments.assign(run.command.begin() + 1, run.command.end());
    command.environment = std::move(run.environment);
    command.streams = Command::Streams{input.theirs(), output.theirs()};
    auto started = Child::start(executor, std::move(command));
    if (!started) co_return started.error();
    auto child = std::move(*started);
    input.close_theirs();
    output.close_theirs();

    bool late = false;
    auto timer = clock.call_at(clock.monotonic() + run.timeout, [&late, held = child.get()] {
        late = true;
        held->kill();
    });
    ProgramEnd end;
    TaskGroup talk(executor);
    talk.start("input of a program", feed(input, std::move(run.input)));
    talk.start("output of a program", collect(output, end.output));
    bool ended = co_await child->ended();
    timer.reset();
    // While it is not reaped its group is ours: what it left running goes with it.
    child->kill();
    end.status = child->reap();
    talk.cancel();
    co_await talk.wait();
    if (!ended) co_return stopped;
    collect_rest(output, end.output);
    if (late)
        co_return Error(ErrorKind::timed_out,
                        "the program did not end within " + std::to_string(run.timeout.count()) + " ms");
    co_return std::move(end);
}

Answer read_end(const presets::Target& target, const Result<ProgramEnd>& end, const PrivateParts& parts,
                Try when, Time now) {
    Answer answer;
    answer.came = end.has_value();
    if (end && WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0) {
        answer.verdict = delivered("exit code 0");
    } else {
        Failure failure;
        if (end) {
            failure = failure_of(*end);
        } else {
            // One that cannot be started is a program's fault, not the network's.
            bool unstarted = end.error().kind() == ErrorKind::unreachable;
            failure = {unstarted ? "exit" : class_of(end.error().kind()),
                       end.error().message(),
                       {},
                       false,
                       model::Sign::absent};
        }
        answer.verdict =
            schedule(target, std::move(failure), when.number, when.created_at, now, when.random01);
    }
    keep(answer, parts, end ? std::string_view(end->output) : std::string_view());
    return answer;
}

}  // namespace basewatch::dispatch
