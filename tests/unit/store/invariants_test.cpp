#include "store/invariants.hpp"

#include "fixture.hpp"

namespace basewatch::store {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Damage {
    const char* name;
    const char* sql;
    const char* told;
};

struct Invariants : StoreTest, ::testing::WithParamInterface<Damage> {};

const Damage damages[] = {
    {"EventWithoutChange", "UPDATE events SET change_id = 'chg_none'",
     "an event of a change that does not exist"},
    {"EventNoJson", "UPDATE events SET json = '{'", "an event that is not JSON"},
    {"DeliveryWithoutEvent", "UPDATE deliveries SET event_id = 'evt_none'", "a delivery without its event"},
    {"ForeignKey", "UPDATE deliveries SET event_id = 'evt_none'", "a row of deliveries refers to one"},
    {"RebuildWithoutEvent", "UPDATE rebuilds SET event_id = 'evt_none'", "a rebuild without its event"},
    {"OpenWithoutDue", "UPDATE deliveries SET due_at = 0", "an open delivery without a due time"},
    {"AttemptsMiscounted", "UPDATE deliveries SET attempts = 3", "counts other attempts than were recorded"},
    {"ArrivedWithoutAttempt", "UPDATE deliveries SET state = 'delivered'", "arrived without an attempt"},
    {"GrowsThoughTried", "UPDATE deliveries SET joinable = 1, state = 'sending'",
     "was tried and may still grow"},
    {"WaitsThoughTried", "UPDATE deliveries SET held_by = 'group of rule r', state = 'sending'",
     "was tried and waits for others"},
    {"EventMissing", "UPDATE joined_events SET position = 1", "not numbered one after the other"},
    {"TooManyEvents",
     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO joined_events "
     "SELECT delivery_id, i, event_id, 'dlv_' || i FROM joined_events, n",
     "more events than one holds"},
    {"BuildsTogether", "UPDATE deliveries SET dependent = 'docker.io/shop/api:latest'",
     "a build that is told together"},
    {"ToldTwice", "UPDATE joined_events SET event_id = (SELECT event_id FROM deliveries)",
     "an event that is told twice to one target"},
    {"IdKeptForAnother", "UPDATE joined_events SET own_id = delivery_id", "an id that is kept for another"},
    {"BaseBehind", "UPDATE bases SET observation = (SELECT min(seq) FROM observations)",
     "a base that is not at its newest observation"},
    {"ReplacedButNewest",
     "UPDATE observations SET replaced_at = 1 WHERE seq = (SELECT max(seq) FROM observations)",
     "marked as replaced"},
    {"NeverAges", "DELETE FROM bases", "that no base is at and that never ages"},
    {"SameTwice", "UPDATE observations SET digest = (SELECT max(digest) FROM observations)",
     "the same digest observed twice in a row"},
    {"ChainBroken",
     "UPDATE changes SET before_digest = after_digest WHERE seq = (SELECT max(seq) FROM changes)",
     "a change that does not go on"},
    {"FirstChangeFromNowhere",
     "UPDATE changes SET before_digest = 'sha256:0' WHERE seq = (SELECT min(seq) FROM changes)",
     "a change that does not go on"},
    {"ChangeMissing", "DELETE FROM events; DELETE FROM changes WHERE seq = (SELECT max(seq) FROM changes)",
     "moved on from its last change without another one"},
    {"Miscounted", "UPDATE tallies SET count = 9 WHERE name = 'waiting'", "a count that is wrong: waiting"},
};

TEST_P(Invariants, AreToldWhenTheyAreBroken) {
    put(make.baseline("ruby:3.3", 1));
    put(make.move("ruby:3.3", 1, 2));
    auto finding = make.move("ruby:3.3", 2, 3, {"ci"});
    finding.rebuilds.push_back({"rbd_1",
                                reference("shop/api"),
                                reference("ruby:3.3"),
                                "base changed",
                                {},
                                finding.events[0].id,
                                std::nullopt,
                                noon,
                                "requested"});
    finding.deliveries[0].group = model::Grouping{Milliseconds(1000), Milliseconds(1000), "r"};
    put(std::move(finding));
    auto joins = make.news({"ci"});
    joins.deliveries[0].group = model::Grouping{Milliseconds(1000), Milliseconds(1000), "r"};
    put(std::move(joins));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
    change_by_hand(GetParam().sql);
    EXPECT_THAT(broken_invariants(path), Contains(HasSubstr(GetParam().told)));
}

INSTANTIATE_TEST_SUITE_P(Each, Invariants, ::testing::ValuesIn(damages),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(InvariantsOfNoFile, AreASentenceToo) {
    test::TemporaryFolder folder;
    EXPECT_THAT(broken_invariants(folder / "none.db"), ElementsAre(HasSubstr("cannot be read")));
    EXPECT_THAT(broken_invariants(folder.write("text.db", std::string(5000, 'x'))),
                ElementsAre(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace basewatch::store
