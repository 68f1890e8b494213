#include "support/scripted_stream.hpp"

#include <algorithm>
#include <cstring>

namespace basewatch::test {

namespace {

class ScriptedStream final : public net::ByteStream {
public:
    ScriptedStream(const asio::any_io_executor& executor, ConnectionScript script,
                   std::shared_ptr<ConnectionRecord> record, Fault& fault)
        : script_(std::move(script)), record_(std::move(record)), fault_(fault), bell_(executor) {}
    ~ScriptedStream() override { record_->destroyed = true; }

    Async<Result<std::size_t>> read_some(std::span<char> into) override {
        for (;;) {
            bool stop = co_await stop_requested();
            if (stop || record_->closed) co_return Error(ErrorKind::cancelled, "closed");
            if (ready()) break;
            // As on a socket: where writing failed there is nothing to wait for, only what came before.
            if (broken_) co_return *broken_;
            co_await bell_.wait();
        }
        if (auto failed = fault_.next()) co_return *failed;
        auto& step = script_.steps[next_];
        if (auto* failure = std::get_if<Fail>(&step)) co_return Error(failure->kind, "as scripted");
        if (std::holds_alternative<End>(step)) co_return std::size_t{0};
        co_return hand_out(std::get<Say>(step).bytes, into);
    }

    Async<Result<void>> write(std::string_view bytes) override {
        bool stop = co_await stop_requested();
        if (stop || record_->closed) co_return Error(ErrorKind::cancelled, "closed");
        broken_ = fault_.next();
        if (broken_) co_return *broken_;
        record_->written.append(bytes);
        if (next_ < script_.steps.size() && std::holds_alternative<Silence>(script_.steps[next_])) ++next_;
        bell_.ring();
        co_return Result<void>();
    }

    void close() override {
        record_->closed = true;
        bell_.ring();
    }
    bool usable() override { return !record_->closed && script_.stays_usable; }
    std::string remote() const override { return "script:1"; }

private:
    bool ready() const {
        return next_ < script_.steps.size() && !std::holds_alternative<Silence>(script_.steps[next_]);
    }
    std::size_t hand_out(const std::string& bytes, std::span<char> into) {
        std::size_t count = std::min({into.size(), script_.slice, bytes.size() - said_});
        std::memcpy(into.data(), bytes.data() + said_, count);
        said_ += count;
        if (said_ == bytes.size()) {
            ++next_;
            said_ = 0;
        }
        return count;
    }

    ConnectionScript script_;
    std::shared_ptr<ConnectionRecord> record_;
    Fault& fault_;
    Bell bell_;
    std::optional<Error> broken_;
    std::size_t next_ = 0, said_ = 0;
};

}  // namespace

std::optional<Error> Fault::next() {
    ++taken;
    if (taken != step) return std::nullopt;
    return Error(kind, "step " + std::to_string(step) + " was made to fail");
}

void ScriptedDialer::add_answers(const std::vector<std::string>& answers, std::size_t slice) {
    ConnectionScript script;
    script.slice = slice;
    for (const auto& answer : answers) {
        script.steps.push_back(Silence{});
        script.steps.push_back(Say{answer});
    }
    add(std::move(script));
}

Async<Result<std::unique_ptr<net::ByteStream>>> ScriptedDialer::connect(const net::Endpoint& endpoint) {
    if (auto failed = fault_->next()) co_return *failed;
    if (scripts_.empty()) co_return Error(ErrorKind::unreachable, "no further connection in the script");
    auto script = std::move(scripts_.front());
    scripts_.pop_front();
    if (script.hangs) {
        bool passed = co_await sleep_until(clock_, endpoint.deadline);
        co_return Error(passed ? ErrorKind::timed_out : ErrorKind::cancelled, "connecting hung");
    }
    if (script.refused) co_return *script.refused;
    auto record = std::make_shared<ConnectionRecord>();
    record->host = endpoint.host;
    record->port = endpoint.port;
    records_.push_back(record);
    co_return std::unique_ptr<net::ByteStream>(
        std::make_unique<ScriptedStream>(executor_, std::move(script), record, *fault_));
}

std::size_t ScriptedDialer::open() const {
    return static_cast<std::size_t>(std::count_if(records_.begin(), records_.end(), [](const auto& record) {
        return !record->closed && !record->destroyed;
    }));
}

std::size_t fail_every_step(ErrorKind kind, const std::function<void(Fault&)>& story) {
    Fault none;
    story(none);
    for (std::size_t step = 1; step <= none.taken; ++step) {
        Fault fault;
        fault.step = step;
        fault.kind = kind;
        story(fault);
    }
    return none.taken;
}

}  // namespace basewatch::test
