// Presets that start a rebuild: the exact request of each.

#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::map<std::string, std::string> github_names{{"owner", "acme"}, {"repository", "shop-api"}};

TEST_F(PresetTest, GithubDispatch) {
    auto request = rendered(settings_of("github-dispatch", "", "ghp_token"), rebuild_event(), github_names);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.text(), "https://api.github.com/repos/acme/shop-api/dispatches");
    EXPECT_EQ(headers_of(request), json_of(R"({
        "Accept": "application/vnd.github+json", "Authorization": "Bearer ghp_token",
        "Content-Type": "application/json", "User-Agent": "basewatch/)" BASEWATCH_VERSION R"(",
        "X-GitHub-Api-Version": "2022-11-28"})"));
    nlohmann::json payload{{"dependent", "registry.example.com/shop/api:latest"},
                           {"base_ref", "docker.io/library/ruby:3.3-alpine"},
                           {"base_image", "docker.io/library/ruby"},
                           {"base_tag", "3.3-alpine"},
                           {"base_old_digest", digest_of('a')},
                           {"base_new_digest", digest_of('b')},
                           {"reason", "base changed"},
                           {"event_id", "evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
                           {"rebuild_id", "rbd_01J9ZK3W8Q6T5V4R3N2M1P0ABC"},
                           {"build_date", "2026-11-23T12:00:05Z"}};
    EXPECT_EQ(json_of(request.body),
              (nlohmann::json{{"event_type", "base-image-updated"}, {"client_payload", payload}}));
    EXPECT_LE(payload.size(), 10u);  // GitHub's limit
}

TEST_F(PresetTest, GithubDispatchOptionsAndLimits) {
    auto settings =
        settings_of("github-dispatch", "https://ghe.example.com/api/v3/repos/a/b/dispatches", "ghp_token");
    settings.options["event_type"] = std::string(150, 'x');
    auto request = rendered(settings, rebuild_event());
    EXPECT_EQ(request.url.text(), "https://ghe.example.com/api/v3/repos/a/b/dispatches");
    EXPECT_EQ(json_of(request.body)["event_type"], std::string(100, 'x'));
    // A repository's name cannot become more of the path.
    auto odd = rendered(settings_of("github-dispatch", "", "ghp_token"), rebuild_event(),
                        {{"owner", "acme/../evil"}, {"repository", "r?x#y"}});
    EXPECT_EQ(odd.url.target, "/repos/acme%2F..%2Fevil/r%3Fx%23y/dispatches");
}

TEST_F(PresetTest, Gitlab) {
    auto request = rendered(settings_of("gitlab", "https://gitlab.example.com", "glptt-1"), rebuild_event(),
                            {{"project", "shop/api"}});
    EXPECT_EQ(request.url.text(), "https://gitlab.example.com/api/v4/projects/shop%2Fapi/trigger/pipeline");
    EXPECT_EQ(headers_of(request)["Content-Type"], "application/x-www-form-urlencoded");
    EXPECT_FALSE(request.headers.find("Authorization"));
    EXPECT_EQ(request.body,
              "ref=main&token=glptt-1&variables%5BBASE_IMAGE%5D=docker.io%2Flibrary%2Fruby"
              "&variables%5BBASE_NEW_DIGEST%5D=sha256%3A" +
                  std::string(64, 'b') + "&variables%5BBASE_OLD_DIGEST%5D=sha256%3A" + std::string(64, 'a') +
                  "&variables%5BBASE_REF%5D=docker.io%2Flibrary%2Fruby%3A3.3-alpine&variables%5BBASE_TAG%5D="
                  "3.3-alpine"
                  "&variables%5BBUILD_DATE%5D=2026-11-23T12%3A00%3A05Z"
                  "&variables%5BDEPENDENT%5D=registry.example.com%2Fshop%2Fapi%3Alatest"
                  "&variables%5BEVENT_ID%5D=evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC&variables%5BREASON%5D=base+changed"
                  "&variables%5BREBUILD_ID%5D=rbd_01J9ZK3W8Q6T5V4R3N2M1P0ABC");
    EXPECT_THAT(describe(request), Not(HasSubstr("glptt-1")));
}

