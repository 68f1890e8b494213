#include "jq/worker.hpp"

#include "foundation/bell.hpp"
#include "foundation/child.hpp"
#include "jq/fault_text.hpp"
#include "jq/frames.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <deque>
#include <sys/wait.h>

namespace basewatch::jq {

namespace {

constexpr auto by_value = asio::as_tuple(asio::use_awaitable);

// A run that takes this long is slow: whoever waits behind it goes to another process.
constexpr Milliseconds patience{200};
// What a machine can spare for users' programs is this many times Bounds::memory.
constexpr std::size_t most_processes = 3;

// One worker process and what it is at.
struct Process {
    std::unique_ptr<Child> child;
    bool taken = false;
    std::string program;  // that it runs, while it is taken
    bool slow = false;
    bool stopping = false;
};

// A caller in the queue.
struct Waiter {
    Waiter(const asio::any_io_executor& executor, const std::string& what) : turn(executor), program(what) {}
    Bell turn;
    const std::string& program;
    Process* process = nullptr;  // once it is the caller's turn
};

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while a jq program ran");
}

// What a finished worker's status says about the program that it ran last.
Error about_end(int status, const Bounds& bounds) {
    if (WIFEXITED(status)) {
        if (WEXITSTATUS(status) == 2)
            return Error(ErrorKind::unreachable,
                         "the jq worker could not be confined (seccomp, rlimits), so it runs nothing");
        return Error(ErrorKind::unreachable,
                     "the jq worker ended by itself with code " + std::to_string(WEXITSTATUS(status)));
    }
    switch (WTERMSIG(status)) {
        case SIGABRT:  // how libjq answers when memory ends
            return Error(ErrorKind::too_large, "the program needed more memory than the " +
                                                   std::to_string(bounds.memory >> 20) +
                                                   " MiB that it may have");
        case SIGSEGV:
        case SIGBUS:
            return Error(ErrorKind::too_large, "the program nests too deeply, or needed too much memory");
        default:
            return Error(ErrorKind::unreachable,
                         "the jq worker was ended by signal " + std::to_string(WTERMSIG(status)));
    }
}

Result<std::string> judged(const Answer& answer, const std::string& program) {
    switch (answer.outcome) {
        case Outcome::output:
            return answer.text;
        case Outcome::does_not_compile:
            return Error(ErrorKind::invalid, compile_fault(answer.text, program));
        case Outcome::failed:
            return Error(ErrorKind::invalid, "the program failed: " + run_fault(answer.text, program));
        case Outcome::no_output:
            return Error(ErrorKind::invalid, "the program gave no output, and one is needed");
        case Outcome::several_outputs:
            return Error(ErrorKind::invalid, "the program gave several outputs, and one is needed");
        case Outcome::bad_input:
            return Error(ErrorKind::invalid, "the input of the program is not JSON");
    }
    return Error(ErrorKind::bad_answer, "the jq worker answered nonsense");
}

}  // namespace

struct Worker::State {
    State(asio::any_io_executor executor, Clock& clock, std::string binary, Bounds bounds)
        : executor(std::move(executor)), clock(clock), binary(std::move(binary)), bounds(bounds) {}

    Async<Result<std::string>> answer(Request request);
    // First come, first served, as process_for() lets them. Null when the caller was cancelled while it
    // waited.
    Async<Process*> take_turn(const std::string& program);
    // The process that may run this now, if one may. A second one only beside a slow run, so that compiled
    // programs stay in one place; and no program in two of them, so that one that never ends cannot take all.
    Process* process_for(const std::string& program);
    void call_waiting();
    void release(Process& process);
    // One request and its answer, within the deadline.
    Async<Result<Answer>> exchange(Process& process, std::string request);
    Async<Result<Answer>> talk(Child& child, std::string request);
    // After a failure: the process goes, and how it went is the reason, unless we ended it. `ended`: its end
    // of the stream is known to be closed.
    Async<Error> retire(Process& process, bool ended);

    asio::any_io_executor executor;
    Clock& clock;
    std::string binary;
    Bounds bounds;
    std::array<Process, most_processes> processes;
    std::deque<std::shared_ptr<Waiter>> waiting;
    int started = 0;
};

Process* Worker::State::process_for(const std::string& program) {
    Process* free = nullptr;
    for (auto& process : processes) {
        if (process.taken && (!process.slow || process.program == program)) return nullptr;
        // One that is there before one that must be started.
        if (!process.taken && (free == nullptr || (!free->child && process.child))) free = &process;
    }
    return free;
}

void Worker::State::call_waiting() {
    for (auto at = waiting.begin(); at != waiting.end();) {
        auto* process = process_for((*at)->program);
        if (process == nullptr) {
            ++at;
            continue;
        }
        auto waiter = *at;
        at = waiting.erase(at);
        process->taken = true;
        process->program = waiter->program;
        waiter->process = process;
        waiter->turn.ring();
    }
}

Async<Process*> Worker::State::take_turn(const std::string& program) {
    auto waiter = std::make_shared<Waiter>(executor, program);
    waiting.push_back(waiter);
    call_waiting();
    if (waiter->process != nullptr) co_return waiter->process;
    bool rung = co_await waiter->turn.wait();
    if (rung) co_return waiter->process;
    // Called and cancelled at once: the turn goes to the next.
    if (waiter->process != nullptr)
        release(*waiter->process);
    else
        waiting.erase(std::find(waiting.begin(), waiting.end(), waiter));
    co_return nullptr;
}

