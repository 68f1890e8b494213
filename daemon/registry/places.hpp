#pragma once
// Room for so many requests at once; whoever finds none waits in line. The wait is here and not in the HTTP
// client so that it does not eat up the time that the registry has for its answer. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/bell.hpp"

#include <deque>
#include <memory>

namespace basewatch::registry {

class Places {
public:
    explicit Places(std::size_t room);
    void change(std::size_t room);

    // Held while a request is under way; gives its place to the next in line when it goes.
    class Place {
    public:
        Place() = default;
        Place(Place&&) noexcept = default;
        Place& operator=(Place&&) noexcept = default;
        ~Place();
        explicit operator bool() const { return line_ != nullptr; }

    private:
        friend class Places;
        struct Line;
        explicit Place(std::shared_ptr<Line> line) : line_(std::move(line)) {}
        std::shared_ptr<Line> line_;
    };

    // Empty when the waiting coroutine was cancelled.
    Async<Place> enter();
    std::size_t waiting() const;

private:
    std::shared_ptr<Place::Line> line_;
};

}  // namespace basewatch::registry
