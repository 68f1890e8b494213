// A mirror that is behind, or does not answer: what people and programs are told of it, and that it made no
// news.
#include "support/basewatch_program.hpp"
#include "support/blocking_http.hpp"
#include "support/fake_registry.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace basewatch::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Built dated(int year) {
    ImageOptions options;
    options.created = std::to_string(year) + "-01-01T00:00:00Z";
    return image(options);
}

class MirrorViews : public testing::Test {
protected:
    // Four bases, of which the mirror shows `stale` as they were before.
    void begin(int stale) {
        std::string watch;
        for (int i = 0; i < 4; ++i) {
            auto tag = std::to_string(i);
            now_ = registry_.push("demo/base", tag, dated(2026));
            mirrors_ = mirror_.push("demo/base", tag, dated(i < stale ? 2025 : 2026));
            if (i == 0) old_ = mirrors_;
            watch += "  - " + registry_.reference("demo/base", tag) + "\n";
        }
        program_ = std::make_unique<BasewatchProgram>(
            "registries:\n  \"" + registry_.address() + "\": {plain_http: true, mirror: \"http://" +
            mirror_.address() + "\"}\n  \"" + mirror_.address() +
            "\": {plain_http: true}\ndefaults: {interval: 300ms}\nwatch:\n" + watch);
        program_->start();
        ASSERT_TRUE(program_->ready()) << program_->log();
    }
    json mirror() const { return program_->json({"status"})["mirrors"][0]; }
    std::string metrics() const { return http_over(program_->socket_path(), "GET", "/metrics").body; }
    // The mirror's own, with one space between the cells.
    std::string row_of(const std::string& text) const {
        auto row = text.substr(text.rfind("\n" + mirror_.address()));
        std::string squeezed;
        for (char letter : row)
            if (letter != ' ' || !squeezed.ends_with(' ')) squeezed += letter;
        return squeezed;
    }
    std::string labels() const {
        return "{registry=\"" + registry_.address() + "\",mirror=\"" + mirror_.address() + "\"}";
    }

    FakeRegistryThread registry_, mirror_;
    model::Digest now_, mirrors_, old_;
    std::unique_ptr<BasewatchProgram> program_;
};

TEST_F(MirrorViews, SayHowFarAMirrorIsBehind) {
    begin(3);
    ASSERT_TRUE(eventually([&] { return mirror()["behind"] == 3; })) << program_->log();
    auto status = mirror();
    EXPECT_EQ(status["registry"], registry_.address());
    EXPECT_EQ(status["mirror"], mirror_.address());
    EXPECT_EQ(status["state"], "behind");
    std::string since = status["behind_since"];
    EXPECT_THAT(row_of(program_->verb({"status"}).output),
                HasSubstr(registry_.address() + " behind 3 " + since));

    auto late = registry_.reference("demo/base", "0"), current = registry_.reference("demo/base", "3");
    auto base = program_->json({"bases", late});
    EXPECT_EQ(base["digest"], now_.text()) << "what the mirror says is no news";
    EXPECT_EQ(base["mirror"]["name"], mirror_.address());
    EXPECT_EQ(base["mirror"]["digest"], old_.text());
    std::string base_since = base["mirror"]["behind_since"];
    EXPECT_GE(base_since, since);
    auto words = mirror_.address() + " since " + base_since;
    EXPECT_THAT(program_->verb({"bases", late}).output, HasSubstr(words));
    auto all = program_->verb({"bases"}).output;
    auto row = all.find("\n" + late), end = all.find('\n', row + 1);
    EXPECT_THAT(all.substr(row, end - row), HasSubstr(words));
    EXPECT_FALSE(program_->json({"bases", current}).contains("mirror"));
    EXPECT_THAT(program_->verb({"bases", current}).output, Not(HasSubstr(mirror_.address())));

    EXPECT_THAT(metrics(), HasSubstr("basewatch_mirror_behind" + labels() + " 3\n"));
    EXPECT_THAT(metrics(), HasSubstr("basewatch_mirror_behind_since_timestamp_seconds" + labels()));
    EXPECT_THAT(program_->log(), HasSubstr("a mirror is behind its registry"));
    EXPECT_EQ(program_->json({"changes"})["items"].size(), 0u);
    EXPECT_EQ(program_->stop(), 0);
}

TEST_F(MirrorViews, SayThatAMirrorKeepsUpOrIsLeftAlone) {
    begin(0);
    auto asked = [&] { return mirror_.count("HEAD") >= 4; };
    ASSERT_TRUE(eventually(asked)) << program_->log();
    EXPECT_EQ(mirror()["state"], "ready");
    EXPECT_FALSE(mirror().contains("behind_since"));
    EXPECT_THAT(metrics(), HasSubstr("basewatch_mirror_behind" + labels() + " 0\n"));

    mirror_.fail({.status = 503});
    ASSERT_TRUE(eventually([&] { return mirror()["state"] == "left alone"; })) << program_->log();
    EXPECT_THAT(mirror()["error"].get<std::string>(), HasSubstr("503"));
    auto text = program_->verb({"status"}).output;
    EXPECT_THAT(row_of(text), HasSubstr(registry_.address() + " left alone"));
    EXPECT_THAT(text, HasSubstr("0 failing")) << "its registry is asked instead";
    EXPECT_EQ(program_->stop(), 0);
}

}  // namespace
}  // namespace basewatch::test
