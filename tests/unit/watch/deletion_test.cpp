// Tags that are not there any more: what it takes before that is told, and what never tells it.

#include "watch/deletion.hpp"

#include "sweep_house.hpp"

#include <random>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using Outcome = CheckReport::Outcome;

const Time noon{Milliseconds(1'795'435'200'000)};

TEST(DeletionDecision, IsATable) {
    struct Row {
        int answers;
        Milliseconds ago;
        Milliseconds listed_ago;  // -1: never
        Deletion expected;
    };
    const Row rows[] = {
        {1, 0min, 0min, Deletion::not_yet},
        {3, 0min, 0min, Deletion::not_yet},
        {3, 29min, 1min, Deletion::not_yet},
        {2, 30min, 1min, Deletion::not_yet},
        {2, 24h, 1min, Deletion::not_yet},
        {3, 30min, 1min, Deletion::confirm},
        {3, 30min, 30min, Deletion::confirm},
        {3, 30min, 31min, Deletion::needs_list},
        {9, 24h, Milliseconds(-1), Deletion::needs_list},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(testing::Message() << row.answers << " answers since " << row.ago.count());
        MissingTag tag{row.answers, noon - row.ago, 15min,
                       row.listed_ago < 0ms ? Time() : noon - row.listed_ago};
        EXPECT_EQ(deletion(tag, noon), row.expected);
    }
}

class DeletedTags : public testing::Test {
protected:
    void push(const std::string& tag) { house.registry.push("base", tag, test::image()); }
    void begin(const std::vector<std::string>& tags, std::vector<Watched> bases = {}) {
        for (const auto& tag : tags) push(tag);
        house.use(std::move(bases), {pattern("3.*")});
        house.run();
    }
    void check_all() { house.check_all(); }
    std::size_t watched_now() { return house.watcher().states().size(); }
    std::vector<std::string> told_deleted() {
        std::vector<std::string> found;
        for (const auto& change : house.changes())
            if (change.kind == model::ChangeKind::tag_deleted) found.push_back(change.base.tag());
        return found;
    }
    SweepHouse house;
};

TEST_F(DeletedTags, AreToldOnceAfterTwoIntervals) {
    begin({"3.1", "3.2"});
    auto digest = house.state("registry.example.com/base:3.2").current.digest;
    house.pass(1h);
    house.registry.untag("base", "3.2");
    house.pass(28min);
    EXPECT_THAT(house.told(), IsEmpty());
    EXPECT_EQ(watched_now(), 2u);
    house.pass(80min);
    ASSERT_THAT(house.told(), ElementsAre("tag_deleted 3.2"));
    auto change = house.changes().at(0);
    EXPECT_EQ(change.before.digest, digest);
    EXPECT_TRUE(change.after.digest.empty());
    EXPECT_EQ(watched_now(), 1u);
    EXPECT_THAT(house.delivered_to(), UnorderedElementsAre("slack", "build"));
    auto events = house.await(house.store().events({10, ""}));
    EXPECT_EQ(nlohmann::json::parse(events->rows.back().json)["data"]["new"], nullptr);
    house.pass(5h);
    house.restart();
    house.use({}, {pattern("3.*")});
    house.run();
    house.pass(5h);
    EXPECT_EQ(house.told().size(), 1u);
    EXPECT_EQ(watched_now(), 1u);
    EXPECT_EQ(house.watcher().progress().failing, 0u);
}

TEST_F(DeletedTags, AreConfirmedByAGet) {
    begin({"3.1", "3.2"});
    house.pass(1h);
    house.registry.fail({.method = "HEAD", .target = "/manifests/3.2", .status = 404});
    house.pass(6h);
    EXPECT_THAT(house.told(), IsEmpty());
    EXPECT_EQ(watched_now(), 2u);
}

TEST_F(DeletedTags, AreNeverToldOfAnythingButA404) {
    for (int status : {400, 401, 403, 405, 429, 500, 502, 503}) {
        SCOPED_TRACE(status);
        SweepHouse one;
        one.registry.push("base", "3.1", test::image());
        one.use({}, {pattern("3.*")});
        one.run();
        one.registry.fail({.target = "/manifests/", .status = status, .body = "no"});
        one.pass(8h);
        EXPECT_THAT(one.told(), Not(Contains("tag_deleted 3.1")));
        EXPECT_EQ(one.watcher().states().size(), 1u);
    }
}

TEST_F(DeletedTags, AreNotToldWhileTheRegistryAlsoSaysOtherThings) {
    begin({"3.1"});
    house.registry.untag("base", "3.1");
    for (int i = 0; i < 40; ++i) {
        house.check("registry.example.com/base:3.1");
        house.clock.advance(10min);
        house.check("registry.example.com/base:3.1");
        house.registry.fail({.target = "/manifests/3.1", .status = 503});
        house.check("registry.example.com/base:3.1");
        house.registry.recover();
    }
    EXPECT_THAT(told_deleted(), IsEmpty());
}

// A login that was lost: what it can no longer see is not deleted.
TEST_F(DeletedTags, AreNotToldOfARepositoryThatCannotBeListed) {
    begin({"3.1", "3.2"});
    house.pass(10min);
    house.registry.fail({.status = 404, .body = "{}"});
    house.pass(12h);
    EXPECT_THAT(told_deleted(), IsEmpty());
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable", "unreachable"));
    EXPECT_EQ(watched_now(), 2u);
    house.registry.recover();
    house.pass(2h);
    EXPECT_THAT(house.kinds(), ElementsAre("unreachable", "unreachable", "recovered", "recovered"));
}

