// Tags that come and go in a real registry, and what the real binary tells of them: each once.
#include "support/basewatch_program.hpp"
#include "support/blocking_http.hpp"
#include "support/image_builder.hpp"
#include "support/real_registry.hpp"
#include "support/receiving_thread.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Tags : public testing::Test {
protected:
    model::Digest push(const std::string& tag) {
        ImageOptions options;
        options.layers = {"layer of " + tag};
        return registry_.push("demo/base", tag, image(options));
    }
    std::string configuration(const std::string& pin = "") const {
        std::string repository = registry_.address() + "/demo/base";
        return "registries: {\"" + registry_.address() + "\": {plain_http: true}}\n" +
               "defaults: {interval: 300ms}\n" + "watch: [{image: \"" + repository +
               "\", tags: {glob: \"3.*\"}}]\n" + "rules:\n  - {name: tags, base: \"" + repository +
               ":3.*\", on: [content, tag_created, tag_deleted], fire: hook}\n" +
               "  - {name: next, base: \"" + repository + ":3.1" + pin +
               "\", on: newer_version, fire: hook}\n" + "targets: {hook: {preset: webhook, url: \"" +
               receiver_.url("/hook") + "\"}}\n";
    }
    // `tag_created 3.2`, in order of name.
    std::vector<std::string> told() const {
        std::vector<std::string> found;
        for (const auto& request : receiver_.requests("/hook")) {
            auto data = json::parse(request.body)["data"];
            found.push_back(data["kind"].get<std::string>() + " " + data["base"]["tag"].get<std::string>());
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    RealRegistry registry_;
    ReceivingThread receiver_;
    std::unique_ptr<BasewatchProgram> program_;
};

TEST_F(Tags, AreToldOnceWhenTheyComeAndWhenTheyGo) {
    auto pinned = push("3.1");
    auto second = push("3.2");
    push("latest");
    program_ = std::make_unique<BasewatchProgram>(configuration());
    program_->start();
    ASSERT_TRUE(program_->ready()) << program_->log();
    ASSERT_TRUE(eventually([&] { return program_->has_recorded(2); })) << program_->log();
    EXPECT_THAT(told(), ElementsAre());
    auto patterns = program_->json({"bases"})["patterns"];
    ASSERT_EQ(patterns.size(), 1u);
    EXPECT_EQ(patterns[0]["pattern"], "glob 3.*");
    EXPECT_EQ(patterns[0]["bases"].size(), 2u);
    EXPECT_EQ(patterns[0]["listed"], 3);
    EXPECT_THAT(program_->verb({"bases"}).output, HasSubstr("glob 3.*"));
    EXPECT_THAT(program_->verb({"status"}).output, HasSubstr("1 watched, 0 failing"));

    auto third = push("3.3");
    auto report = program_->verb({"check-now", registry_.reference("demo/base", "3.3")});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    ASSERT_TRUE(eventually([&] { return told().size() == 2; })) << program_->log();
    EXPECT_THAT(told(), ElementsAre("newer_version 3.1", "tag_created 3.3"));

    registry_.remove("demo/base", second);
    // Asked for, since a base that fails is left alone for half a minute and more.
    auto gone_for_good = [&] {
        (void)program_->verb({"check-now", registry_.reference("demo/base", "3.2")});
        return told().size() == 3;
    };
    ASSERT_TRUE(eventually(gone_for_good)) << program_->log();
    EXPECT_THAT(told(), ElementsAre("newer_version 3.1", "tag_created 3.3", "tag_deleted 3.2"));
    EXPECT_TRUE(program_->has_recorded(2));
    auto changes = program_->verb({"changes"}).output;
    for (const char* words : {"tag_created", "tag_deleted", "newer: 3.3"})
        EXPECT_THAT(changes, HasSubstr(words));
    auto story = program_->verb({"explain", registry_.reference("demo/base", "3.3")}).output;
    EXPECT_THAT(story, HasSubstr("points to " + third.short_text()));

    // Over a crash and a start nothing is told again; the pin is compared without being watched.
    program_->kill();
    auto gone = "@sha256:" + std::string(64, 'a');
    program_->write_configuration(configuration(gone));
    program_->start();
    ASSERT_TRUE(program_->ready()) << program_->log();
    ASSERT_TRUE(eventually([&] { return program_->has_recorded(2); })) << program_->log();
    EXPECT_EQ(program_->verb({"check-now", registry_.reference("demo/base", "3.3")}).exit_code, 0);
    EXPECT_EQ(program_->json({"bases", registry_.reference("demo/base", "3.1")})["pin"], "behind");
    EXPECT_THAT(program_->verb({"status"}).output, HasSubstr("1 pinned, 1 behind"));
    EXPECT_EQ(program_->stop(), 0);
    program_->write_configuration(configuration("@" + pinned.text()));
    auto swept = program_->json({"check"});
    EXPECT_EQ(swept["checks"].size(), 2u);
    EXPECT_EQ(swept["checks"][0]["pin"], "current");
    EXPECT_EQ(swept["patterns"][0]["bases"].size(), 2u);
    EXPECT_EQ(told().size(), 3u);
}

}  // namespace
}  // namespace basewatch::test