TEST_F(PresetTest, GitlabRefAndAddress) {
    auto settings = settings_of("gitlab", "", "glptt-1");
    settings.options["ref"] = "develop";
    auto by_option = rendered(settings, rebuild_event(), {{"project", "42"}});
    EXPECT_EQ(by_option.url.text(), "https://gitlab.com/api/v4/projects/42/trigger/pipeline");
    EXPECT_THAT(by_option.body, HasSubstr("ref=develop&"));
    auto by_dependent = rendered(settings, rebuild_event(), {{"project", "42"}, {"ref", "release/1&x"}});
    EXPECT_THAT(by_dependent.body, HasSubstr("ref=release%2F1%26x&"));
    EXPECT_FALSE(render_for(settings, rebuild_event()));
}

TEST_F(PresetTest, AReasonCannotBecomeAnotherField) {
    auto event = rebuild_event();
    event["data"]["reason"] = "requested: a&variables[EVIL]=1\n\"<!channel>";
    event["data"]["old"] = nullptr;
    auto request = rendered(settings_of("gitlab", "", "glptt-1"), event, {{"project", "42"}});
    EXPECT_THAT(
        request.body,
        HasSubstr("&variables%5BREASON%5D=requested%3A+a%26variables%5BEVIL%5D%3D1%0A%22%3C%21channel%3E&"));
    EXPECT_THAT(request.body, Not(HasSubstr("BASE_OLD_DIGEST")));  // nothing known, nothing said
}

TEST_F(PresetTest, Jenkins) {
    auto request = rendered(settings_of("jenkins", "https://jenkins.example.com", "11api", "ci"),
                            rebuild_event(), {{"job", "shop-api"}});
    EXPECT_EQ(request.url.text(), "https://jenkins.example.com/job/shop-api/buildWithParameters");
    EXPECT_EQ(request.headers.find("Authorization"), "Basic Y2k6MTFhcGk=");
    EXPECT_EQ(request.headers.find("Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(request.body, "BASE_IMAGE=docker.io%2Flibrary%2Fruby&BASE_NEW_DIGEST=sha256%3A" +
                                std::string(64, 'b') + "&BASE_OLD_DIGEST=sha256%3A" + std::string(64, 'a') +
                                "&BASE_REF=docker.io%2Flibrary%2Fruby%3A3.3-alpine&BASE_TAG=3.3-alpine"
                                "&BUILD_DATE=2026-11-23T12%3A00%3A05Z"
                                "&DEPENDENT=registry.example.com%2Fshop%2Fapi%3Alatest"
                                "&EVENT_ID=evt_01J9ZK3W8Q6T5V4R3N2M1P0ABC&REASON=base+changed"
                                "&REBUILD_ID=rbd_01J9ZK3W8Q6T5V4R3N2M1P0ABC"
                                "&cause=base+changed%3A+docker.io%2Flibrary%2Fruby%3A3.3-alpine");
    EXPECT_THAT(describe(request), Not(HasSubstr("Y2k6MTFhcGk")));
    auto folders = rendered(
        settings_of("jenkins", "https://jenkins.example.com/job/shop/job/{job}/buildWithParameters?token=x",
                    "11api", "ci"),
        rebuild_event(), {{"job", "api"}});
    EXPECT_EQ(folders.url.target, "/job/shop/job/api/buildWithParameters?token=x");
}

TEST_F(PresetTest, DockerhubBuild) {
    auto settings =
        settings_of("dockerhub-build", "https://hub.docker.com/api/build/v1/source/s/trigger/t/call/");
    auto request = rendered(settings, rebuild_event());
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url.target, "/api/build/v1/source/s/trigger/t/call/");
    EXPECT_EQ(headers_of(request)["Content-Type"], "application/json");
    EXPECT_EQ(request.body, "{}");
    settings.options = {{"source_type", "Branch"}, {"source_name", "main"}};
    EXPECT_EQ(json_of(rendered(settings, rebuild_event()).body),
              json_of(R"({"source_type": "Branch", "source_name": "main"})"));
}

}  // namespace
}  // namespace basewatch::presets