TEST_F(DeletedTags, AreToldAsSoonAsTheListIsThereThatTheyWaitedFor) {
    begin({"3.1", "3.2"});
    house.pass(1h);
    house.registry.untag("base", "3.2");
    house.registry.fail({.target = "/tags/list", .status = 503});
    house.pass(12h);
    EXPECT_THAT(told_deleted(), IsEmpty());
    house.registry.recover();
    house.registry.forget_requests();
    while (house.registry.count("GET", "/tags/list") == 0) house.pass(1s);
    EXPECT_THAT(told_deleted(), ElementsAre("3.2")) << "not only when its back-off is over";
}

TEST_F(DeletedTags, AreNotToldOfAListThatForgetsThem) {
    begin({"3.1", "3.2", "3.3", "3.4"});
    house.registry.fail({.target = "/tags/list", .body = R"({"name":"base","tags":["3.1"]})"});
    house.pass(6h);
    house.registry.recover();
    house.registry.fail({.target = "/tags/list", .body = R"({"name":"base","tags":["3.1","3.2","3.3"]})"});
    house.pass(6h);
    EXPECT_THAT(house.told(), IsEmpty());
    EXPECT_EQ(watched_now(), 4u);
}

TEST_F(DeletedTags, AreToldByRunsOfCheckAsWell) {
    begin({"3.1", "3.2"});
    house.registry.untag("base", "3.2");
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(house.told(), IsEmpty());
        house.restart();
        house.use({}, {pattern("3.*")});
        check_all();
        house.clock.advance(15min);
    }
    EXPECT_THAT(house.told(), ElementsAre("tag_deleted 3.2"));
}

TEST_F(DeletedTags, ComeBackAsNewOnes) {
    begin({"3.1", "3.2"});
    house.registry.untag("base", "3.2");
    house.pass(3h);
    push("3.2");
    house.pass(2h);
    EXPECT_THAT(house.told(), ElementsAre("tag_deleted 3.2", "tag_created 3.2"));
    EXPECT_EQ(watched_now(), 2u);
}

TEST_F(DeletedTags, ThatARuleNamesAreToldOnceAndStayWatched) {
    begin({"3.1", "3.2"}, {watched("registry.example.com/base:3.2")});
    house.registry.untag("base", "3.2");
    house.pass(12h);
    EXPECT_THAT(told_deleted(), ElementsAre("3.2"));
    EXPECT_EQ(watched_now(), 2u);
    push("3.2");
    house.pass(2h);
    EXPECT_THAT(house.told(), Contains("tag_created 3.2"));
    EXPECT_THAT(house.state("registry.example.com/base:3.2").last_error, "");
}

TEST_F(DeletedTags, ThatWereOnlyEverListedAreLeftWithoutAWord) {
    house.registry.fail({.target = "/tags/list", .body = R"({"name":"base","tags":["3.1","3.9"]})"});
    begin({"3.1"});
    EXPECT_EQ(watched_now(), 2u);
    house.pass(6h);
    EXPECT_THAT(told_deleted(), IsEmpty());
    EXPECT_EQ(watched_now(), 1u);
}

// Tags come and go, the daemon restarts, the registry has its days: in the end each tag was told as often as
// it changed, and in turns.
TEST(RandomTags, AreToldInTurnsAndNeverOfTheWeather) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 dice(seed);
        SweepHouse house;
        auto use = [&] { house.use({}, {pattern("3.*")}); };
        std::set<std::string> there{"3.0", "3.1", "3.2"};
        for (const auto& tag : there) house.registry.push("base", tag, test::image());
        use();
        house.run();
        auto baseline = there;
        std::map<std::string, int> came, went;
        for (int step = 0; step < 12; ++step) {
            if (dice() % 3 == 0)
                house.registry.fail({.target = dice() % 2 == 0 ? "/tags/list" : "/manifests/",
                                     .times = static_cast<int>(1 + dice() % 10),
                                     .status = dice() % 2 == 0 ? 503 : 401,
                                     .body = "no"});
            auto tag = "3." + std::to_string(dice() % 6);
            switch (dice() % 5) {
                case 0:
                case 1:
                    if (there.insert(tag).second) {
                        house.registry.push("base", tag, test::image());
                        ++came[tag];
                    } else if (there.size() > 1) {
                        house.registry.untag("base", tag);
                        there.erase(tag);
                        ++went[tag];
                    }
                    break;
                case 2:
                    house.restart();
                    use();
                    house.run();
                    break;
                default:
                    use();
            }
            house.pass(5h);
            house.registry.recover();
        }
        std::set<std::string> watched_tags;
        for (const auto& state : house.watcher().states()) watched_tags.insert(state.reference.tag());
        EXPECT_EQ(watched_tags, there);
        std::map<std::string, int> created, deleted;
        std::map<std::string, bool> known;
        for (const auto& tag : baseline) known[tag] = true;
        for (const auto& change : house.changes()) {
            bool creates = change.kind == model::ChangeKind::tag_created;
            if (!creates && change.kind != model::ChangeKind::tag_deleted) continue;
            ++(creates ? created : deleted)[change.base.tag()];
            EXPECT_NE(known[change.base.tag()], creates) << change.base.tag();
            known[change.base.tag()] = creates;
        }
        EXPECT_EQ(created, came);
        EXPECT_EQ(deleted, went);
    }
}

}  // namespace
}  // namespace basewatch::watch
