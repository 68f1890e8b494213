#include "fixture.hpp"

namespace basewatch::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Lists : StoreTest {
    // Every row of a list, by pages of `limit`; how many pages it took.
    template <class Row, class Ask>
    std::vector<std::string> walk(std::size_t limit, Ask question, int* pages = nullptr) {
        std::vector<std::string> ids;
        PageRequest request{limit, ""};
        for (int i = 1;; ++i) {
            Page<Row> page = read(question(request));
            for (const auto& row : page.rows) ids.push_back(row.id);
            if (pages != nullptr) *pages = i;
            if (page.cursor.empty()) return ids;
            request.cursor = page.cursor;
        }
    }
};

TEST_F(Lists, ArePagedNewestFirstWithoutLossOrRepetition) {
    std::vector<std::string> changes, events, deliveries;
    put(make.baseline("ruby:3.3", 0));
    for (int i = 0; i < 7; ++i) {
        auto finding = make.move("ruby:3.3", i, i + 1, {"ci"});
        changes.insert(changes.begin(), finding.changes[0].id);
        events.insert(events.begin(), finding.events[0].id);
        deliveries.insert(deliveries.begin(), finding.deliveries[0].id);
        put(std::move(finding));
    }
    for (std::size_t limit : {1, 2, 3, 7, 1000}) {
        EXPECT_EQ(walk<model::Change>(limit, [&](auto page) { return store->changes(page, std::nullopt); }),
                  changes);
        EXPECT_EQ(walk<model::Event>(limit, [&](auto page) { return store->events(page); }), events);
        EXPECT_EQ(walk<model::Delivery>(limit, [&](auto page) { return store->deliveries(page, {}); }),
                  deliveries);
    }
    // A full last page says that there is no more.
    int pages = 0;
    walk<model::Event>(7, [&](auto page) { return store->events(page); }, &pages);
    EXPECT_EQ(pages, 1);
}

TEST_F(Lists, ARowThatComesMeanwhileDoesNotShiftThePages) {
    for (int i = 0; i < 4; ++i) put(make.news({}));
    auto first = read(store->events({2, ""}));
    put(make.news({}));
    auto second = read(store->events({2, first.cursor}));
    EXPECT_THAT(second.rows, SizeIs(2));
    EXPECT_LT(second.rows[0].id, first.rows[1].id);
    EXPECT_EQ(second.cursor, "");
}

TEST_F(Lists, RefuseCursorsThatTheyDidNotGive) {
    for (int i = 0; i < 3; ++i) put(make.news({}));
    auto cursor = read(store->events({1, ""})).cursor;
    EXPECT_TRUE(run(store->events({1, cursor})));
    for (const std::string& bad :
         {std::string("x"), std::string("e"), std::string("e0"), std::string("e-1"), std::string("e01"),
          std::string("e+1"), std::string("e1 "), std::string(" e1"), std::string("e1x"),
          std::string("e99999999999999999999"), "d" + cursor.substr(1), cursor + '\0'})
        EXPECT_EQ(run(store->events({1, bad})).error().kind(), ErrorKind::invalid) << bad;
}

TEST_F(Lists, HaveBetweenOneAndAThousandRows) {
    EXPECT_EQ(run(store->events({0, ""})).error().kind(), ErrorKind::invalid);
    EXPECT_EQ(run(store->events({1001, ""})).error().kind(), ErrorKind::invalid);
    EXPECT_TRUE(run(store->events({1000, ""})));
}

TEST_F(Lists, ChangesOfOneBase) {
    put(make.baseline("ruby:3.3", 1));
    put(make.baseline("alpine", 1));
    auto finding = make.move("ruby:3.3", 1, 2);
    auto id = finding.changes[0].id;
    put(std::move(finding));
    put(make.move("alpine", 1, 2));
    auto page = read(store->changes({10, ""}, reference("ruby:3.3")));
    ASSERT_THAT(page.rows, SizeIs(1));
    EXPECT_EQ(page.rows[0].id, id);
}

