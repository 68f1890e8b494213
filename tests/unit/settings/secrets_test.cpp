// Secrets from files, credentials and the environment: where they may stand, what is told when they cannot be
// had, and that no value is ever told.
#include "foundation/secret.hpp"
#include "settings/settings.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace basewatch::settings {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Secrets : public ::testing::Test {
protected:
    // The token of the one target in a file that says `token: TEXT`.
    std::optional<std::string> token(const std::string& text) {
        problems_ = Problems();
        auto settings = read_settings_text(folder_ / "basewatch.yaml",
                                           "targets:\n  hook:\n    preset: webhook\n    url: "
                                           "https://ci.example.com/\n    token: " +
                                               text + "\n",
                                           environment_, problems_);
        if (!settings) return std::nullopt;
        return settings->targets.at("hook").token.reveal();
    }
    std::vector<std::string> told() const {
        std::vector<std::string> out;
        for (const auto& problem : problems_.sorted()) {
            EXPECT_EQ(problem.where.line, 5);
            EXPECT_EQ(problem.where.column, 12);
            out.push_back((problem.warning ? "warning: " : "") + problem.what);
        }
        return out;
    }
    std::string only() const { return told().size() == 1 ? told().front() : "not one problem"; }

    test::TemporaryFolder folder_;
    Environment environment_;
    Problems problems_;
};

TEST_F(Secrets, come_from_a_file_without_its_last_newlines) {
    auto path = folder_.write("token", "first line-and-last\r\n\n");
    EXPECT_EQ(token("${file:" + path + "}"), "first line-and-last");
    EXPECT_EQ(token("${file:token}"), "first line-and-last");  // from the folder of the configuration
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Secrets, come_from_credentials_and_the_environment) {
    folder_.write("credentials/hook", "from-systemd\n");
    environment_.variables = {{"CREDENTIALS_DIRECTORY", folder_ / "credentials"}, {"HOOK", "from-env"}};
    EXPECT_EQ(token("${credential:hook}"), "from-systemd");
    EXPECT_EQ(token("${env:HOOK}"), "from-env");
    EXPECT_EQ(token("'a-${env:HOOK}-b-${credential:hook}'"), "a-from-env-b-from-systemd");
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Secrets, are_struck_out_of_every_text_part_and_whole) {
    environment_.variables = {{"PART", "zq-struck-part"}};
    EXPECT_EQ(token("whole-${env:PART}"), "whole-zq-struck-part");
    EXPECT_EQ(redact("x zq-struck-part y"), "x [redacted] y");
    EXPECT_EQ(redact("x whole-zq-struck-part y"), "x [redacted] y");
}

TEST_F(Secrets, in_an_address_need_no_warning) {
    environment_.variables = {{"KEY", "T000/B000/XXXX"}};
    Problems problems;
    auto settings =
        read_settings_text("f.yaml",
                           "targets:\n  a: {preset: slack, url: "
                           "\"https://hooks.slack.com/services/${env:KEY}\"}\n"
                           "  b: {preset: slack, url: \"https://hooks.slack.com/services/plain\"}\n",
                           environment_, problems);
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->targets.at("a").fields.url->reveal(),
              "https://hooks.slack.com/services/T000/B000/XXXX");
    EXPECT_THAT(problems.sorted(), IsEmpty());
}

TEST_F(Secrets, that_stand_in_the_file_work_with_a_warning) {
    EXPECT_EQ(token("literal-token"), "literal-token");
    EXPECT_THAT(only(), HasSubstr("warning: `token` is a secret and stands in the file"));
    EXPECT_THAT(only(), Not(HasSubstr("literal-token")));
    EXPECT_EQ(token("'$${not a place}'"), "${not a place}");
}

TEST_F(Secrets, a_plain_header_is_not_one_and_a_telling_one_is) {
    Problems problems;
    auto settings =
        read_settings_text("f.yaml",
                           "targets:\n  a:\n    preset: webhook\n    url: https://x.example.com\n"
                           "    headers:\n      X-Team: qq-not-struck\n      X-Api-Key: qq-struck\n"
                           "      x-functions-key: qq-key-of-azure\n      X-Credential: qq-lent\n"
                           "      Authorization: Bearer {token}\n",
                           environment_, problems);
    ASSERT_TRUE(settings);
    EXPECT_EQ(redact("qq-not-struck"), "qq-not-struck");
    EXPECT_EQ(redact("qq-struck"), "[redacted]");
    EXPECT_EQ(redact("qq-key-of-azure qq-lent"), "[redacted] [redacted]");
    EXPECT_EQ(redact("Bearer {token}"), "Bearer {token}");
    ASSERT_EQ(problems.sorted().size(), 3u);
    EXPECT_EQ(problems.sorted().front().where.text(), "f.yaml:7:18");
}

