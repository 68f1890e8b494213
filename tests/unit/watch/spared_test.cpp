// What a registry is spared by its own list of tags and digests: the sweep asks less, and misses nothing.

#include "sweep_house.hpp"

#include <gmock/gmock.h>

namespace basewatch::watch {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;

constexpr int tags = 8;

class Spared : public testing::Test {
protected:
    Spared() {
        // Harbor is known by the token server that it names.
        test::TokenRules rules;
        rules.realm = "https://registry.example.com/token";
        rules.service = "harbor-registry";
        house.registry.ask_for_token(rules);
        for (int i = 0; i < tags; ++i) {
            bases.push_back(watched("registry.example.com/team/base:" + std::to_string(i)));
            push(i, "layer");
        }
        list();
        house.use(bases);
        house.run();
        house.pass(20min);  // every base is observed and at its phase
        house.registry.forget_requests();
    }
    void push(int tag, const std::string& layer) {
        test::ImageOptions options;
        options.layers = {layer};
        digests[tag] = house.registry.push("team/base", std::to_string(tag), test::image(options));
    }
    // What Harbor's API says of all tags.
    void list() {
        std::string rows;
        for (const auto& [tag, digest] : digests)
            rows += std::string(rows.empty() ? "" : ",") + R"({"digest":")" + digest.text() +
                    R"(","tags":[{"name":")" + std::to_string(tag) + R"("}]})";
        test::Fault says;
        says.target = "/api/v2.0/projects/team/repositories/base/artifacts";
        says.status = 200;
        says.body = "[" + rows + "]";
        house.registry.recover();
        house.registry.fail(says);
    }
    std::size_t lists() const { return house.registry.count("GET", "/api/v2.0/"); }

    void ask_lists(settings::Bulk wanted) {
        auto registries = std::make_shared<settings::RegistriesSettings>(*house.registries);
        registries->by_host[SweepHouse::host].bulk = wanted;
        auto table = std::make_shared<WatchTable>(*table_of(bases));
        table->registries = registries;
        ASSERT_TRUE(house.await(house.watcher().use(table)).has_value());
        house.registry.forget_requests();
    }

    SweepHouse house;
    std::vector<Watched> bases;
    std::map<int, model::Digest> digests;
};

TEST_F(Spared, OneListStandsForTheHeadsOfARepository) {
    house.pass(60min);
    EXPECT_THAT(lists(), AllOf(Ge(3u), Le(6u)));
    // Each tag is asked for by HEAD every four hours all the same: in one hour a part of them.
    EXPECT_THAT(house.registry.count("HEAD"), Le(8u));
    EXPECT_THAT(house.kinds(), IsEmpty());
    for (const auto& state : house.watcher().states()) EXPECT_GE(state.checked_at, house.clock.now() - 20min);
}

TEST_F(Spared, AListIsAskedForOrNotFromTheReloadOnThatSaysSo) {
    ask_lists(settings::Bulk::never);
    house.pass(60min);
    EXPECT_EQ(lists(), 0u);
    ask_lists(settings::Bulk::always);
    house.pass(60min);
    EXPECT_THAT(lists(), Ge(3u));
}

TEST_F(Spared, WhatTheListShowsMovedIsAskedForAndTold) {
    push(3, "new");
    list();
    house.pass(20min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
    EXPECT_EQ(house.changes().at(0).base.tag(), "3");
}

// A list that lags behind hides a change for four hours at most.
TEST_F(Spared, WhatAStaleListHidesIsFoundByHead) {
    push(3, "new");
    house.pass(4h + 20min);
    EXPECT_THAT(house.kinds(), ElementsAre("content"));
}

}  // namespace
}  // namespace basewatch::watch