TEST_F(Lists, DeliveriesByEveryFilter) {
    auto finding = make.news({"ci", "chat"});
    finding.deliveries[0].dependent = "docker.io/shop/api:latest";
    auto ci = finding.deliveries[0].id, chat = finding.deliveries[1].id, event = finding.events[0].id;
    put(std::move(finding));
    put(make.news({"ci"}));
    read(store->claim_due("chat", noon, 1));
    auto ids = [&](DeliveryFilter filter) {
        return walk<model::Delivery>(1, [&](auto page) { return store->deliveries(page, filter); });
    };
    DeliveryFilter filter;
    filter.event_id = event;
    EXPECT_THAT(ids(filter), ElementsAre(chat, ci));
    filter.target = "ci";
    EXPECT_THAT(ids(filter), ElementsAre(ci));
    filter = {};
    filter.state = "sending";
    EXPECT_THAT(ids(filter), ElementsAre(chat));
    filter = {};
    filter.dependent = "docker.io/shop/api:latest";
    EXPECT_THAT(ids(filter), ElementsAre(ci));
    filter.state = "dead";
    EXPECT_THAT(ids(filter), IsEmpty());
    model::Attempt attempt;
    attempt.delivery_id = chat;
    attempt.reason = "tls";
    attempt.next = model::DeliveryState::dead;
    ASSERT_TRUE(run(store->finish_attempt(attempt)));
    filter = {};
    filter.state = "dead";
    filter.reason = "tls";
    EXPECT_THAT(ids(filter), ElementsAre(chat));
    filter.reason = "dns";
    EXPECT_THAT(ids(filter), IsEmpty());
    filter = {};
    filter.target = "ci";
    EXPECT_THAT(ids(filter), SizeIs(2));
    filter.state = "asleep' OR 1=1";
    EXPECT_EQ(run(store->deliveries({10, ""}, filter)).error().kind(), ErrorKind::invalid);
}

TEST_F(Lists, RebuildsOfOneDependentWithTheirCauses) {
    auto finding = make.news({});
    for (const std::string& id : {std::string("rbd_1"), std::string("rbd_2")})
        finding.rebuilds.push_back({id,
                                    reference("shop/" + id),
                                    reference("ruby:3.3"),
                                    "requested: test",
                                    {"evt_of_" + id},
                                    finding.events[0].id,
                                    std::nullopt,
                                    noon,
                                    "requested"});
    put(std::move(finding));
    auto all = read(store->rebuilds({10, ""}, std::nullopt));
    ASSERT_THAT(all.rows, SizeIs(2));
    EXPECT_EQ(all.rows[0].id, "rbd_2");
    auto page = read(store->rebuilds({10, ""}, reference("shop/rbd_1")));
    ASSERT_THAT(page.rows, SizeIs(1));
    EXPECT_THAT(page.rows[0].causes, ElementsAre("evt_of_rbd_1"));
    EXPECT_EQ(page.rows[0].deadline, std::nullopt);
}

TEST_F(Lists, EventsOfAChangeInTheOrderInWhichTheyCame) {
    put(make.baseline("ruby:3.3", 1));
    auto finding = make.move("ruby:3.3", 1, 2);
    finding.events.push_back(make.event(finding.changes[0].id));
    auto first = finding.events[0].id, second = finding.events[1].id, change = finding.changes[0].id;
    put(std::move(finding));
    auto events = read(store->events_of_change(change));
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(events[0].id, first);
    EXPECT_EQ(events[1].id, second);
    EXPECT_THAT(read(store->events_of_change("chg_none")), IsEmpty());
}