TEST_F(Secrets, that_cannot_be_had_are_told_with_what_to_do) {
    folder_.write("empty", "\n");
    folder_.write("large", std::string(64 * 1024 + 1, 'x'));
    folder_.write("lines", "one-value\ntwo-value\n");
    ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    environment_.variables = {{"CREDENTIALS_DIRECTORY", folder_ / "none"}, {"EMPTY", ""}};
    struct Row {
        std::string text;
        std::string word;
    };
    for (const auto& row : std::initializer_list<Row>{
             {"${file:/nonexistent/x}", "cannot read the file `/nonexistent/x`: No such file"},
             {"${file:.}", "it is a folder"},
             {"${file:pipe}", "it is no regular file"},
             {"${file:empty}", "is empty: write the secret into it"},
             {"${file:large}", "larger than 64 KiB"},
             {"${file:lines}", "line break"},
             {"${file:}", "names nothing"},
             {"${credential:hook}",
              "put it into /etc/basewatch/credentials/hook, or add LoadCredential=hook:/path to the unit"},
             {"${credential:../x}", "not the name of a credential"},
             {"${credential:a/b}", "not the name of a credential"},
             {"${env:MISSING}", "`MISSING` is not set"},
             {"${env:EMPTY}", "is empty"},
             {"${HOME}", "write ${env:HOME}"},
             {"${enf:HOME}", "did you mean ${env:…}?"},
             {"${vault:x}", "known are"},
             {"'${env:X'", "without its `}`"},
             {"''", "`token` is empty"},
         }) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(token(row.text), std::nullopt);
        EXPECT_THAT(only(), HasSubstr(row.word));
        EXPECT_THAT(only(), Not(HasSubstr("one-value")));
    }
}

TEST_F(Secrets, all_that_are_missing_in_one_text_are_told) {
    EXPECT_EQ(token("${env:ONE}-${env:TWO}"), std::nullopt);
    EXPECT_EQ(told().size(), 2u);
}

TEST_F(Secrets, a_password_may_have_lines) {
    folder_.write("key.json", "{\n  \"type\": \"service_account\"\n}\n");
    Problems problems;
    auto settings = read_settings_text(folder_ / "f.yaml",
                                       "registries: {gcr.io: {username: _json_key, password: "
                                       "'${file:key.json}'}}",
                                       environment_, problems);
    ASSERT_TRUE(settings);
    EXPECT_THAT(settings->registries->by_host.at("gcr.io").password.reveal(), HasSubstr("\n"));
}

// What README says of /etc/basewatch/credentials: the unit hands it over as LoadCredential=credentials:….
TEST_F(Secrets, a_folder_of_credentials_needs_no_prefix) {
    folder_.write("credentials/credentials_hook", "from-the-folder\n");
    environment_.variables = {{"CREDENTIALS_DIRECTORY", folder_ / "credentials"}};
    EXPECT_EQ(token("${credential:hook}"), "from-the-folder");
    EXPECT_EQ(token("${credential:credentials_hook}"), "from-the-folder");
    folder_.write("credentials/hook", "from-a-line-of-its-own\n");
    EXPECT_EQ(token("${credential:hook}"), "from-a-line-of-its-own");
}

TEST_F(Secrets, the_credential_that_was_meant_is_named) {
    folder_.write("credentials/credentials_hook", "x\n");
    environment_.variables = {{"CREDENTIALS_DIRECTORY", folder_ / "credentials"}};
    EXPECT_EQ(token("${credential:hok}"), std::nullopt);
    EXPECT_THAT(only(), HasSubstr("No such file or directory; did you mean `hook`? Else put it into "
                                  "/etc/basewatch/credentials/hok, or add LoadCredential=hok:/path"));
}

TEST_F(Secrets, keys_that_end_in_file_take_a_path_or_a_credential) {
    auto auth = folder_.write("credentials/dockerconfig", "{}");
    auto authority = folder_.write("ca.pem", "x");
    environment_.variables = {{"CREDENTIALS_DIRECTORY", folder_ / "credentials"}};
    Problems problems;
    auto settings = read_settings_text(folder_ / "f.yaml",
                                       "registries: {r.example.com: {auth_file: 'credential:dockerconfig', "
                                       "ca_file: ca.pem}}",
                                       environment_, problems);
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->registries->by_host.at("r.example.com").auth_file, auth);
    EXPECT_EQ(settings->registries->by_host.at("r.example.com").ca_file, authority);
    EXPECT_THAT(settings->fixed_at_start, ElementsAre("credential:dockerconfig"));
    Problems missing;
    EXPECT_FALSE(read_settings_text(folder_ / "f.yaml",
                                    "registries: {r.example.com: {ca_file: none.pem, auth_file: '${env:X}'}}",
                                    environment_, missing));
    EXPECT_EQ(missing.errors(), 2u);
}

TEST_F(Secrets, auth_files_are_found_where_podman_and_docker_keep_them) {
    auto explicit_file = folder_.write("explicit.json", "{}");
    auto runtime = folder_.write("run/containers/auth.json", "{}");
    auto config = folder_.write("home/.config/containers/auth.json", "{}");
    auto docker = folder_.write("home/.docker/config.json", "{}");
    auto legacy = folder_.write("home/.dockercfg", "{}");
    auto other = folder_.write("docker/config.json", "{}");
    auto files = [&](std::map<std::string, std::string> variables) {
        Problems problems;
        auto settings = read_settings_text("f.yaml", "", Environment{std::move(variables)}, problems);
        return settings->registries->auth_files;
    };
    auto home = folder_ / "home";
    EXPECT_THAT(
        files({{"REGISTRY_AUTH_FILE", explicit_file}, {"XDG_RUNTIME_DIR", folder_ / "run"}, {"HOME", home}}),
        ElementsAre(explicit_file, runtime, config, docker, legacy));
    EXPECT_THAT(files({{"XDG_RUNTIME_DIR", folder_ / "none"},
                       {"HOME", home},
                       {"DOCKER_CONFIG", folder_ / "docker"},
                       {"XDG_CONFIG_HOME", folder_ / "none"}}),
                ElementsAre(other, legacy));
    EXPECT_THAT(files({{"XDG_RUNTIME_DIR", folder_ / "none"}}), IsEmpty());
}

}  // namespace
}  // namespace basewatch::settings
