#include "api/replays.hpp"

#include "foundation/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace basewatch::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReplayWish, IsReadWhole) {
    auto wish = read_replay_wish({{"since", "2026-11-23T10:00:00Z"},
                                  {"until", "2026-11-23T11:00:00Z"},
                                  {"target", "ci"},
                                  {"change", "chg_1"},
                                  {"delivery", "dlv_1"},
                                  {"states", {"dead"}},
                                  {"dry_run", true}});
    ASSERT_TRUE(wish) << wish.error().message();
    EXPECT_EQ(rfc3339(*wish->what.since), "2026-11-23T10:00:00Z");
    EXPECT_EQ(rfc3339(*wish->what.until), "2026-11-23T11:00:00Z");
    EXPECT_EQ(wish->what.target, "ci");
    EXPECT_EQ(wish->what.change_id, "chg_1");
    EXPECT_EQ(wish->what.delivery_id, "dlv_1");
    EXPECT_THAT(wish->what.states, ElementsAre(model::DeliveryState::dead));
    EXPECT_TRUE(wish->dry_run);
    EXPECT_EQ(read_replay_wish({{"change", "chg_1"}})->what.states.size(), 3u);
}

TEST(ReplayWish, SaysWhatIsWrongWithIt) {
    struct Row {
        nlohmann::json body;
        const char* says;
    };
    for (const Row& row : {
             Row{nlohmann::json::object(), "`since`, `change` or `delivery`"},
             Row{{{"target", "ci"}}, "`since`, `change` or `delivery`"},
             Row{{{"since", "yesterday"}}, "`since`"},
             Row{{{"since", 5}}, "`since` is to be a text"},
             Row{{{"since", "2026-11-23T10:00:00Z"}, {"until", "2026-11-23T10:00:00Z"}}, "not after"},
             Row{{{"change", "chg_1"}, {"states", {"sending"}}}, "waiting, delivered, dead"},
             Row{{{"change", "chg_1"}, {"states", nlohmann::json::array()}}, "waiting, delivered, dead"},
             Row{{{"change", "chg_1"}, {"dry_run", "yes"}}, "true or false"},
             Row{{{"change", "chg_1"}, {"dryrun", true}}, "did you mean `dry_run`"},
         }) {
        auto wish = read_replay_wish(row.body);
        ASSERT_FALSE(wish) << row.body;
        EXPECT_EQ(wish.error().kind(), ErrorKind::invalid);
        EXPECT_THAT(wish.error().message(), HasSubstr(row.says));
    }
}

}  // namespace
}  // namespace basewatch::api
