// The tags that repositories are known with, and that what was found in a list stands or falls with it.

#include "fixture.hpp"
#include "store/invariants.hpp"

#include <gmock/gmock.h>

namespace basewatch::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string ruby = "docker.io/library/ruby";

struct TagLists : StoreTest {
    TagList list(const std::string& repository = ruby) { return *run(store->tag_list(repository)); }
    Result<void> record(std::int64_t revision, std::vector<std::string> tags,
                        std::vector<Finding> findings = {}, std::vector<model::Reference> dropped = {}) {
        TagsFound found{ruby, revision, noon, std::move(tags), std::move(findings), std::move(dropped)};
        return run(store->record_tags(std::move(found)));
    }
    std::vector<std::string> bases() {
        std::vector<std::string> names;
        auto states = run(store->bases());
        for (const auto& state : *states) names.push_back(state.reference.tag());
        return names;
    }
};

TEST_F(TagLists, AreKeptWithTheirRevision) {
    EXPECT_EQ(list().revision, 0);
    ASSERT_TRUE(record(0, {"3.1", "3.2"}));
    EXPECT_EQ(list().revision, 1);
    EXPECT_EQ(list().listed_at, noon);
    EXPECT_THAT(list().tags, ElementsAre("3.1", "3.2"));
    ASSERT_TRUE(record(1, {}));
    EXPECT_EQ(list().revision, 2);
    EXPECT_THAT(list().tags, IsEmpty());
    EXPECT_EQ(list("docker.io/library/debian").revision, 0);
}

TEST_F(TagLists, WhatWasComparedWithAnOlderListIsNotKept) {
    ASSERT_TRUE(record(0, {"3.1"}));
    auto again = record(0, {"3.1", "3.2"}, {make.baseline("ruby:3.2", 1)});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind(), ErrorKind::conflict);
    EXPECT_THAT(list().tags, ElementsAre("3.1"));
    EXPECT_THAT(bases(), IsEmpty());
}

TEST_F(TagLists, AreKeptWithTheirFindingsOrNotAtAll) {
    auto created = make.baseline("ruby:3.2", 1);
    created.changes.push_back(make.change("ruby:3.2", 0, 1));
    created.changes[0].kind = model::ChangeKind::tag_created;
    created.changes[0].before = model::Observation();
    auto wrong = make.move("ruby:3.3", 1, 2);  // it was never at 1
    EXPECT_FALSE(record(0, {"3.2", "3.3"}, {created, wrong}));
    EXPECT_EQ(list().revision, 0);
    EXPECT_THAT(bases(), IsEmpty());
    ASSERT_TRUE(record(0, {"3.2"}, {created}));
    EXPECT_THAT(bases(), ElementsAre("3.2"));
    EXPECT_EQ(run(store->changes({10, ""}, std::nullopt))->rows.at(0).kind, model::ChangeKind::tag_created);
    // The digest goes on from there.
    put(make.move("ruby:3.2", 1, 3));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(TagLists, ANewerVersionIsToldOfABaseWithoutMovingIt) {
    put(make.baseline("ruby:3.1", 1));
    Finding finding;
    finding.changes.push_back(make.change("ruby:3.1", 7, 2));
    finding.changes[0].kind = model::ChangeKind::newer_version;
    finding.changes[0].newer_tags = {"3.3", "3.2"};
    ASSERT_TRUE(record(0, {"3.1", "3.2", "3.3"}, {finding}));
    EXPECT_EQ(run(store->bases())->at(0).current.digest, digest(1));
    auto changes = run(store->changes({10, ""}, std::nullopt));
    EXPECT_THAT(changes->rows.at(0).newer_tags, ElementsAre("3.3", "3.2"));
    put(make.move("ruby:3.1", 1, 3));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(TagLists, ADeletedTagLeavesTheListAndTheBases) {
    put(make.baseline("ruby:3.1", 1));
    ASSERT_TRUE(record(0, {"3.1", "3.2"}));
    auto deleted = make.baseline("ruby:3.1", 1);
    deleted.changes.push_back(make.change("ruby:3.1", 1, 0));
    deleted.changes[0].kind = model::ChangeKind::tag_deleted;
    deleted.changes[0].after = model::Observation();
    deleted.forgets = true;
    deleted.tag_gone = true;
    put(deleted);
    EXPECT_THAT(list().tags, ElementsAre("3.2"));
    EXPECT_EQ(list().revision, 2);
    EXPECT_THAT(bases(), IsEmpty());
    // And comes back, as the same or as another.
    put(make.baseline("ruby:3.1", 1));
    put(make.move("ruby:3.1", 1, 2));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(TagLists, WhatNobodyWatchesAnyMoreIsDropped) {
    put(make.baseline("ruby:3.1", 1));
    put(make.baseline("ruby:3.2", 2));
    ASSERT_TRUE(record(0, {"3.1", "3.2"}, {}, {reference("ruby:3.1")}));
    EXPECT_THAT(bases(), ElementsAre("3.2"));
    EXPECT_TRUE(run(store->forget_tag_lists_but({ruby})));
    EXPECT_EQ(list().revision, 1);
    EXPECT_TRUE(run(store->forget_tag_lists_but({})));
    EXPECT_EQ(list().revision, 0);
    EXPECT_THAT(broken_invariants(path), IsEmpty());
}

TEST_F(TagLists, HowOftenATagWasMissingSurvives) {
    CheckMark mark;
    mark.base = reference("ruby:3.1").text();
    mark.checked_at = noon;
    Failing failing;
    failing.since = noon;
    failing.failures = 2;
    failing.missing = 2;
    failing.missing_since = noon;
    mark.failing = std::make_shared<const Failing>(failing);
    ASSERT_TRUE(run(store->mark_checked({mark})));
    auto states = run(store->bases());
    EXPECT_EQ(states->at(0).missing, 2);
    EXPECT_EQ(states->at(0).missing_since, noon);
}

}  // namespace
}  // namespace basewatch::store
