// Files that are wrong, one way each, and the words that a person gets: where, what, and what would be right.
#include "settings/settings.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace basewatch::settings {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> told(const std::string& name) {
    Problems problems;
    auto text = test::read_file(std::string(PROJECT_DIR "/tests/unit/settings/broken/") + name);
    EXPECT_FALSE(read_settings_text(name, text, Environment{}, problems).has_value()) << name;
    std::vector<std::string> out;
    for (const auto& problem : problems.sorted()) out.push_back(problem.where.text() + ": " + problem.what);
    return out;
}

struct Row {
    std::string file;
    std::vector<std::string> messages;
};

// clang-format off: one message, one line
const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"address.yaml",
         {R"(address.yaml:2:32: `url` of target `hook` must begin with https:// or http://)",
          R"(address.yaml:3:33: `url` of target `gitlab` has a `{` or `}` that is no place such as {project}; percent-encode it (%7B, %7D) if it is meant)"}},
        {"anchor_bomb.yaml",
         {R"(anchor_bomb.yaml:5:16: the aliases of this file stand for more than 1,000,000 values; write it out, shorter)"}},
        {"auth.yaml",
         {R"(auth.yaml:2:63: `name` is for the styles header and query, and they need it)",
          R"(auth.yaml:3:71: `style` cannot be "oauth": did you mean `oauth2`?)",
          R"(auth.yaml:7:11: `auth` of target `c` lacks `client_secret`)",
          R"(auth.yaml:7:38: `token_url` of `auth` of target `c` must begin with https:// or http://)",
          R"(auth.yaml:8:63: `auth` of target `d` must be a mapping (`key: value` lines), not "bearer")",
          R"(auth.yaml:9:93: `signature_header` must be the name of a header, such as X-Hub-Signature)"}},
        {"target_certificate.yaml",
         {R"(target_certificate.yaml:5:5: target `a` has an `http://` address and a `ca_file`: without TLS there is no certificate)",
          R"(target_certificate.yaml:5:14: cannot read the file of `ca_file`, `none.pem`: No such file or directory)",
          R"(target_certificate.yaml:9:5: target `b` has a `client_cert` and no `client_key`)",
          R"(target_certificate.yaml:9:18: cannot read the file of `client_cert`, `none.pem`: No such file or directory)"}},
        {"boolean.yaml",
         {R"(boolean.yaml:2:32: `plain_http` must be true or false, not "yes")"}},
        {"change_kind.yaml",
         {R"(change_kind.yaml:4:10: `on` cannot be "contents": did you mean `content`?)"}},
        {"command.yaml",
         {R"(command.yaml:2:30: `command` of target `a` must be a list of 1 to 100 arguments, such as [/usr/local/bin/rebuild, "{DEPENDENT}"]: no shell reads it)",
          R"(command.yaml:3:31: `command` of target `b` must begin with the absolute path of the program, such as /usr/local/bin/rebuild)",
          R"(command.yaml:4:55: `command` of target `c` has a place inside an argument: a place is an argument of its own, such as [--base, "{BASE_REF}"])",
          R"(command.yaml:5:31: `command` of target `d` has a place inside an argument: a place is an argument of its own, such as [--base, "{BASE_REF}"])",
          R"(command.yaml:6:55: `command` of target `e` cannot hold secrets: let the program read them itself)"}},
        {"dependent_glob.yaml",
         {R"(dependent_glob.yaml:4:18: `dependents`: patterns such as "registry.example.com/shop/*:latest" are not in this version: name one tag)",
          R"(dependent_glob.yaml:4:104: `newest` in an entry of `dependents` is not in this version: remove it)"}},
        {"duplicate_key.yaml",
         {R"(duplicate_key.yaml:5:5: the key `url` stands twice in target `hook`, first at duplicate_key.yaml:4:5: keep one of them)"}},
        {"duplicate_target.yaml",
         {R"(duplicate_target.yaml:4:3: target `hook` is given twice, first at duplicate_target.yaml:2:3: keep one of them)"}},
        {"duration.yaml",
         {R"(duration.yaml:2:13: `interval` must be a duration such as 100ms, 90s, 15m, 6h or 7d, not "5 minutes")",
          R"(duration.yaml:4:38: `interval` must be a duration such as 100ms, 90s, 15m, 6h or 7d, not "10")"}},
        {"duration_range.yaml",
         {R"(duration_range.yaml:2:13: `interval` must be from 100ms to 30d, not 1ms)"}},
        {"settle.yaml", {R"(settle.yaml:2:27: `settle` must be from 0s to 7d, not 30d)"}},
        {"event.yaml",
         {R"(event.yaml:2:15: `events` cannot be "base.changed": it comes by `rules`, to the targets that they fire)",
          R"(event.yaml:2:29: `rebuild.stale` in `events` is not in this version: remove it)",
          R"(event.yaml:2:44: `events` cannot be "base.unreachabel": did you mean `base.unreachable`?)"}},
        {"header.yaml",
         {R"(header.yaml:5:15: not the name of a header: it is letters, digits and -, such as X-Team)",
          R"(header.yaml:5:35: the header `webhook-id` is set by basewatch itself: remove it)"}},
        {"later_key.yaml",
         {R"(later_key.yaml:1:1: `hooks` in the configuration is not in this version: remove it)"}},
        {"later_word.yaml",
         {R"(later_word.yaml:2:15: `rebuild.stale` in `events` is not in this version: remove it)"}},
        {"listen.yaml",
         {R"(listen.yaml:2:12: `listen` cannot be "/run/basewatch/api.sock": write unix: in front of the path of a socket)",
          R"(listen.yaml:2:39: `listen` cannot be ":8463": write the address in front of the port: 127.0.0.1 for this machine, 0.0.0.0 for all)"}},
        {"kafka.yaml",
         {R"(kafka.yaml:2:32: `brokers` must be host:port each, such as kafka-1.example.com:9093)",
          R"(kafka.yaml:2:53: `brokers` must be host:port each, such as kafka-1.example.com:9093)",
          R"(kafka.yaml:3:31: `brokers` of target `b` must be 1 to 16 of them: they name the others)",
          R"(kafka.yaml:3:42: `topic` must be 1 to 249 letters, digits and . _ -, and neither . nor ..)",
          R"(kafka.yaml:4:54: `topic` must be 1 to 249 letters, digits and . _ -, and neither . nor ..)",
          R"(kafka.yaml:5:27: `key` must be one of subject, base, none, not "reference")",
          R"(kafka.yaml:5:44: `sasl` cannot be GSSAPI: there are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, and without any `client_cert` and `client_key`)",
          R"(kafka.yaml:6:28: `sasl` cannot be "SCRAM-SHA-1": did you mean `SCRAM-SHA-512`?)",
          R"(kafka.yaml:7:33: target `f` has `tls: none` and a `ca_file`: without TLS there is no certificate)",
          R"(kafka.yaml:7:42: cannot read the file of `ca_file`, `none.pem`: No such file or directory)"}},
        {"mail.yaml",
         {R"(mail.yaml:2:27: `from` must be an address such as platform@example.com, without a name before it)",
          R"(mail.yaml:2:86: `to` must be an address such as platform@example.com, without a name before it)",
          R"(mail.yaml:3:25: `to` must be an address such as platform@example.com, without a name before it)",
          R"(mail.yaml:4:25: `to` of target `c` must be 1 to 50 addresses)",
          R"(mail.yaml:4:34: `tls` must be one of required, none, not "maybe")",
          R"(mail.yaml:5:32: target `d` has `tls: none` and a `ca_file`: without TLS there is no certificate)",
          R"(mail.yaml:5:41: cannot read the file of `ca_file`, `none.pem`: No such file or directory)"}},
        {"missing_credential.yaml",
         {R"(missing_credential.yaml:2:32: no credential `hook`: this process was given none ($CREDENTIALS_DIRECTORY is not set): put it into /etc/basewatch/credentials/hook, or add LoadCredential=hook:/path to the unit, and restart it; in a shell, set that variable to the folder of them)"}},
        {"missing_key.yaml",
         {R"(missing_key.yaml:2:5: an entry of `rules` lacks `fire`)",
          R"(missing_key.yaml:5:9: target `hook` lacks `preset`)"}},
        {"missing_secret_file.yaml",
         {R"(missing_secret_file.yaml:2:67: cannot read the file `/nonexistent/token`: No such file or directory)"}},
        {"missing_variable.yaml",
         {R"(missing_variable.yaml:2:68: the environment variable `NOT_SET_ANYWHERE` is not set: set it for the daemon (Environment= or EnvironmentFile= in the unit), or use ${credential:…} or ${file:…})"}},
        {"nats.yaml",
         {R"(nats.yaml:2:31: `servers` of target `a` holds a user or a token: that goes into `username` and `password`, or into `token`)",
          R"(nats.yaml:2:68: `servers` of target `a` must begin with tls:// or nats://, such as tls://nats.example.com:4222)",
          R"(nats.yaml:2:95: `servers` of target `a` must have a port from 1 to 65535 behind the host, and nothing more)",
          R"(nats.yaml:3:54: `servers` of target `b` must all begin with tls://, or all with nats://)",
          R"(nats.yaml:3:88: `subject` of target `b` holds a wildcard: one subject is published to)",
          R"(nats.yaml:4:30: `servers` of target `c` must be 1 to 10 addresses, such as tls://nats.example.com:4222)",
          R"(nats.yaml:4:43: `subject` of target `c` begins with `$`: such subjects are the servers' own)",
          R"(nats.yaml:5:30: `subject` of target `d` has an empty part: write it as basewatch.events)",
          R"(nats.yaml:5:49: `jetstream` must be true or false, not "maybe")",
          R"(nats.yaml:5:62: `nkey` of target `d` must be the public key of a user, which begins with U: its seed goes into a file, `nkey_file`)",
          R"(nats.yaml:5:62: target `d` has an `nkey` and no `nkey_file`)",
          R"(nats.yaml:6:30: `subject` of target `e` may hold visible ASCII and no spaces)",
          R"(nats.yaml:6:48: cannot read the file of `nkey_file`, `none.seed`: No such file or directory)",
          R"(nats.yaml:6:48: target `e` has an `nkey_file` and no `nkey`)",
          R"(nats.yaml:6:77: cannot read the file of `credentials_file`, `none.creds`: No such file or directory)",
          R"(nats.yaml:7:30: `subject` of target `f` has a `{` that begins no place, such as {project})",
          R"(nats.yaml:7:80: target `f` has a `nats://` server and a `ca_file`: without TLS there is no certificate)",
          R"(nats.yaml:7:89: cannot read the file of `ca_file`, `none.pem`: No such file or directory)"}},
        {"not_a_list.yaml",
         {R"(not_a_list.yaml:1:8: `watch` must be a list (`- …` lines), not "alpine:3.20")"}},
        {"not_a_mapping.yaml",
         {R"(not_a_mapping.yaml:2:3: `targets` must be a mapping (`name: …` lines), not a list)"}},
        {"number.yaml",
         {R"(number.yaml:2:39: `connections` must be a whole number from 1 to 64, not "many")"}},
        {"pattern.yaml",
         {R"(pattern.yaml:3:12: `base`: "ruby:{3.2,3.3}*" is no pattern: it is a reference with * (any run but /), ** (any run) or ? in it, such as ruby:3.*-alpine)",
          R"(pattern.yaml:3:31: `base`: "ruby:3.*:x" has a `:` or a bracket in its tag)"}},
        {"pinned_base.yaml",
         {R"(pinned_base.yaml:2:5: `watch`: a digest alone never moves, and there is nothing to watch: name the tag beside it, docker.io/library/alpine:TAG@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855)",
          R"(pinned_base.yaml:5:19: `dependents`: a reference with a digest never moves: name the tag, docker.io/library/alpine:3.20)"}},
        {"platform.yaml",
         {R"(platform.yaml:2:15: `platforms`: a platform is os/architecture, such as linux/amd64 or linux/arm/v7, not "linux")"}},
        {"rate.yaml",
         {R"(rate.yaml:2:32: `rate` must be a rate such as 20/s, 100/m or 60/h, not "20 per second")"}},
        {"reference.yaml",
         {R"(reference.yaml:3:11: `base`: a repository name is in lower case: write "ruby" instead of "Ruby")"}},
        {"registry_credentials.yaml",
         {R"(registry_credentials.yaml:3:5: registry `registry.example.com` has a `username` and no `password`)"}},
        {"registry_certificate.yaml",
         {R"(registry_certificate.yaml:3:5: registry `a.example.com` has a `client_cert` and no `client_key`)",
          R"(registry_certificate.yaml:3:18: cannot read the file of `client_cert`, `none.pem`: No such file or directory)",
          R"(registry_certificate.yaml:5:5: registry `b.example.com` has a `client_key` and no `client_cert`)",
          R"(registry_certificate.yaml:5:17: cannot read the file of `client_key`, `none.pem`: No such file or directory)",
          R"(registry_certificate.yaml:6:13: `family` cannot be "ipv5": did you mean `ipv4`?)"}},
        {"mirror.yaml",
         {R"(mirror.yaml:3:13: `mirror` must be an address such as https://cache.example.com, with a path that stands in front of the repository where the mirror wants one (https://cache.example.com/hub), and without a user)",
          R"(mirror.yaml:5:14: registry `b.example.com` is its own mirror)",
          R"(mirror.yaml:5:41: `mirror` must be an address such as https://cache.example.com, with a path that stands in front of the repository where the mirror wants one (https://cache.example.com/hub), and without a user)",
          R"(mirror.yaml:5:75: `mirror` must be an address such as https://cache.example.com, with a path that stands in front of the repository where the mirror wants one (https://cache.example.com/hub), and without a user)",
          R"(mirror.yaml:7:5: registry `c.example.com` has a `mirror_only` and no `mirror`)",
          R"(mirror.yaml:9:13: `mirror` begins with http://, and registry `cache.example.com` has no `plain_http: true`: they must agree)"}},
        {"registry_login.yaml", 
         {R"(registry_login.yaml:2:29: `provider` must be one of ecr, google, azure, not "amazon")",
          R"(registry_login.yaml:3:34: `access_key_id` must be letters and digits, such as AKIAIOSFODNN7EXAMPLE)",
          R"(registry_login.yaml:3:34: registry `b.example.com` has the key `access_key_id` and no `secret_access_key`)",
          R"(registry_login.yaml:4:47: cannot read the file of `key_file`, `none.json`: No such file or directory)",
          R"(registry_login.yaml:4:58: registry `c.example.com` has the key `region`, which belongs to `provider: ecr`)",
          R"(registry_login.yaml:5:19: registry `d.example.com` needs an `access_token` of Entra ID; a service principal, a token or the admin user of the registry go as `username` and `password`)",
          R"(registry_login.yaml:6:19: registry `e.example.com` has a `provider` and a `username` or an `auth_file`: keep one of them)",
          R"(registry_login.yaml:6:58: `password` is a secret and stands in the file: better is ${credential:NAME}, ${file:/path} or ${env:NAME})",
          R"(registry_login.yaml:7:19: registry `f.example.com` has the key `endpoint`, which belongs to `provider: ecr`)",
          R"(registry_login.yaml:7:56: registry `f.example.com` has the key `access_token`, which belongs to `provider: google` or `provider: azure`)",
          R"(registry_login.yaml:8:29: the header `Authorization` is set by basewatch itself: remove it)",
          R"(registry_login.yaml:8:47: not the name of a header: it is letters, digits and -, such as X-Team)",
          R"(registry_login.yaml:8:67: the header `x-b` stands twice, first at registry_login.yaml:8:57: keep one of them)"}},
        {"registry_host.yaml",
         {R"(registry_host.yaml:2:3: not a registry: `https://registry.example.com`; write the host alone, such as ghcr.io or localhost:5000)",
          R"(registry_host.yaml:3:3: not a registry: `registry`; it is a host with a dot or a port, such as registry.example.com or localhost:5000)"}},
        {"secret_source.yaml",
         {R"(secret_source.yaml:2:67: unknown secret ${vault:hook}: known are ${file:/path}, ${credential:NAME} and ${env:NAME} (`$${` stands for `${` itself))"}},
        {"signature.yaml",
         {R"(signature.yaml:2:71: `signature` cannot be "gitub": did you mean `github`?)"}},
        {"success.yaml",
         {R"(success.yaml:2:70: `success` must hold HTTP statuses (100 to 599) such as 204 or 200-299, not "2xx")"}},
        {"syntax.yaml",
         {R"(syntax.yaml:4:34: not YAML: a `:` where none can stand; a text with `: ` in it needs quotes)"}},
        {"tags.yaml",
         {R"(tags.yaml:2:13: `image` of an entry with `tags` names no tag itself: write docker.io/library/ruby)",
          R"(tags.yaml:3:25: `tags` chooses none: give it a glob ("3.*-alpine"), a regex, a semver range (">=3.2 <4") or newest (5))",
          R"(tags.yaml:4:25: `tags` must be a mapping (`key: value` lines), not "3.*")",
          R"(tags.yaml:5:32: `glob` is over tags alone, such as 3.*-alpine, without the name of the repository; not "ruby:3.*")",
          R"(tags.yaml:6:34: `semver`: `three` is no version: write it as in 3.2, 3.2.1-rc.1, 3.x or *)",
          R"(tags.yaml:7:34: `newest` must be a whole number from 1 to 1000, not "0")",
          R"(tags.yaml:8:26: unknown key `globs` in `tags`: did you mean `glob`?)",
          R"(tags.yaml:9:48: `aliases` of an entry with `tags` names no tag itself: write corp.example.com/ruby)",
          R"(tags.yaml:10:5: `watch`: a pattern such as "ruby:3.*" is written as {image: REPOSITORY, tags: {glob: "3.*"}})",
          R"(tags.yaml:11:32: `glob` holds what no tag does: beside letters, digits, `.`, `-` and `_` it may have * (any run) and ? (one character), and for more there is `regex`; not "3.[*-alpine")",
          R"(tags.yaml:11:56: `exclude` holds what no tag does: beside letters, digits, `.`, `-` and `_` it may have * (any run) and ? (one character), and for more there is `regex`; not "3.[0-9]")"}},
        {"two_rules.yaml",
         {R"(two_rules.yaml:3:12: rule `shop` is given twice, first at two_rules.yaml:2:12: keep one of them)"}},
        {"unknown_key.yaml",
         {R"(unknown_key.yaml:2:3: unknown key `intervall` in `defaults`: did you mean `interval`?)"}},
        {"unknown_section.yaml",
         {R"(unknown_section.yaml:1:1: unknown key `watches` in the configuration; known are daemon, defaults, dependents, notify, registries, rules, targets, watch)"}},
    };
    return table;
}
// clang-format on

TEST(BrokenSettings, each_is_told_with_its_place_and_what_would_be_right) {
    for (const auto& row : rows()) {
        SCOPED_TRACE(row.file);
        EXPECT_THAT(told(row.file), ElementsAreArray(row.messages));
    }
}

TEST(BrokenSettings, every_file_of_the_folder_is_in_the_table) {
    std::set<std::string> files;
    std::set<std::string> in_table;
    for (const auto& entry : std::filesystem::directory_iterator(PROJECT_DIR "/tests/unit/settings/broken"))
        files.insert(entry.path().filename().string());
    for (const auto& row : rows()) in_table.insert(row.file);
    EXPECT_EQ(files, in_table);
    EXPECT_GE(files.size(), 20u);
}

TEST(BrokenSettings, no_two_files_are_told_in_the_same_words) {
    std::set<std::string> words;
    for (const auto& row : rows()) {
        std::string what;
        for (const auto& message : row.messages) what += message.substr(message.find(": "));
        EXPECT_TRUE(words.insert(what).second) << row.file << what;
    }
}

}  // namespace
}  // namespace basewatch::settings
