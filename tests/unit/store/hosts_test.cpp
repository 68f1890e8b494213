#include "fixture.hpp"

#include <gmock/gmock.h>

namespace basewatch::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::HostMemory memory(const std::string& host) {
    model::HostMemory made;
    made.host = host;
    made.address = "https://" + host;
    made.facts = {{"head", "with digest", noon, noon + std::chrono::hours(168)},
                  {"realm", "https://auth.example.com/token?a=\"b\"", noon, noon + std::chrono::hours(168)}};
    made.rate_share = 0.375;
    made.slowed_at = noon;
    made.paused_until = noon + std::chrono::minutes(3);
    made.refusals = 2;
    made.shut_until = noon + std::chrono::minutes(4);
    made.shuts = 3;
    made.pulls_limit = 200;
    made.pulls_remaining = 7;
    made.pulls_heard_at = noon;
    made.pulls_window = std::chrono::hours(6);
    made.pulls_source = "203.0.113.7";
    made.pulls_unlimited = true;
    made.pulls = {{noon, 3}, {noon + std::chrono::minutes(5), 1}};
    return made;
}

struct HostMemories : StoreTest {
    std::vector<model::HostMemory> all() { return read(store->host_memories()); }
};

TEST_F(HostMemories, ComeBackAsTheyWere) {
    auto one = memory("docker.io"), plain = model::HostMemory();
    plain.host = "ghcr.io";
    plain.address = "https://ghcr.io";
    plain.facts = {{"head", "refused", noon, noon}};
    ASSERT_TRUE(run(store->mark_checked({}, {one, plain})));
    EXPECT_THAT(all(), ElementsAre(one, plain));
}

TEST_F(HostMemories, AreReplacedAndForgotten) {
    ASSERT_TRUE(run(store->mark_checked({}, {memory("docker.io")})));
    auto changed = memory("docker.io");
    changed.facts.pop_back();
    changed.pulls_remaining.reset();
    ASSERT_TRUE(run(store->mark_checked({}, {changed})));
    EXPECT_THAT(all(), ElementsAre(changed));
    model::HostMemory nothing;
    nothing.host = "docker.io";
    ASSERT_TRUE(run(store->mark_checked({}, {nothing})));
    EXPECT_THAT(all(), IsEmpty());
}

TEST_F(HostMemories, AreOneCommitWithTheCheckMarks) {
    auto before = store->commits();
    CheckMark mark;
    mark.base = reference("ruby:3.3").text();
    mark.checked_at = noon;
    ASSERT_TRUE(run(store->mark_checked({mark}, {memory("docker.io"), memory("ghcr.io")})));
    EXPECT_EQ(store->commits(), before + 1);
}

TEST_F(HostMemories, WhatCannotBeReadIsForgottenAlone) {
    ASSERT_TRUE(run(store->mark_checked({}, {memory("docker.io")})));
    ask("UPDATE hosts SET facts = '[{\"name\": 3}, 7', pulls = '{}' RETURNING 1");
    auto read_back = all();
    ASSERT_EQ(read_back.size(), 1u);
    EXPECT_THAT(read_back[0].facts, IsEmpty());
    EXPECT_THAT(read_back[0].pulls, IsEmpty());
    EXPECT_EQ(read_back[0].pulls_remaining, 7);
}

}  // namespace
}  // namespace basewatch::store
