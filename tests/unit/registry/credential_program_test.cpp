// Credential helpers, as real programs of a few lines.

#include "registry/credential_program.hpp"

#include "registry/credentials.hpp"
#include "support/fake_transport.hpp"
#include "support/run_async.hpp"
#include "support/temporary_folder.hpp"
#include "unit/registry/client_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/wait.h>

namespace basewatch::registry {
namespace {

using Kind = Credential::Kind;
using testing::HasSubstr;
using testing::Not;

TEST(HelperAnswer, IsReadAsTheProtocolSays) {
    auto password = read_helper_answer(0, R"({"ServerURL":"r.io","Username":"ci","Secret":"s3cret-one"})");
    ASSERT_TRUE(password);
    EXPECT_EQ(password->kind, Kind::password);
    EXPECT_EQ(password->username, "ci");
    EXPECT_EQ(password->secret.reveal(), "s3cret-one");
    for (const char* user : {"<token>", ""}) {
        auto token =
            read_helper_answer(0, R"({"Username":")" + std::string(user) + R"(","Secret":"refresh"})");
        ASSERT_TRUE(token);
        EXPECT_EQ(token->kind, Kind::identity_token);
    }
    auto none = read_helper_answer(1, "credentials not found in native keychain\n");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->kind, Kind::none);
    for (const char* text : {"no credentials server URL", "no credentials username\n"})
        EXPECT_EQ(read_helper_answer(1, text).error().kind(), ErrorKind::invalid) << text;
    EXPECT_THAT(read_helper_answer(1, "the keyring is locked").error().message(), HasSubstr("is locked"));
    for (const char* text :
         {"", "{", "[]", R"({"Username":"ci"})", R"({"Username":"ci","Secret":""})", R"({"Secret":"x"})",
          R"({"Username":7,"Secret":"x"})", "credentials not found in native keychain"})
        EXPECT_EQ(read_helper_answer(0, text).error().kind(), ErrorKind::bad_answer) << text;
    auto failed = read_helper_answer(1, R"({"Username":"ci","Secret":"s3cret-two"})");
    EXPECT_EQ(failed.error().kind(), ErrorKind::unreachable);
    EXPECT_THAT(failed.error().message(), Not(HasSubstr("s3cret-two")));
}

class HelperTest : public ::testing::Test {
protected:
    HelperTest() { std::filesystem::create_directory(folder / "bin"); }
    ~HelperTest() override {
        tasks.cancel();
        test::run_async(loop, tasks.wait());
    }

