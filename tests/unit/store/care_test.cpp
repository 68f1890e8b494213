#include "fixture.hpp"
#include "store/invariants.hpp"

namespace basewatch::store {
namespace {

using model::DeliveryState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* ruby = "ruby:3.3";
const Time old_day = noon - Milliseconds(10LL * 24 * 3600 * 1000);
const Time limit = noon - Milliseconds(24LL * 3600 * 1000);

struct Care : StoreTest {
    std::int64_t drop(std::size_t most = 1000) { return read(store->drop_older_than(limit, most)); }
    void deliver(const std::string& target) {
        for (const auto& one : read(store->claim_due(target, noon, 1000))) {
            model::Attempt attempt;
            attempt.delivery_id = one.delivery.id;
            ASSERT_TRUE(run(store->finish_attempt(std::move(attempt))));
        }
    }
    std::int64_t rows(const std::string& table) { return ask("SELECT count(*) FROM " + table); }
};

TEST_F(Care, WhatIsFinishedAndOlderGoesWithEverythingThatHangsOnIt) {
    put(make.baseline(ruby, 1, old_day));
    auto finding = make.move(ruby, 1, 2, {"ci"}, old_day);
    finding.rebuilds.push_back({"rbd_1",
                                reference("shop/api"),
                                reference(ruby),
                                "base changed",
                                {"evt_1"},
                                finding.events[0].id,
                                std::nullopt,
                                old_day,
                                "requested"});
    put(std::move(finding));
    deliver("ci");
    EXPECT_EQ(drop(), 5);  // delivery, rebuild, event, change, observation
    for (const char* table : {"deliveries", "attempts", "rebuilds", "rebuild_causes", "events", "changes"})
        EXPECT_EQ(rows(table), 0) << table;
    auto bases = read(store->bases());
    ASSERT_THAT(bases, SizeIs(1));
    EXPECT_EQ(bases[0].current.digest, digest(2));
    EXPECT_EQ(drop(), 0);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Care, OpenDeliveriesStayHoweverOldAndWithThemWhatTheyNeed) {
    put(make.baseline(ruby, 1, old_day));
    put(make.move(ruby, 1, 2, {"ci", "chat"}, old_day));
    deliver("ci");
    EXPECT_EQ(drop(), 1);  // the finished one
    EXPECT_EQ(rows("events"), 1);
    EXPECT_EQ(rows("changes"), 1);
    EXPECT_EQ(rows("observations"), 2);
    EXPECT_THAT(read(store->claim_due("chat", noon, 10)), SizeIs(1));
    EXPECT_EQ(drop(), 0);  // nor while it is being sent
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Care, WhatIsYoungStays) {
    put(make.baseline(ruby, 1, noon));
    put(make.move(ruby, 1, 2, {"ci"}, noon));
    deliver("ci");
    EXPECT_EQ(drop(), 0);
}

TEST_F(Care, TheNewestObservationOfABaseStaysAndAForgottenBasesAgesFromThenOn) {
    put(make.baseline(ruby, 1, old_day));
    put(make.baseline("alpine", 1, old_day));
    ASSERT_TRUE(run(store->forget_bases_but({reference(ruby)}, noon)));
    EXPECT_EQ(drop(), 0);
    EXPECT_EQ(rows("observations"), 2);
}

// However a base is forgotten, what it pointed to and its images go when they are old.
struct Forgotten : Care {
    void watch() {
        auto finding = make.baseline(ruby, 1, old_day);
        finding.state.current = detailed(1, old_day);
        for (const auto& [platform, manifest] : finding.state.current.platforms)
            finding.images.emplace_back(manifest, model::ImageContent());
        put(std::move(finding));
    }
    void expect_all_to_go() {
        EXPECT_THAT(broken_invariants(path), IsEmpty());
        EXPECT_EQ(drop(), 1);
        EXPECT_EQ(rows("observations"), 0);
        EXPECT_EQ(rows("images"), 0);
    }
};

TEST_F(Forgotten, ByAReload) {
    watch();
    ASSERT_TRUE(run(store->forget_bases_but({}, old_day)));
    expect_all_to_go();
}

TEST_F(Forgotten, AsADeletedTag) {
    watch();
    auto deleted = make.baseline(ruby, 1, old_day);
    deleted.forgets = true;
    put(std::move(deleted));
    expect_all_to_go();
}

TEST_F(Forgotten, AsATagThatNoPatternStandsForAnyMore) {
    watch();
    TagsFound found{reference(ruby).name(), 0, old_day, {}, {}, {reference(ruby)}};
    ASSERT_TRUE(run(store->record_tags(std::move(found))));
    expect_all_to_go();
}

TEST_F(Forgotten, AndBackAtTheSameItStays) {
    watch();
    ASSERT_TRUE(run(store->forget_bases_but({}, old_day)));
    put(make.baseline(ruby, 1, noon));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
    EXPECT_EQ(drop(), 0);
    put(make.move(ruby, 1, 2, {}, noon));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

// The change stays with its delivery, the digest that it led to does not.
TEST_F(Forgotten, AndBackAtAnOlderDigestItIsASilentBeginning) {
    put(make.baseline(ruby, 0, old_day));
    put(make.move(ruby, 0, 1, {}, old_day));
    put(make.move(ruby, 1, 2, {"ci"}, old_day));
    ASSERT_TRUE(run(store->forget_bases_but({}, old_day)));
    drop();
    put(make.baseline(ruby, 1, noon));
    put(make.move(ruby, 1, 5, {}, noon));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Care, AnObservationAgesFromWhenItWasReplaced) {
    put(make.baseline(ruby, 1, old_day));
    put(make.move(ruby, 1, 2, {}, noon));
    EXPECT_EQ(drop(), 0);
    EXPECT_THAT(read(store->history(reference(ruby), 10)), SizeIs(1));
}

TEST_F(Care, ImagesGoWithTheLastObservationThatNamesThem) {
    model::ImageContent image;
    auto first = make.baseline(ruby, 1, old_day);
    first.state.current = detailed(1, old_day);
    for (const auto& [platform, manifest] : first.state.current.platforms)
        first.images.emplace_back(manifest, image);
    auto shared = first.state.current.platforms.begin()->second;
    auto own = first.state.current.platforms.rbegin()->second;
    put(std::move(first));
    auto other = make.baseline("ruby:3", 7, old_day);
    other.state.current = detailed(7, old_day);
    other.state.current.platforms.begin()->second = shared;
    put(std::move(other));
    put(make.baseline(ruby, 2, old_day));  // a silent new beginning
    EXPECT_EQ(drop(), 1);
    auto known = read(store->images({shared, own}));
    ASSERT_THAT(known, SizeIs(1));
    EXPECT_EQ(known[0].first, shared);
}

TEST_F(Care, GoesInPortionsAndHangsTogetherAfterEach) {
    put(make.baseline(ruby, 0, old_day));
    for (int i = 0; i < 10; ++i) put(make.move(ruby, i, i + 1, {"ci"}, old_day));
    deliver("ci");
    std::int64_t all = 0;
    for (;;) {
        auto dropped = drop(7);
        EXPECT_LE(dropped, 7);
        EXPECT_THAT(broken_invariants(path), IsEmpty());
        if (dropped == 0) break;
        all += dropped;
    }
    EXPECT_EQ(all, 40);
    EXPECT_EQ(rows("observations"), 1);
}

TEST_F(Care, WithNothingToDropCostsNoCommit) {
    put(make.baseline(ruby, 1, old_day));
    auto before = store->commits();
    drop();
    EXPECT_EQ(store->commits(), before);
}

}  // namespace
}  // namespace basewatch::store