TEST_F(Lists, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(run(store->change("chg_none")).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(run(store->event("evt_none")).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(run(store->delivery("dlv_none")).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(run(store->rebuild("rbd_none")).error().kind(), ErrorKind::not_found);
    EXPECT_THAT(read(store->attempts("dlv_none")), IsEmpty());
}

TEST_F(Lists, CountsNameEveryStateOfADelivery) {
    put(make.baseline("ruby:3.3", 1));
    put(make.move("ruby:3.3", 1, 2, {"ci", "chat"}));
    read(store->claim_due("ci", noon, 1));
    auto counts = read(store->counts());
    EXPECT_EQ(counts.bases, 1);
    EXPECT_EQ(counts.changes, 1);
    EXPECT_EQ(counts.events, 1);
    EXPECT_EQ(counts.rebuilds, 0);
    std::map<std::string, std::int64_t> expected{
        {"pending", 1}, {"sending", 1}, {"waiting", 0}, {"delivered", 0}, {"dead", 0}};
    EXPECT_EQ(counts.deliveries, expected);
}

struct RuleRows : StoreTest {
    model::Rule rule(const std::string& name) {
        model::Rule rule;
        rule.name = name;
        rule.bases = {"docker.io/library/ruby:*"};
        rule.on = {model::ChangeKind::content, model::ChangeKind::platform_added};
        rule.dependents = {"docker.io/shop/api:latest"};
        rule.fire = {"ci", "chat"};
        rule.when = ".data.kind == \"content\"";
        if (name == "c")
            rule.group = model::RuleGroup{model::Grouping{Milliseconds(1000), Milliseconds(5000), name}};
        if (name == "b") rule.group = model::RuleGroup();
        return rule;
    }
    std::vector<std::string> names() {
        std::vector<std::string> names;
        for (const auto& rule : read(store->rules())) names.push_back(rule.origin + " " + rule.name);
        return names;
    }
};

TEST_F(RuleRows, OfTheFileAreReplacedAndThoseOfTheApiStay) {
    ASSERT_TRUE(run(store->replace_file_rules({rule("b"), rule("a")})));
    change_by_hand(
        "INSERT INTO rules (name, origin, body) VALUES ('a', 'api', "
        "'{\"bases\":[],\"on\":[],\"dependents\":[],\"fire\":[]}')");
    EXPECT_THAT(names(), ElementsAre("file b", "file a", "api a"));
    ASSERT_TRUE(run(store->replace_file_rules({rule("c")})));
    EXPECT_THAT(names(), ElementsAre("file c", "api a"));
    auto kept = read(store->rules())[0];
    EXPECT_EQ(kept.bases, rule("c").bases);
    EXPECT_EQ(kept.on, rule("c").on);
    EXPECT_EQ(kept.dependents, rule("c").dependents);
    EXPECT_EQ(kept.fire, rule("c").fire);
    EXPECT_EQ(kept.when, rule("c").when);
    ASSERT_TRUE(kept.group.has_value());
    EXPECT_EQ(model::to_string(kept.group->together), "{wait: 1s, most: 5s}");
    EXPECT_EQ(kept.group->together->rule, "c");
    ASSERT_TRUE(run(store->replace_file_rules({rule("b"), rule("a")})));
    auto rules = read(store->rules());
    ASSERT_TRUE(rules[0].group.has_value());
    EXPECT_FALSE(rules[0].group->together.has_value());
    EXPECT_FALSE(rules[1].group.has_value());
}

TEST_F(RuleRows, AreReplacedWholeOrNotAtAll) {
    ASSERT_TRUE(run(store->replace_file_rules({rule("a")})));
    EXPECT_EQ(kind_of(store->replace_file_rules({rule("b"), rule("b")})), ErrorKind::conflict);
    EXPECT_THAT(names(), ElementsAre("file a"));
}

TEST_F(RuleRows, TheSameOnesAgainCostNoCommit) {
    ASSERT_TRUE(run(store->replace_file_rules({rule("a")})));
    auto before = store->commits();
    ASSERT_TRUE(run(store->replace_file_rules({rule("a")})));
    EXPECT_EQ(store->commits(), before);
}

}  // namespace
}  // namespace basewatch::store
