// Killed at any moment, the state holds everything that was answered, and hangs together.

#include "fixture.hpp"
#include "store/invariants.hpp"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace basewatch::store {
namespace {

using ::testing::IsEmpty;

constexpr int bases = 6;
constexpr int rounds = 20;

// What the child says when a finding was answered; small enough to be written in one piece.
struct Word {
    int base;
    int digest;
    char delivery[40];
};

std::string tag(int n) {
    return "shop/base:" + std::to_string(n);
}

// Moves one base on and on, from where it is; deliveries are claimed and finished beside it.
Async<void> keep_moving(Store& store, Maker& make, int base, int at, int out) {
    std::string target = "target " + std::to_string(base);
    for (int n = at;; ++n) {
        if (n > 0) {
            // The next digest is held first, and let go by the very commit that moves the base to it.
            auto held = make.baseline(tag(base), n);
            held.state.settling = model::Settling();
            held.state.settling->held = observation(n + 1);
            auto holding = co_await store.record(std::move(held));
            if (!holding) _exit(10);
        }
        auto finding =
            n == 0 ? make.baseline(tag(base), 1) : make.move(tag(base), n, n + 1, {target, "chat"});
        Word word{base, n + 1, {}};
        if (n > 0) finding.deliveries[0].id.copy(word.delivery, sizeof word.delivery - 1);
        auto done = co_await store.record(std::move(finding));
        if (!done) _exit(3);
        if (write(out, &word, sizeof word) != sizeof word) _exit(4);
        auto claimed = co_await store.claim_due(target, noon, 2);
        if (!claimed) _exit(5);
        for (const auto& one : *claimed) {
            model::Attempt attempt;
            attempt.delivery_id = one.delivery.id;
            auto finished = co_await store.finish_attempt(std::move(attempt));
            if (!finished) _exit(6);
        }
        auto dropped = co_await store.drop_older_than(noon + Milliseconds(1), 3);
        if (!dropped) _exit(7);
    }
}

[[noreturn]] void record_until_killed(const std::string& path, std::vector<int> at, int out) {
    asio::io_context loop;
    auto store = Store::open(path, loop.get_executor());
    if (!store) _exit(2);
    Maker make;
    if (!test::run_async(loop, (*store)->release_claims(noon))) _exit(2);
    for (int base = 0; base < bases; ++base)
        asio::co_spawn(loop, keep_moving(**store, make, base, at[static_cast<std::size_t>(base)], out),
                       [](std::exception_ptr) { _exit(8); });
    loop.restart();
    loop.run();
    _exit(9);
}

// Reads words until `moment` milliseconds have passed and at least one came, kills the child, and reads the
// rest.
std::vector<Word> listen_and_kill(pid_t child, int in, int moment) {
    std::vector<Word> words;
    auto began = std::chrono::steady_clock::now();
    for (bool killed = false;;) {
        auto passed = std::chrono::steady_clock::now() - began;
        bool late = passed >= std::chrono::seconds(20);
        if (!killed && ((!words.empty() && passed >= Milliseconds(moment)) || late)) {
            kill(child, SIGKILL);
            killed = true;
        }
        pollfd ready{in, POLLIN, 0};
        if (poll(&ready, 1, killed ? 10'000 : 1) == 0) {
            if (killed) return words;
            continue;
        }
        Word word{};
        if (read(in, &word, sizeof word) != static_cast<ssize_t>(sizeof word)) return words;
        words.push_back(word);
    }
}

TEST(Crash, WhatWasAnsweredIsThereAndHangsTogether) {
    test::TemporaryFolder folder;
    std::string path = folder / "state.db";
    std::vector<int> at(bases, 0);
    auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::size_t answered = 0;
    for (int round = 0; round < rounds; ++round) {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            record_until_killed(path, at, ends[1]);
        }
        close(ends[1]);
        auto words = listen_and_kill(child, ends[0], std::uniform_int_distribution(0, 120)(random));
        close(ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself, with " << WEXITSTATUS(status);
        answered += words.size();

        ASSERT_THAT(broken_invariants(path), IsEmpty());
        asio::io_context loop;
        auto store = Store::open(path, loop.get_executor());
        ASSERT_TRUE(store) << store.error().message();
        ASSERT_THAT(broken_invariants(path), IsEmpty());
        std::map<std::string, model::Digest> now;
        for (const auto& base : *test::run_async(loop, (*store)->bases()))
            now[base.reference.text()] = base.current.digest;
        for (const auto& word : words) {
            auto& last = at[static_cast<std::size_t>(word.base)];
            last = std::max(last, word.digest);
            if (word.delivery[0] == 0) continue;
            // Delivered ones may have been dropped since; "chat" is never sent, so its event stays.
            auto delivery = test::run_async(loop, (*store)->delivery(word.delivery));
            EXPECT_TRUE(delivery || delivery.error().kind() == ErrorKind::not_found);
        }
        for (int base = 0; base < bases; ++base) {
            auto& last = at[static_cast<std::size_t>(base)];
            auto stored = now[reference(tag(base)).text()];
            // At the last one that was answered, or at the next, whose answer was cut off.
            if (stored == digest(last + 1)) ++last;
            EXPECT_TRUE(last == 0 ? stored.empty() : stored == digest(last)) << tag(base) << " at " << last;
        }
        // Every move has its delivery to the one that is never sent.
        auto moves = std::accumulate(at.begin(), at.end(), std::int64_t{0},
                                     [](std::int64_t sum, int n) { return sum + std::max(n - 1, 0); });
        auto counts = *test::run_async(loop, (*store)->counts());
        EXPECT_EQ(counts.changes, moves);
        EXPECT_EQ(counts.events, moves);
        EXPECT_GE(counts.deliveries["pending"], moves);
    }
    RecordProperty("answered", static_cast<int>(answered));
    EXPECT_GT(answered, static_cast<std::size_t>(rounds));
}

}  // namespace
}  // namespace basewatch::store
