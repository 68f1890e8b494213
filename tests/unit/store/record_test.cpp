#include "fixture.hpp"
#include "store/invariants.hpp"

namespace basewatch::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* ruby = "ruby:3.3";

struct Record : StoreTest {
    std::vector<model::Digest> past(const std::string& base, std::size_t limit = 100) {
        std::vector<model::Digest> digests;
        for (const auto& seen : read(store->history(reference(base), limit))) digests.push_back(seen.digest);
        return digests;
    }
    std::int64_t rows_of_history() { return ask("SELECT count(*) FROM observations"); }
};

TEST_F(Record, KeepsEveryFieldOfAState) {
    auto given = state(ruby, detailed(1));
    given.profile = 7;
    given.checked_at = noon + Milliseconds(5);
    given.failing_since = noon - Milliseconds(9);
    given.failures = 3;
    given.last_error = "no answer";
    given.last_error_kind = "timed_out";
    given.told_unreachable = true;
    Finding finding;
    finding.state = given;
    put(std::move(finding));
    reopen();

    auto bases = read(store->bases());
    ASSERT_THAT(bases, SizeIs(1));
    const auto& kept = bases[0];
    EXPECT_EQ(kept.reference, given.reference);
    EXPECT_EQ(kept.current.digest, given.current.digest);
    EXPECT_EQ(kept.current.media_type, given.current.media_type);
    EXPECT_EQ(kept.current.observed_at, given.current.observed_at);
    EXPECT_EQ(kept.current.platforms, given.current.platforms);
    EXPECT_TRUE(kept.current.detailed);
    EXPECT_EQ(kept.profile, 7);
    EXPECT_EQ(kept.checked_at, given.checked_at);
    EXPECT_EQ(kept.failing_since, given.failing_since);
    EXPECT_EQ(kept.failures, 3);
    EXPECT_EQ(kept.last_error, "no answer");
    EXPECT_EQ(kept.last_error_kind, "timed_out");
    EXPECT_TRUE(kept.told_unreachable);
}

TEST_F(Record, StatesComeInPagesEachOnceWhateverTheSizeOfAPage) {
    constexpr int many = 7;
    for (int i = 0; i < many; ++i) put(make.baseline("docker.io/library/ruby:" + std::to_string(i), i));
    for (std::size_t most : {1u, 3u, 7u, 100u}) {
        std::vector<model::BaseState> all;
        std::int64_t after = 0;
        for (;;) {
            auto page = read(store->base_page(after, most));
            if (page.rows.empty()) break;
            EXPECT_LE(page.rows.size(), most);
            EXPECT_GT(page.last, after);
            after = page.last;
            all.insert(all.end(), page.rows.begin(), page.rows.end());
        }
        auto whole = read(store->bases());
        ASSERT_THAT(all, SizeIs(many));
        for (std::size_t i = 0; i < many; ++i) {
            EXPECT_EQ(all[i].reference, whole[i].reference);
            EXPECT_EQ(all[i].current.digest, whole[i].current.digest);
        }
    }
}

TEST_F(Record, KeepsWhatIsHeldWithTheStateThatItBelongsTo) {
    auto given = state(ruby, detailed(1));
    model::Settling settling;
    settling.held = detailed(2);
    settling.moved_at = noon;
    settling.reads = 4;
    settling.until = noon + Milliseconds(7);
    settling.because = "it must be still for 10m";
    settling.left = digest(1);
    settling.left_at = noon + Milliseconds(1);
    settling.one = digest(1);
    settling.other = digest(2);
    settling.flapped_at = noon + Milliseconds(2);
    given.settling = settling;
    Finding finding;
    finding.state = given;
    put(finding);
    reopen();
    EXPECT_EQ(read(store->bases())[0].settling, settling);

    // A finding that is refused leaves it as it was.
    auto refused = make.move(ruby, 8, 9, {"ci"});
    EXPECT_EQ(kind_of(store->record(std::move(refused))), ErrorKind::conflict);
    EXPECT_EQ(read(store->bases())[0].settling, settling);

    finding.state.settling.reset();
    put(finding);
    EXPECT_FALSE(read(store->bases())[0].settling);
}

