#include "store/answers.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

namespace basewatch::store {

namespace {

// Lives in the loop's context and is told when that goes.
class LoopEnd final : public asio::execution_context::service {
public:
    using key_type = LoopEnd;
    static inline asio::execution_context::id id;

    explicit LoopEnd(asio::execution_context& context) : service(context) {}
    void tell(const std::shared_ptr<Answers>& answers) {
        std::erase_if(told_, [](const auto& one) { return one.expired(); });
        told_.push_back(answers);
    }

private:
    void shutdown() override {
        for (const auto& one : told_)
            if (auto answers = one.lock()) answers->close();
    }
    std::vector<std::weak_ptr<Answers>> told_;
};

}  // namespace

std::shared_ptr<Answers> Answers::to(const asio::any_io_executor& loop) {
    std::shared_ptr<Answers> answers(new Answers(loop));
    auto& context = asio::query(loop, asio::execution::context);
    asio::use_service<LoopEnd>(context).tell(answers);
    return answers;
}

void Answers::expect(std::shared_ptr<Operation> operation) {
    expected_.insert(std::move(operation));
}

void Answers::give(Batch batch) {
    std::lock_guard lock(mutex_);
    if (!open_) return;
    asio::post(loop_, [self = shared_from_this(), batch = std::move(batch)] {
        for (const auto& operation : batch) {
            self->expected_.erase(operation);
            operation->answer();
        }
    });
}

void Answers::close() {
    {
        std::lock_guard lock(mutex_);
        open_ = false;
    }
    // Destroying a handler destroys the coroutine that waits, and with it whatever that holds.
    auto expected = std::move(expected_);
    expected_.clear();
    for (const auto& operation : expected) operation->abandon();
}

}  // namespace basewatch::store