void Worker::State::release(Process& process) {
    process.taken = process.slow = false;
    call_waiting();
}

Async<Result<std::string>> Worker::State::answer(Request request) {
    if (request.program.size() > most_program)
        co_return Error(ErrorKind::too_large,
                        "a jq program of " + std::to_string(request.program.size()) + " bytes");
    if (request.input.size() > most_input)
        co_return Error(ErrorKind::too_large,
                        "an input of " + std::to_string(request.input.size()) + " bytes for jq");
    co_await asio::this_coro::throw_if_cancelled(false);
    auto* process = co_await take_turn(request.program);
    if (process == nullptr) co_return stopped();
    auto slow = clock.call_at(clock.monotonic() + patience, [this, process] {
        process->slow = true;
        call_waiting();
    });
    auto answer = co_await exchange(*process, frame(request));
    slow.reset();
    release(*process);
    if (!answer) co_return answer.error();
    co_return judged(*answer, request.program);
}

Async<Result<Answer>> Worker::State::exchange(Process& process, std::string request) {
    auto& child = process.child;
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped();
    if (child && !child->running()) child.reset();
    if (!child) {
        Command command;
        command.program = binary;
        command.arguments = {"jq-worker", std::to_string(bounds.memory)};
        auto fresh = Child::start(executor, std::move(command));
        if (!fresh) co_return fresh.error().while_doing("cannot start the jq worker");
        child = std::move(*fresh);
        ++started;
    }
    process.stopping = false;
    bool late = false;
    auto timer = clock.call_at(clock.monotonic() + bounds.deadline, [&child, &late] {
        late = true;
        child->kill();
    });
    auto answer = co_await talk(*child, std::move(request));
    timer.reset();
    if (answer) co_return answer;
    auto reason = co_await retire(process, answer.error().kind() == ErrorKind::unreachable);
    if (late)
        co_return Error(ErrorKind::timed_out,
                        "the program did not end within " + std::to_string(bounds.deadline.count()) + " ms");
    if (answer.error().kind() == ErrorKind::unreachable) co_return reason;
    co_return answer.error();
}

Async<Result<Answer>> Worker::State::talk(Child& child, std::string request) {
    const Error broken_off(ErrorKind::unreachable, "the jq worker ended");
    auto [write_error, written] = co_await asio::async_write(child.socket(), asio::buffer(request), by_value);
    if (write_error == asio::error::operation_aborted) co_return stopped();
    if (write_error) co_return broken_off;
    std::array<char, frame_header> header{};
    auto [header_error, header_read] =
        co_await asio::async_read(child.socket(), asio::buffer(header), by_value);
    if (header_error == asio::error::operation_aborted) co_return stopped();
    if (header_error) co_return broken_off;
    std::size_t size = payload_size({header.data(), header.size()});
    // A fault's text may be longer than the bound of an output.
    if (size > std::max(bounds.output, most_fault + 4096) + 1)
        co_return Error(ErrorKind::too_large,
                        "the output is over its bound of " + std::to_string(bounds.output) + " bytes");
    std::string payload(size, '\0');
    auto [payload_error, payload_read] =
        co_await asio::async_read(child.socket(), asio::buffer(payload), by_value);
    if (payload_error == asio::error::operation_aborted) co_return stopped();
    if (payload_error) co_return broken_off;
    auto answer = read_answer(payload);
    if (!answer) co_return Error(ErrorKind::bad_answer, "the jq worker answered nonsense");
    if (answer->outcome == Outcome::output && answer->text.size() > bounds.output)
        co_return Error(ErrorKind::too_large,
                        "the output is over its bound of " + std::to_string(bounds.output) + " bytes");
    co_return std::move(*answer);
}

Async<Error> Worker::State::retire(Process& process, bool ended) {
    auto& child = process.child;
    child->kill();
    // The end of the stream comes when the kernel has taken the process apart; reaping is immediate then, and
    // nobody else on the loop waits for it. (The end is told once: a second read would wait for ever.)
    std::array<char, 4096> rest{};
    while (!ended) {
        auto [error, count] = co_await child->socket().async_read_some(asio::buffer(rest), by_value);
        ended = error && error != asio::error::operation_aborted;
    }
    int status = child->reap();
    child.reset();
    if (process.stopping) co_return stopped();
    co_return about_end(status, bounds);
}

Worker::Worker(asio::any_io_executor executor, Clock& clock, std::string binary, Bounds bounds)
    : state_(std::make_unique<State>(std::move(executor), clock, std::move(binary), bounds)) {}

Worker::~Worker() = default;

Async<Result<std::string>> Worker::run(std::string program, std::string input) {
    return state_->answer(Request{false, std::move(program), std::move(input)});
}

Async<Result<void>> Worker::check(std::string program) {
    Request request{true, std::move(program), ""};
    auto answer = co_await state_->answer(std::move(request));
    if (!answer) co_return answer.error();
    co_return Result<void>();
}

void Worker::stop() {
    for (auto& process : state_->processes) {
        if (!process.taken) {
            process.child.reset();
        } else if (process.child) {
            // The run under way sees its worker end, and reaps it.
            process.stopping = true;
            process.child->kill();
        }
    }
}

int Worker::started() const {
    return state_->started;
}

}  // namespace basewatch::jq