TEST_F(Record, KeepsPlatformsWhoseTextIsNoPlatform) {
    auto given = state(ruby, detailed(1));
    given.current.platforms[model::Platform{"", "a/b", "\xff", "1 \"2\""}] = digest(9);
    given.current.platforms[model::Platform{}] = digest(10);
    Finding finding;
    finding.state = given;
    put(std::move(finding));
    auto kept = read(store->bases())[0].current.platforms;
    EXPECT_THAT(kept, SizeIs(4));
    EXPECT_EQ(kept[model::Platform{}], digest(10));
}

TEST_F(Record, KeepsEveryFieldOfAChangeAndWhatFollowsFromIt) {
    put(make.baseline(ruby, 1));
    auto finding = make.move(ruby, 1, 2, {"ci"});
    auto& change = finding.changes[0];
    change.kind = model::ChangeKind::reverted;
    change.assumed = true;
    change.before = detailed(1);
    change.after = detailed(2);
    change.changed_platforms = {*model::Platform::parse("linux/arm/v7")};
    change.differences = {"layers", "label \"maintainer\"", "\xff"};
    change.detected_by = model::DetectedBy::push;
    finding.events[0].json = "{\"a\": 1.0,\n \"b\":\"\\u00e9\xc3\xa9\"}";
    model::Rebuild rebuild{"rbd_1",
                           reference("shop/api"),
                           reference(ruby),
                           "base changed",
                           {"evt_b", "evt_a"},
                           finding.events[0].id,
                           noon + Milliseconds(1),
                           noon,
                           "requested"};
    finding.rebuilds.push_back(rebuild);
    finding.deliveries[0].dependent = "docker.io/shop/api:latest";
    auto given = finding;
    put(std::move(finding));

    auto kept = read(store->change(given.changes[0].id));
    EXPECT_EQ(kept.base, reference(ruby));
    EXPECT_EQ(kept.kind, model::ChangeKind::reverted);
    EXPECT_TRUE(kept.assumed);
    EXPECT_EQ(kept.before.platforms, detailed(1).platforms);
    EXPECT_EQ(kept.after.digest, digest(2));
    EXPECT_EQ(kept.changed_platforms, given.changes[0].changed_platforms);
    EXPECT_THAT(kept.differences, ElementsAre("layers", "label \"maintainer\"", "\xef\xbf\xbd"));
    EXPECT_EQ(kept.detected_by, model::DetectedBy::push);
    EXPECT_EQ(kept.detected_at, noon);

    auto event = read(store->event(given.events[0].id));
    EXPECT_EQ(event.json, given.events[0].json);
    EXPECT_EQ(event.change_id, given.changes[0].id);
    EXPECT_EQ(event.type, given.events[0].type);
    EXPECT_EQ(event.subject, given.events[0].subject);
    EXPECT_EQ(event.time, noon);

    auto asked = read(store->rebuild("rbd_1"));
    EXPECT_EQ(asked.dependent, rebuild.dependent);
    EXPECT_EQ(asked.base, rebuild.base);
    EXPECT_THAT(asked.causes, ElementsAre("evt_b", "evt_a"));
    EXPECT_EQ(asked.deadline, rebuild.deadline);
    EXPECT_EQ(asked.event_id, rebuild.event_id);

    auto delivery = read(store->delivery(given.deliveries[0].id));
    EXPECT_EQ(delivery.dependent, "docker.io/shop/api:latest");
    EXPECT_EQ(delivery.state, model::DeliveryState::pending);
    EXPECT_EQ(delivery.due_at, noon);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Record, HistoryIsWhatStoodBeforeNewestFirst) {
    put(make.baseline(ruby, 1));
    EXPECT_THAT(past(ruby), IsEmpty());
    put(make.move(ruby, 1, 2));
    put(make.move(ruby, 2, 3));
    put(make.move(ruby, 3, 1));
    EXPECT_THAT(past(ruby), ElementsAre(digest(3), digest(2), digest(1)));
    EXPECT_THAT(past(ruby, 2), ElementsAre(digest(3), digest(2)));
    EXPECT_THAT(past("alpine"), IsEmpty());
}