    void program(const std::string& name, const std::string& lines) {
        auto path = folder.write("bin/docker-credential-" + name, "#!/bin/sh\n" + lines + "\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    CredentialHelpers& helpers() {
        if (!helpers_)
            helpers_ = std::make_unique<CredentialHelpers>(
                loop.get_executor(), clock,
                std::vector<std::string>{"PATH=" + (folder / "bin") + ":/usr/bin:/bin", "HOME=/nowhere",
                                         "AWS_REGION=eu-west-1", "BASEWATCH_TOKEN=not-for-helpers"});
        return *helpers_;
    }
    Result<Credential> ask(const std::string& helper = "one", const std::string& key = "r.io") {
        return test::run_async(loop, helpers().ask(helper, key));
    }
    std::shared_ptr<std::optional<Result<Credential>>> begin(const std::string& helper) {
        auto into = std::make_shared<std::optional<Result<Credential>>>();
        tasks.start("asker", store(helpers().ask(helper, "r.io"), into));
        return into;
    }
    std::string file(const std::string& name) {
        std::ifstream stream(folder / name);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    // Runs the loop until `there`, or for ten seconds.
    template <class Condition>
    bool eventually(Condition there) {
        auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        loop.restart();
        while (!there() && std::chrono::steady_clock::now() < until)
            loop.run_for(std::chrono::milliseconds(5));
        return there();
    }

    asio::io_context loop{1};
    SystemClock system{loop.get_executor()};
    // The system's, put forward by hand; what waits for long is woken by hand.
    class TurnedClock : public Clock {
    public:
        explicit TurnedClock(SystemClock& system) : system_(system) {}
        Time now() const override { return system_.now() + turned; }
        Monotonic monotonic() const override { return system_.monotonic() + turned; }
        std::unique_ptr<Timer> call_at(Monotonic when, std::function<void()> callback) override {
            if (when - monotonic() < std::chrono::seconds(1))
                return system_.call_at(when - turned, std::move(callback));
            deadline = std::move(callback);
            return std::make_unique<Timer>();
        }
        Milliseconds turned{0};
        std::function<void()> deadline;  // the last one

    private:
        SystemClock& system_;
    };
    TurnedClock clock{system};
    test::TemporaryFolder folder;
    test::FakeTransport transport;
    Exchange exchange{clock, transport};
    TaskGroup tasks{loop.get_executor()};

private:
    std::unique_ptr<CredentialHelpers> helpers_;
};

TEST_F(HelperTest, IsAskedWithItsKeyOnTheInputAndAMinimalEnvironment) {
    program("one", "echo \"$@\" > '" + (folder / "arguments") + "'; cat > '" + (folder / "input") +
                       "'; env > '" + (folder / "environment") +
                       "'; echo '{\"Username\":\"ci\",\"Secret\":\"s3cret\"}'");
    auto credential = ask("one", "https://index.docker.io/v1/");
    ASSERT_TRUE(credential) << credential.error().message();
    EXPECT_EQ(credential->username, "ci");
    EXPECT_EQ(file("arguments"), "get\n");
    EXPECT_EQ(file("input"), "https://index.docker.io/v1/\n");
    EXPECT_THAT(file("environment"), HasSubstr("AWS_REGION=eu-west-1"));
    EXPECT_THAT(file("environment"), Not(HasSubstr("BASEWATCH_TOKEN")));
}

TEST_F(HelperTest, OnlyPlainNamesInAbsoluteFoldersAreExecuted) {
    program("one", "exit 0");
    for (const char* name : {"", "../one", "one;id", "one two", "$(id)", "a/b"})
        EXPECT_EQ(ask(name).error().kind(), ErrorKind::invalid) << name;
    EXPECT_EQ(ask("missing").error().kind(), ErrorKind::unsupported);
    EXPECT_FALSE(helper_program("one", "bin:."));
    EXPECT_EQ(helper_program("one", "/none:" + (folder / "bin")).value(),
              folder / "bin/docker-credential-one");
    folder.write("bin/docker-credential-plain", "no program");
    EXPECT_FALSE(helper_program("plain", folder / "bin"));
    EXPECT_EQ(helpers().runs(), 0);
}

TEST_F(HelperTest, WhatItSaidIsKeptAndItsLastGoodAnswerStandsWhileItFails) {
    program("one", "echo '{\"Username\":\"ci\",\"Secret\":\"s3cret\"}'");
    ASSERT_TRUE(ask());
    ASSERT_TRUE(ask());
    EXPECT_EQ(helpers().runs(), 1);
    program("one", "echo 'the keyring is locked'; exit 1");
    clock.turned += std::chrono::minutes(16);
    auto stands = ask();
    ASSERT_TRUE(stands);
    EXPECT_EQ(stands->username, "ci");
    EXPECT_EQ(helpers().runs(), 2);
    ask();
    EXPECT_EQ(helpers().runs(), 2) << "a failing helper is not hammered";
    program("one", "echo '{\"Username\":\"new\",\"Secret\":\"s3cret\"}'");
    clock.turned += std::chrono::minutes(2);
    EXPECT_EQ(ask()->username, "new");
    helpers().review();
    ask();
    EXPECT_EQ(helpers().runs(), 4) << "a reload asks anew";
}

TEST_F(HelperTest, AFailureWithoutAGoodAnswerIsAnErrorAndNotAnonymous) {
    program("one", "echo 'the keyring is locked'; echo 's3cret' >&2; exit 1");
    auto credential = ask();
    ASSERT_FALSE(credential);
    EXPECT_THAT(credential.error().message(), HasSubstr("the credential helper \"one\""));
    EXPECT_THAT(credential.error().message(), HasSubstr("the keyring is locked"));
    EXPECT_THAT(credential.error().message(), Not(HasSubstr("s3cret")));
    program("killed", "kill -9 $$");
    EXPECT_THAT(ask("killed").error().message(), HasSubstr("ended by signal 9"));
    program("none", "echo 'credentials not found in native keychain'; exit 1");
    auto none = ask("none");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->kind, Kind::none);
}

TEST_F(HelperTest, ItsOutputAndItsTimeAreBounded) {
    program("loud", "exec cat /dev/zero");
    EXPECT_EQ(ask("loud").error().kind(), ErrorKind::too_large);
    // Its own child holds the output open: both go, as one group.
    program("slow", "sleep 1000 & echo $! > '" + (folder / "id") + "'; wait");
    auto slow = begin("slow");
    ASSERT_TRUE(eventually([&] { return file("id").ends_with('\n'); }));
    EXPECT_FALSE(*slow);
    clock.deadline();
    ASSERT_TRUE(eventually([&] { return slow->has_value(); }));
    EXPECT_EQ((*slow)->error().kind(), ErrorKind::timed_out);
    int id = std::atoi(file("id").c_str());
    ASSERT_GT(id, 0);
    // Gone, or dead and waiting for init.
    EXPECT_TRUE(eventually([&] {
        std::ifstream stream("/proc/" + std::to_string(id) + "/stat");
        std::string number, name, state;
        return !(stream >> number >> name >> state) || state == "Z";
    }));
}

TEST_F(HelperTest, ConcurrentAskersShareOneRun) {
    program("one", "echo '{\"Username\":\"ci\",\"Secret\":\"s3cret\"}'");
    std::vector<std::shared_ptr<std::optional<Result<Credential>>>> answers;
    for (int i = 0; i < 5; ++i) answers.push_back(begin("one"));
    for (auto& answer : answers) {
        ASSERT_TRUE(eventually([&] { return answer->has_value(); }));
        EXPECT_EQ((*answer)->value().username, "ci");
    }
    EXPECT_EQ(helpers().runs(), 1);
    ASSERT_TRUE(ask("one", "other.io"));
    EXPECT_EQ(helpers().runs(), 2) << "each key by itself";
}

TEST_F(HelperTest, WhoeverIsToldToStopLeavesNoProcessBehind) {
    program("slow", "echo there > '" + (folder / "id") + "'; exec sleep 1000");
    auto slow = begin("slow");
    ASSERT_TRUE(eventually([&] { return file("id").ends_with('\n'); }));
    tasks.cancel();
    ASSERT_TRUE(eventually([&] { return slow->has_value(); }));
    EXPECT_EQ((*slow)->error().kind(), ErrorKind::cancelled);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

TEST_F(HelperTest, CredentialsAskTheHelperThatTheFileNames) {
    program("one", "echo '{\"Username\":\"ci\",\"Secret\":\"s3cret\"}'");
    auto settings = std::make_shared<settings::RegistriesSettings>();
    settings->auth_files = {folder.write("config.json", R"({"credHelpers":{"r.io":"one"}})")};
    Hosts hosts(settings);
    Credentials credentials(loop.get_executor(), exchange, hosts, settings,
                            {"PATH=" + (folder / "bin") + ":/usr/bin:/bin"});
    auto credential = test::run_async(loop, credentials.obtain("r.io", "team/app"));
    ASSERT_TRUE(credential) << credential.error().message();
    EXPECT_EQ(credential->username, "ci");
    EXPECT_EQ(test::run_async(loop, credentials.obtain("other.io", "team/app"))->kind, Kind::none);
}

TEST_F(HelperTest, WhereTheStoreHasNothingTheFileIsAskedAndThenTheNextOne) {
    program("store",
            "read key; case $key in kept.io) echo '{\"Username\":\"store\",\"Secret\":\"s3cret\"}';; "
            "*) echo 'credentials not found in native keychain'; exit 1;; esac");
    auto settings = std::make_shared<settings::RegistriesSettings>();
    settings->auth_files = {
        folder.write("first.json", R"({"credsStore":"store","auths":{"file.io":{"auth":"ZmlsZTpw"}}})"),
        folder.write("second.json", R"({"auths":{"second.io":{"auth":"c2Vjb25kOnA="}}})"),
        folder.write("broken.json", "{")};
    Hosts hosts(settings);
    Credentials credentials(loop.get_executor(), exchange, hosts, settings,
                            {"PATH=" + (folder / "bin") + ":/usr/bin:/bin"});
    auto who = [&](const std::string& registry) {
        auto credential = test::run_async(loop, credentials.obtain(registry, "team/app"));
        return credential ? credential->username : std::string(to_string(credential.error().kind()));
    };
    EXPECT_EQ(who("kept.io"), "store");
    EXPECT_EQ(who("file.io"), "file");
    EXPECT_EQ(who("second.io"), "second");
    EXPECT_EQ(who("other.io"), "bad_answer") << "who knows what stands in the broken one";
}

TEST_F(HelperTest, WhatARegistryRefusedIsAskedForAgainThoughNotAtOnceAndDoesNotStand) {
    program("one", "echo '{\"Username\":\"ci\",\"Secret\":\"s3cret\"}'");
    auto credential = ask();
    ASSERT_TRUE(credential);
    EXPECT_FALSE(helpers().refused(*credential));
    ask();
    EXPECT_EQ(helpers().runs(), 1) << "a registry that says no to everybody does not set it going each time";
    clock.turned += std::chrono::seconds(61);
    EXPECT_TRUE(helpers().refused(*credential));
    program("one", "echo '{\"Username\":\"new\",\"Secret\":\"s3cret-2\"}'");
    credential = ask();
    EXPECT_EQ(credential->username, "new");
    EXPECT_EQ(helpers().runs(), 2);
    helpers().refused(*credential);
    clock.turned += std::chrono::seconds(61);
    program("one", "echo 'the keyring is locked'; exit 1");
    EXPECT_EQ(ask().error().kind(), ErrorKind::unreachable);
}

}  // namespace
}  // namespace basewatch::registry
