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

// A caller in the queue.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : turn(executor) {}
    Bell turn;
    bool called = false;
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
    // One caller at a time, first come, first served. False when the caller was cancelled while it waited.
    Async<bool> take_turn();
    void pass_turn();
    // One request and its answer, within the deadline.
    Async<Result<Answer>> exchange(std::string request);
    Async<Result<Answer>> talk(std::string request);
    // After a failure: the worker goes, and how it went is the reason, unless we ended it. `ended`: its end
    // of the stream is known to be closed.
    Async<Error> retire(bool ended);

    asio::any_io_executor executor;
    Clock& clock;
    std::string binary;
    Bounds bounds;
    std::unique_ptr<Child> child;
    std::deque<std::shared_ptr<Waiter>> waiting;
    bool taken = false;
    bool stopping = false;
    int started = 0;
};

Async<bool> Worker::State::take_turn() {
    if (!taken) {
        taken = true;
        co_return true;
    }
    auto waiter = std::make_shared<Waiter>(executor);
    waiting.push_back(waiter);
    bool rung = co_await waiter->turn.wait();
    if (rung) co_return true;
    // Called and cancelled at once: the turn goes to the next.
    if (waiter->called)
        pass_turn();
    else
        waiting.erase(std::find(waiting.begin(), waiting.end(), waiter));
    co_return false;
}

void Worker::State::pass_turn() {
    if (waiting.empty()) {
        taken = false;
        return;
    }
    auto next = std::move(waiting.front());
    waiting.pop_front();
    next->called = true;
    next->turn.ring();
}

Async<Result<std::string>> Worker::State::answer(Request request) {
    if (request.program.size() > most_program)
        co_return Error(ErrorKind::too_large,
                        "a jq program of " + std::to_string(request.program.size()) + " bytes");
    if (request.input.size() > most_input)
        co_return Error(ErrorKind::too_large,
                        "an input of " + std::to_string(request.input.size()) + " bytes for jq");
    co_await asio::this_coro::throw_if_cancelled(false);
    bool ours = co_await take_turn();
    if (!ours) co_return stopped();
    auto answer = co_await exchange(frame(request));
    pass_turn();
    if (!answer) co_return answer.error();
    co_return judged(*answer, request.program);
}

Async<Result<Answer>> Worker::State::exchange(std::string request) {
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
    stopping = false;
    bool late = false;
    auto timer = clock.call_at(clock.monotonic() + bounds.deadline, [this, &late] {
        late = true;
        child->kill();
    });
    auto answer = co_await talk(std::move(request));
    timer.reset();
    if (answer) co_return answer;
    auto reason = co_await retire(answer.error().kind() == ErrorKind::unreachable);
    if (late)
        co_return Error(ErrorKind::timed_out,
                        "the program did not end within " + std::to_string(bounds.deadline.count()) + " ms");
    if (answer.error().kind() == ErrorKind::unreachable) co_return reason;
    co_return answer.error();
}

Async<Result<Answer>> Worker::State::talk(std::string request) {
    const Error broken_off(ErrorKind::unreachable, "the jq worker ended");
    auto [write_error, written] =
        co_await asio::async_write(child->socket(), asio::buffer(request), by_value);
    if (write_error == asio::error::operation_aborted) co_return stopped();
    if (write_error) co_return broken_off;
    std::array<char, frame_header> header{};
    auto [header_error, header_read] =
        co_await asio::async_read(child->socket(), asio::buffer(header), by_value);
    if (header_error == asio::error::operation_aborted) co_return stopped();
    if (header_error) co_return broken_off;
    std::size_t size = payload_size({header.data(), header.size()});
    // A fault's text may be longer than the bound of an output.
    if (size > std::max(bounds.output, most_fault + 4096) + 1)
        co_return Error(ErrorKind::too_large,
                        "the output is over its bound of " + std::to_string(bounds.output) + " bytes");
    std::string payload(size, '\0');
    auto [payload_error, payload_read] =
        co_await asio::async_read(child->socket(), asio::buffer(payload), by_value);
    if (payload_error == asio::error::operation_aborted) co_return stopped();
    if (payload_error) co_return broken_off;
    auto answer = read_answer(payload);
    if (!answer) co_return Error(ErrorKind::bad_answer, "the jq worker answered nonsense");
    if (answer->outcome == Outcome::output && answer->text.size() > bounds.output)
        co_return Error(ErrorKind::too_large,
                        "the output is over its bound of " + std::to_string(bounds.output) + " bytes");
    co_return std::move(*answer);
}

Async<Error> Worker::State::retire(bool ended) {
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
    if (stopping) co_return stopped();
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
    if (!state_->child) return;
    if (state_->taken) {
        // The run under way sees its worker end, and reaps it.
        state_->stopping = true;
        state_->child->kill();
        return;
    }
    state_->child.reset();
}

int Worker::started() const {
    return state_->started;
}

}  // namespace basewatch::jq
