// What goes to NATS: the event as a webhook would get it, to which subject and as whom.

#include "presets/nats.hpp"

#include "presets/way.hpp"
#include "unit/presets/preset_fixture.hpp"

namespace basewatch::presets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class NatsTest : public PresetTest {
protected:
    static settings::TargetSettings nats_target(const std::string& subject = "basewatch.events") {
        auto settings = settings_of("nats");
        settings.nats.servers = {{"nats.example.com", 4222}, {"::1", 4223}};
        settings.nats.tls = true;
        settings.nats.subject = subject;
        return settings;
    }
    Result<net::NatsMessage> message_for(const settings::TargetSettings& settings,
                                         const nlohmann::json& event,
                                         std::map<std::string, std::string> with = {}) {
        auto target = merge(settings);
        if (!target) return target.error();
        RenderInput input;
        input.event_json = event.dump();
        input.event_type = event["type"];
        input.with = std::move(with);
        return test::run_async(loop, render_nats(*target, std::move(input), "dlv_1", worker),
                               std::chrono::seconds(60));
    }
    static std::string fault(const settings::TargetSettings& settings) {
        auto target = merge(settings);
        return target ? "" : target.error().message();
    }
};

TEST_F(NatsTest, TheEventItselfIsTheBody) {
    auto settings = nats_target();
    settings.username = "basewatch";
    settings.server.password = Secret("pass-word-pass-word");
    settings.tls.ca_file = "ca.pem";
    auto event = changed_event();
    auto made = message_for(settings, event);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->target, "target");
    EXPECT_EQ(made->subject, "basewatch.events");
    EXPECT_EQ(made->body, event.dump());
    EXPECT_EQ(made->message_id, "dlv_1");
    EXPECT_EQ(made->headers.find("Content-Type"), "application/cloudevents+json; charset=utf-8");
    EXPECT_TRUE(made->jetstream);
    EXPECT_EQ(made->timeout, std::chrono::seconds(15));
    EXPECT_EQ(made->access.servers,
              (std::vector<net::NatsServer>{{"nats.example.com", 4222}, {"::1", 4223}}));
    EXPECT_TRUE(made->access.tls);
    EXPECT_EQ(made->access.ca_file, "ca.pem");
    EXPECT_EQ(made->access.password, "pass-word-pass-word");
    EXPECT_EQ(made->access.addresses, net::AddressRule::no_metadata);
    auto text = describe(*made);
    EXPECT_THAT(text, StartsWith("NATS message by tls://nats.example.com:4222, [::1]:4223, as basewatch\n"
                                 "subject: basewatch.events, to be stored by a JetStream stream\n"));
    EXPECT_THAT(
        text, AllOf(HasSubstr("Nats-Msg-Id: dlv_1\n"), HasSubstr(event.dump()), Not(HasSubstr("pass-word"))));
}

TEST_F(NatsTest, ABodyOfTheUsersIsJson) {
    auto settings = nats_target();
    settings.fields.body = "{image: .data.base.reference}";
    settings.nats.jetstream = false;
    auto made = message_for(settings, changed_event());
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->body, R"({"image":"docker.io/library/ruby:3.3-alpine"})");
    EXPECT_EQ(made->headers.find("Content-Type"), "application/json");
    EXPECT_THAT(describe(*made), HasSubstr("without JetStream"));
}

TEST_F(NatsTest, PlacesOfTheSubjectAreOnePartEach) {
    auto settings = nats_target("builds.{project}.{ref}");
    EXPECT_THAT(places(*merge(settings)), ElementsAre("project", "ref"));
    auto made = message_for(settings, rebuild_event(), {{"project", "shop/api *"}, {"ref", "main"}});
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->subject, "builds.shop%2Fapi%20%2A.main");
    for (const std::map<std::string, std::string>& with :
         {std::map<std::string, std::string>{{"project", "x"}},
          {{"project", ""}, {"ref", "y"}},
          {{"project", "a.b"}, {"ref", "y"}}}) {
        auto wrong = message_for(settings, rebuild_event(), with);
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().kind(), ErrorKind::invalid);
    }
}

TEST_F(NatsTest, SaysWhatIsMissingAndWhatDoesNotGoTogether) {
    EXPECT_EQ(fault(nats_target()), "");
    auto settings = nats_target();
    settings.nats.servers.clear();
    EXPECT_THAT(fault(settings), HasSubstr("needs `servers`"));
    EXPECT_THAT(fault(nats_target("")), HasSubstr("needs `subject`"));
    settings = nats_target();
    settings.username = "u";
    EXPECT_THAT(fault(settings), HasSubstr("needs `password`"));
    settings.server.password = Secret("pass-word-pass-word");
    EXPECT_EQ(fault(settings), "");
    settings.token = Secret("token-token-token");
    EXPECT_THAT(fault(settings), HasSubstr("do not go together"));
    settings = nats_target();
    settings.nats.credentials_file = "user.creds";
    EXPECT_EQ(fault(settings), "");
    settings.nats.nkey = "U";
    EXPECT_THAT(fault(settings), HasSubstr("do not go together"));
    settings = nats_target();
    settings.fields.signature = settings::SignatureStyle::azure;
    EXPECT_THAT(fault(settings), HasSubstr("needs a `secret`"));
}

}  // namespace
}  // namespace basewatch::presets
