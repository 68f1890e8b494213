#include "registry/places.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace basewatch::registry {

struct Places::Place::Line {
    struct Waiter {
        explicit Waiter(const asio::any_io_executor& executor) : bell(executor) {}
        Bell bell;
        bool called = false;
    };
    std::size_t room;
    std::size_t taken = 0;
    std::deque<std::shared_ptr<Waiter>> waiters;

    // Calls in whoever fits.
    void call() {
        while (taken < room && !waiters.empty()) {
            auto next = waiters.front();
            waiters.pop_front();
            ++taken;
            next->called = true;
            next->bell.ring();
        }
    }
    void leave() {
        --taken;
        call();
    }
};

Places::Places(std::size_t room) : line_(std::make_shared<Place::Line>()) {
    line_->room = std::max<std::size_t>(room, 1);
}

void Places::change(std::size_t room) {
    line_->room = std::max<std::size_t>(room, 1);
    line_->call();
}

std::size_t Places::waiting() const {
    return line_->waiters.size();
}

Places::Place::~Place() {
    if (line_) line_->leave();
}

Async<Places::Place> Places::enter() {
    auto line = line_;
    if (line->taken < line->room && line->waiters.empty()) {
        ++line->taken;
        co_return Place(line);
    }
    auto executor = co_await asio::this_coro::executor;
    auto waiter = std::make_shared<Place::Line::Waiter>(executor);
    line->waiters.push_back(waiter);
    bool rung = co_await waiter->bell.wait();
    if (waiter->called) {
        Place place(line);  // given back at once where we were told to stop meanwhile
        if (rung) co_return std::move(place);
        co_return Place();
    }
    std::erase(line->waiters, waiter);
    co_return Place();
}

}  // namespace basewatch::registry