TEST_F(Record, TheSameDigestAddsNothingToTheHistory) {
    put(make.baseline(ruby, 1));
    put(make.baseline(ruby, 1, noon + Milliseconds(60'000)));
    EXPECT_EQ(rows_of_history(), 1);
}

TEST_F(Record, DetailsReadLaterFillTheRowAndAreNeverLost) {
    put(make.baseline(ruby, 1));
    Finding filled;
    filled.state = state(ruby, detailed(1));
    put(std::move(filled));
    put(make.baseline(ruby, 1));
    EXPECT_EQ(rows_of_history(), 1);
    auto current = read(store->bases())[0].current;
    EXPECT_TRUE(current.detailed);
    EXPECT_EQ(current.platforms, detailed(1).platforms);
}

TEST_F(Record, SeveralChangesMayComeFromOneObservation) {
    put(make.baseline(ruby, 1));
    auto finding = make.move(ruby, 1, 2);
    finding.changes.push_back(make.change(ruby, 1, 2));
    finding.changes[1].kind = model::ChangeKind::platform_added;
    put(std::move(finding));
    put(make.move(ruby, 2, 3));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Record, AMoveFromADigestThatIsNotStoredIsAConflictAndLeavesNothing) {
    put(make.baseline(ruby, 1));
    put(make.move(ruby, 1, 2));
    auto late = make.move(ruby, 1, 3, {"ci"});
    late.images.emplace_back(digest(77), model::ImageContent());
    auto given = late;
    EXPECT_EQ(kind_of(store->record(std::move(late))), ErrorKind::conflict);
    EXPECT_EQ(read(store->bases())[0].current.digest, digest(2));
    EXPECT_THAT(read(store->images({digest(77)})), IsEmpty());
    EXPECT_EQ(run(store->event(given.events[0].id)).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(read(store->counts()).changes, 1);
    // A base that is gone, or was never there, is at no digest.
    EXPECT_EQ(kind_of(store->record(make.move("alpine", 1, 2))), ErrorKind::conflict);
}

TEST_F(Record, TheSameDeliveryTwiceIsAConflictAndLeavesNothing) {
    put(make.baseline(ruby, 1));
    auto finding = make.move(ruby, 1, 2, {"ci", "ci"});
    EXPECT_EQ(kind_of(store->record(std::move(finding))), ErrorKind::conflict);
    EXPECT_EQ(read(store->bases())[0].current.digest, digest(1));
    EXPECT_EQ(read(store->counts()).events, 0);
    EXPECT_EQ(read(store->counts()).deliveries["pending"], 0);
}

TEST_F(Record, ADeliveryOfAnUnknownEventIsRefused) {
    Finding finding;
    finding.deliveries.push_back(make.delivery("evt_none", "ci"));
    EXPECT_EQ(kind_of(store->record(std::move(finding))), ErrorKind::conflict);
}

TEST_F(Record, AChangeWithoutItsStateIsRefused) {
    auto finding = make.move(ruby, 1, 2);
    finding.state = model::BaseState();
    EXPECT_EQ(kind_of(store->record(std::move(finding))), ErrorKind::invalid);
}

TEST_F(Record, BecomingUnreachableMovesNothing) {
    put(make.baseline(ruby, 1));
    auto finding = make.move(ruby, 1, 1);
    finding.changes[0].kind = model::ChangeKind::unreachable;
    finding.state.told_unreachable = true;
    put(std::move(finding));
    auto never = make.move("alpine", 1, 1);
    never.state = state("alpine", model::Observation());
    never.changes[0].kind = model::ChangeKind::unreachable;
    never.changes[0].before = never.changes[0].after = model::Observation();
    put(std::move(never));
    EXPECT_EQ(rows_of_history(), 1);
    auto bases = read(store->bases());
    EXPECT_TRUE(bases[0].told_unreachable);
    EXPECT_FALSE(bases[1].observed());
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Record, ImagesAreKnownByTheirDigest) {
    model::ImageContent image{*model::Platform::parse("linux/arm/v7"),
                              {"sha256:a", "sha256:b"},
                              R"({"Cmd":["irb"]})",
                              {{"maintainer", "somebody"}, {"", "\""}},
                              "1970-01-01T00:00:00Z"};
    Finding finding;
    finding.images.emplace_back(digest(1), image);
    put(std::move(finding));
    auto known = read(store->images({digest(2), digest(1)}));
    ASSERT_THAT(known, SizeIs(1));
    EXPECT_EQ(known[0].first, digest(1));
    EXPECT_EQ(known[0].second.platform, image.platform);
    EXPECT_EQ(known[0].second.diff_ids, image.diff_ids);
    EXPECT_EQ(known[0].second.inherited_config, image.inherited_config);
    EXPECT_EQ(known[0].second.labels, image.labels);
    EXPECT_EQ(known[0].second.created, image.created);
}

TEST_F(Record, CheckMarksMoveOnlyWhatMovesAtEveryCheck) {
    Finding first;
    first.state = state(ruby, detailed(1));
    first.state.told_unreachable = true;
    put(std::move(first));
    CheckMark good{reference(ruby).text(), noon + Milliseconds(1), nullptr};
    Failing failing{noon - Milliseconds(5), 2, "no answer", "timed_out"};
    CheckMark bad{reference("alpine").text(), noon, std::make_shared<const Failing>(failing)};
    ASSERT_TRUE(run(store->mark_checked({good, bad})));
    auto bases = read(store->bases());
    ASSERT_THAT(bases, SizeIs(2));
    EXPECT_EQ(bases[0].checked_at, noon + Milliseconds(1));
    EXPECT_EQ(bases[0].current.digest, digest(1));
    EXPECT_TRUE(bases[0].told_unreachable);
    // Never observed, and failing since then: that is worth keeping too.
    EXPECT_FALSE(bases[1].observed());
    EXPECT_EQ(bases[1].failures, 2);
    EXPECT_EQ(bases[1].failing_since, noon - Milliseconds(5));
    EXPECT_EQ(bases[1].last_error_kind, "timed_out");
}

TEST_F(Record, ForgottenBasesBeginAnewAndKeepTheirPast) {
    put(make.baseline(ruby, 1));
    put(make.move(ruby, 1, 2));
    put(make.baseline("alpine", 9));
    ASSERT_TRUE(run(store->forget_bases_but({reference("alpine")}, noon)));
    EXPECT_THAT(read(store->bases()), SizeIs(1));
    EXPECT_EQ(read(store->counts()).changes, 1);
    EXPECT_EQ(read(store->counts()).bases, 1);
    EXPECT_EQ(kind_of(store->record(make.move(ruby, 2, 3))), ErrorKind::conflict);

    put(make.baseline(ruby, 2));
    EXPECT_THAT(past(ruby), ElementsAre(digest(1)));
    ASSERT_TRUE(run(store->forget_bases_but({}, noon)));
    put(make.baseline(ruby, 5));
    EXPECT_THAT(past(ruby), ElementsAre(digest(2), digest(1)));
    put(make.move(ruby, 5, 6));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(Record, TenThousandDeliveriesInOneCommit) {
    put(make.baseline(ruby, 1));
    auto finding = make.move(ruby, 1, 2);
    for (int i = 0; i < 10'000; ++i) {
        finding.deliveries.push_back(make.delivery(finding.events[0].id, "ci"));
        finding.deliveries.back().dependent = "docker.io/shop/image" + std::to_string(i) + ":latest";
    }
    auto before = store->commits();
    auto began = std::chrono::steady_clock::now();
    put(std::move(finding));
    auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
    RecordProperty("milliseconds", static_cast<int>(took.count()));
    EXPECT_EQ(store->commits(), before + 1);
    EXPECT_EQ(read(store->counts()).deliveries["pending"], 10'000);
}

}  // namespace
}  // namespace basewatch::store
