#pragma once
// How many manifests may still be read from one host. Docker Hub counts every GET of a manifest (HEAD is
// free) and says what is left in `RateLimit-Limit` and `RateLimit-Remaining`; the same address may be the one
// that its owner pulls from, so the last fifth is never ours, and what can wait leaves the half above it to
// what cannot. Until the host has said anything, Docker Hub is taken for what it gives to anonymous askers,
// 100 in six hours, and others count nothing; an account to which it says nothing has no limit. Pure: time
// goes in.

#include "foundation/clock.hpp"
#include "net/headers.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace basewatch::registry {

// What a read is for: `change`, to know what a new digest is; `details`, to know in advance what is behind a
// digest that has not moved, which can wait for days.
enum class PullNeed { change, details };

class PullBudget {
public:
    // `estimate`: of a host that is known to count. None: unbounded until it says otherwise.
    explicit PullBudget(std::optional<std::int64_t> estimate = std::nullopt) : estimate_(estimate) {}

    // The headers of an answer. Values that are no numbers (`;w=21600` has been seen) change nothing.
    void heard(const net::Headers& headers, Monotonic now);
    // A manifest was asked about and found. An account whose answers lack the two headers is unlimited; who
    // asks without one and hears nothing is behind somebody who takes them away.
    void answered(const net::Headers& headers, bool as_user);
    // A manifest was asked for.
    void pulled(Monotonic now);

    // Nothing where the host counts nothing.
    std::optional<std::int64_t> limit() const;
    // What of it is ours, evenly over its window.
    std::optional<double> per_second() const;
    bool unlimited() const { return unlimited_; }
    std::chrono::seconds window() const { return window_; }
    std::optional<std::int64_t> remaining(Monotonic now) const;
    // Whose budget it is, as `docker-ratelimit-source` says; may be empty.
    const std::string& source() const { return source_; }

    // Room for some reads, held while they are made, so that those who read at once do not share it.
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&&) noexcept = default;
        Claim& operator=(Claim&& other) noexcept;
        ~Claim() { give_back(); }
        explicit operator bool() const { return claimed_ != nullptr; }

    private:
        friend class PullBudget;
        Claim(std::shared_ptr<std::int64_t> claimed, std::int64_t count);
        void give_back();
        std::shared_ptr<std::int64_t> claimed_;
        std::int64_t count_ = 0;
    };
    // Empty when they have to wait.
    Claim claim(PullNeed need, std::int64_t count, Monotonic now) const;

    // What outlives a restart: our own pulls in spans of five minutes, with the last of each.
    struct Kept {
        std::optional<std::int64_t> limit, remaining;
        Monotonic heard{};
        std::chrono::seconds window{0};
        std::string source;
        bool unlimited = false;
        std::vector<std::pair<Monotonic, std::int64_t>> pulls;
    };
    Kept kept() const;
    void restore(const Kept& kept, Monotonic now);

private:
    std::int64_t pulls_since(Monotonic from) const;

    std::optional<std::int64_t> estimate_;
    bool unlimited_ = false;
    std::optional<std::int64_t> limit_, remaining_;
    Monotonic heard_{};
    std::chrono::seconds window_{21'600};
    std::string source_;
    std::deque<Monotonic> pulls_;  // of the last window, oldest first
    std::shared_ptr<std::int64_t> claimed_ = std::make_shared<std::int64_t>(0);
};

}  // namespace basewatch::registry
