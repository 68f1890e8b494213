// What settings mean together: every fault at its place, with what would be right; and that a sound
// configuration is told nothing.
#include "app/check_settings.hpp"

#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace basewatch::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> told(const Problems& problems) {
    std::vector<std::string> out;
    for (const auto& problem : problems.sorted())
        out.push_back(problem.where.text() + (problem.warning ? " warning: " : " ") + problem.what);
    return out;
}

std::vector<std::string> checked(std::string_view text) {
    Problems problems;
    auto settings = settings::readable_text("f", text, settings::Environment{}, problems);
    check_settings(settings, problems);
    return told(problems);
}

// Targets for the rows below: one that fires per change, one per dependent with a place, one without.
const std::string targets =
    "targets:\n"
    "  chat: {preset: slack, url: 'https://hooks.slack.com/services/x'}\n"
    "  ci: {preset: webhook, per: dependent, url: 'https://ci.example.com/{project}'}\n"
    "  plain: {preset: webhook, per: dependent, url: 'https://ci.example.com/'}\n"
    "rules:\n"
    "  - {name: all, base: alpine, dependents: [r.example.com/used], fire: [chat, ci, plain]}\n"
    "dependents:\n"
    "  - {image: r.example.com/used, with: {project: used}}\n";

// The rows are YAML of line 9 on, which add to the above.
struct Row {
    std::string text;
    std::vector<std::string> messages;
};

void expect(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        Problems problems;
        test::TemporaryFolder folder;
        folder.write("f.yaml", targets);
        folder.write("conf.d/more.yaml", row.text);
        auto settings = settings::read_what_is_readable(folder / "f.yaml", settings::Environment{}, problems);
        check_settings(settings, problems);
        std::vector<std::string> messages;
        for (auto message : told(problems)) {
            std::string path = folder.path().string() + "/";
            for (auto at = message.find(path); at != std::string::npos; at = message.find(path))
                message.erase(at, path.size());
            for (std::string_view prefix : {"conf.d/more.yaml:"})
                if (message.starts_with(prefix)) message.erase(0, prefix.size());
            messages.push_back(message);
        }
        EXPECT_THAT(messages, ElementsAreArray(row.messages));
    }
}

TEST(CheckSettings, a_sound_configuration_is_told_nothing) {
    EXPECT_THAT(checked(targets), IsEmpty());
    EXPECT_THAT(checked(""), IsEmpty());
}

TEST(CheckSettings, names_that_nothing_defines) {
    expect({
        {"rules: [{name: a, base: alpine, fire: [chta]}]",
         {"1:40 undefined target `chta`: did you mean `chat`?"}},
        {"rules: [{name: a, base: alpine, fire: [somewhere]}]",
         {"1:40 undefined target `somewhere`; there are chat, ci, plain"}},
        {"notify: [{events: base.unreachable, fire: [chat, pager]}]",
         {"1:50 undefined target `pager`; there are chat, ci, plain"}},
        {"targets: {x: {preset: slak, url: 'https://hooks.slack.com/'}}\nnotify: [{events: base.recovered, "
         "fire: "
         "x}]",
         {"1:23 undefined preset `slak`: did you mean `slack`?"}},
        {"targets: {x: {preset: gihub-dispatch, token: 'abcdef'}}\nrules: [{name: a, base: alpine, fire: x}]",
         {"1:23 undefined preset `gihub-dispatch`: did you mean `github-dispatch`?",
          "1:46 warning: `token` is a secret and stands in the file: better is ${credential:NAME}, "
          "${file:/path} "
          "or ${env:NAME}"}},
    });
}

TEST(CheckSettings, targets_that_lack_what_their_preset_needs) {
    expect({
        {"targets: {x: {preset: slack}}\nnotify: [{events: base.recovered, fire: x}]",
         {"1:11 target `x`: preset slack needs `url`"}},
        {"targets: {x: {preset: gitlab, url: 'https://gitlab.example.com/{project}'}}\nrules: [{name: a, "
         "base: "
         "alpine, fire: x, dependents: [r.example.com/used]}]",
         {"1:11 target `x`: preset gitlab needs `token`"}},
        {"targets: {x: {preset: webhook, url: 'https://a.example.com:99999/'}}\nnotify: [{events: "
         "base.recovered, fire: x}]",
         {"1:37 `url` of target `x`: the port is not a number from 1 to 65535"}},
    });
}

TEST(CheckSettings, proxies_of_kinds_that_are_not_spoken) {
    expect({
        {"registries: {quay.io: {proxy: 'http://p.example.com:3128'}}", {}},
        {"registries: {quay.io: {proxy: 'https://p.example.com'}}", {}},
        {"registries: {quay.io: {proxy: 'socks5://p.example.com:1080'}}",
         {"1:24 `proxy`: proxies other than http:// and https:// ones are not in this version: write "
          "http://host:port"}},
    });
}

TEST(CheckSettings, signing_secrets_that_sign_nothing) {
    Problems problems;
    settings::Environment environment{{{"KEY", "whsec_not base64!"}}};
    auto settings = settings::read_settings_text(
        "f",
        "targets: {x: {preset: webhook, url: 'https://a.example.com/', secret: '${env:KEY}'}}\n"
        "notify: [{events: base.recovered, fire: x}]",
        environment, problems);
    ASSERT_TRUE(settings);
    check_settings(*settings, problems);
    EXPECT_THAT(told(problems), ElementsAre("f:1:11 `secret` of target `x`: a whsec_ secret is base64 of at "
                                            "least one byte"));
}

TEST(CheckSettings, places_in_addresses) {
    expect({
        {"rules: [{name: a, base: alpine, dependents: [r.example.com/known], fire: ci}]\n"
         "dependents: [{image: r.example.com/known, with: {ref: main}}]",
         {"1:46 the address of target `ci` has the place {project}, and r.example.com/known:latest has no "
          "`project` in its `with` (at conf.d/more.yaml:2:22): add it there"}},
        {"rules: [{name: a, base: alpine, dependents: [r.example.com/new], fire: ci}]",
         {"f.yaml:3:46 the address of target `ci` has the place {project}, and r.example.com/new:latest has "
          "no "
          "entry under `dependents`: add one with `with: {project: …}`"}},
        {"rules: [{name: a, base: alpine, dependents: [r.example.com/new], fire: plain}]", {}},
        {"rules: [{name: a, base: alpine, dependents: [r.example.com/new], fire: chat}]", {}},
        {"targets: {x: {preset: webhook, url: 'https://a.example.com/{project}/{ref}'}}\n"
         "rules: [{name: a, base: alpine, fire: x}]",
         {"1:37 the address of target `x` has the place {project}, which a dependent fills, and the target "
          "fires "
          "once per change: write `per: dependent`, or take the place out"}},
    });
}

TEST(CheckSettings, keys_of_another_way_out) {
    const std::string fired = "\nnotify: [{events: base.recovered, fire: x}]";
    expect({
        {"targets: {x: {preset: exec, command: [/bin/true, '{BASE_REF}']}}" + fired, {}},
        {"targets: {x: {preset: exec}}" + fired,
         {"1:11 target `x`: preset exec needs `command`, the program and its arguments as a list"}},
        {"targets: {x: {preset: exec, command: [/bin/true], url: 'https://a.example.com/', headers: {A: "
         "b}}}" +
             fired,
         {"1:51 `url` is about where to send to, and preset exec runs a program: remove it (target `x`)",
          "1:82 `headers` is about a request, and preset exec runs a program: remove it (target `x`)"}},
        {"targets: {x: {preset: webhook, url: 'https://a.example.com/', command: [/bin/true]}}" + fired,
         {"1:63 `command` is about a program to run, and preset webhook sends a request: it is for preset "
          "exec (target `x`)"}},
    });
}

TEST(CheckSettings, mail) {
    const std::string start = "targets: {x: {preset: smtp, from: a@example.com, to: b@example.com, ";
    const std::string fired = "}}\nnotify: [{events: base.recovered, fire: x}]";
    expect({
        {start + "url: 'smtp://mail.example.com'" + fired, {}},
        {start + "url: 'https://mail.example.com'" + fired,
         {"1:74 `url` of target `x` must begin with smtp:// or smtps://, such as "
          "smtp://mail.example.com:587"}},
        {start + "url: 'smtp://user@mail.example.com'" + fired,
         {"1:74 `url` of target `x` holds a user: that goes into `username` and `password`"}},
        {start + "url: 'smtp://mail.example.com/x'" + fired,
         {"1:74 `url` of target `x` must be a host, and a port perhaps: nothing stands behind them"}},
        {start + "url: 'smtp://mail.example.com:99999'" + fired,
         {"1:74 `url` of target `x` must have a port from 1 to 65535 behind the host, and nothing more"}},
        {start + "url: 'smtps://mail.example.com', tls: none" + fired,
         {"1:102 `tls: none` of target `x` does not go with smtps://: write smtp:// or remove it"}},
        {start + "url: 'smtp://mail.example.com', username: u" + fired,
         {"1:11 target `x`: preset smtp needs `password`, beside `username`"}},
        {start + "url: 'smtp://mail.example.com', method: PUT" + fired,
         {"1:101 `method` is about a request, and preset smtp sends a mail: remove it (target `x`)"}},
        {"targets: {x: {preset: smtp, url: 'smtp://mail.example.com', from: a@example.com}}\nnotify: "
         "[{events: "
         "base.recovered, fire: x}]",
         {"1:11 target `x`: preset smtp needs `to`"}},
        {"targets: {x: {preset: webhook, url: 'smtp://mail.example.com'}}\nnotify: [{events: base.recovered, "
         "fire: x}]",
         {"1:37 `url` of target `x` is that of a mail server, which is for preset smtp: write https://"}},
    });
}

TEST(CheckSettings, kafka) {
    const std::string start = "targets: {x: {preset: kafka, brokers: 'k.example.com:9092'";
    const std::string literal =
        "1:94 warning: `password` is a secret and stands in the file: better is ${credential:NAME}, "
        "${file:/path} or ${env:NAME}";
    const std::string login = start + ", topic: t, username: u, password: pass-word";
    const std::string fired = "}}\nnotify: [{events: base.recovered, fire: x}]";
    expect({
        {start + ", topic: base-images, key: base, tls: none, content_type: application/json" + fired, {}},
        {login + ", sasl: SCRAM-SHA-512, tls: none" + fired, {literal}},
        {login + ", sasl: PLAIN, tls: none" + fired,
         {literal, "1:118 warning: target `x` sends its password without TLS"}},
        {start + fired, {"1:11 target `x`: preset kafka needs `topic`"}},
        {"targets: {x: {preset: kafka, topic: t" + fired,
         {"1:11 target `x`: preset kafka needs `brokers`, such as [kafka-1.example.com:9093]"}},
        {login + fired,
         {"1:11 target `x`: preset kafka needs `sasl`, beside `username`: PLAIN, SCRAM-SHA-256 or "
          "SCRAM-SHA-512",
          literal}},
        {start + ", topic: t, sasl: PLAIN" + fired,
         {"1:11 target `x`: preset kafka needs `username`, beside `sasl`"}},
        {start + ", topic: t, sasl: PLAIN, username: u" + fired,
         {"1:11 target `x`: preset kafka needs `password`, beside `username`"}},
        {start + ", topic: t, signature: azure" + fired,
         {"1:11 target `x`: `signature: azure` needs a `secret`"}},
        {start + ", topic: t, url: 'https://k.example.com', token: a-token, headers: {X-A: b}" + fired,
         {"1:71 `url` is about where to send to, and preset kafka sends a message to Kafka: write `brokers` "
          "(target `x`)",
          "1:101 `token` is about a request or a message to NATS, and preset kafka sends a message to Kafka: "
          "write `password` "
          "(target `x`)",
          "1:108 warning: `token` is a secret and stands in the file: better is ${credential:NAME}, "
          "${file:/path} or ${env:NAME}",
          "1:117 `headers` is about a request, and preset kafka sends a message to Kafka: remove it (target "
          "`x`)"}},
        {"targets: {x: {preset: webhook, url: 'https://a.example.com/', topic: t, tls: none" + fired,
         {"1:63 `topic` is about a message to Kafka, and preset webhook sends a request: it is for preset "
          "kafka (target `x`)",
          "1:73 `tls` is about a server, and preset webhook sends a request: it is for preset kafka or smtp "
          "(target `x`)"}},
    });
}

TEST(CheckSettings, nats) {
    const std::string start = "targets: {x: {preset: nats, subject: a.b, ";
    const std::string fired = "}}\nnotify: [{events: base.recovered, fire: x}]";
    expect({
        {start + "servers: 'tls://nats.example.com'" + fired, {}},
        {start + "servers: 'nats://nats.example.com'" + fired, {}},
        {start + "servers: 'nats://nats.example.com', url: 'https://x.example.com'" + fired,
         {"1:79 `url` is about where to send to, and preset nats sends a message to NATS: write `servers` "
          "(target "
          "`x`)"}},
        {start + "servers: 'nats://nats.example.com', tls: none" + fired,
         {"1:79 `tls` is about a server, and preset nats sends a message to NATS: write tls:// or nats:// "
          "before the "
          "servers (target `x`)"}},
        {start + "servers: 'nats://nats.example.com', headers: {A: b}" + fired,
         {"1:79 `headers` is about a request, and preset nats sends a message to NATS: remove it (target "
          "`x`)"}},
        {start + "servers: 'nats://nats.example.com', token: a-token-of-ours" + fired,
         {"1:43 warning: target `x` sends its token without TLS",
          "1:86 warning: `token` is a secret and stands in the file: better is ${credential:NAME}, "
          "${file:/path} or "
          "${env:NAME}"}},
        {"targets: {x: {preset: webhook, url: 'https://x.example.com', subject: a}}\nnotify: [{events: "
         "base.recovered, fire: x}]",
         {"1:62 `subject` is about a message to NATS, and preset webhook sends a request: it is for preset "
          "nats "
          "(target `x`)"}},
        {"targets: {x: {preset: nats, subject: 'a.{project}', servers: 'nats://nats.example.com'" + fired,
         {"1:29 the subject of target `x` has the place {project}, which a dependent fills, and the target "
          "fires "
          "once per change: write `per: dependent`, or take the place out"}},
    });
}

TEST(CheckSettings, a_client_library_that_is_not_installed) {
    auto only_http = [](presets::Way way) {
        return way == presets::Way::http
                   ? Result<void>()
                   : Error(ErrorKind::unsupported, "a library is missing: install the package libx");
    };
    Problems problems;
    auto settings = settings::readable_text(
        "f",
        "targets:\n  w: {preset: webhook, url: 'https://ci.example.com'}\n"
        "  m: {preset: smtp, from: a@example.com, to: b@example.com, url: 'smtp://mail.example.com'}\n"
        "notify: [{events: base.recovered, fire: [w, m]}]",
        settings::Environment{}, problems);
    check_settings(settings, problems, only_http);
    EXPECT_THAT(
        told(problems),
        ElementsAre("f:3:15 warning: nothing can be sent to target `m`, and it will be tried again until it "
                    "expires: a library is missing: install the package libx"));
}

TEST(CheckSettings, programs_that_cannot_be_executed) {
    const std::string fired = "\nnotify: [{events: base.recovered, fire: x}]";
    expect({
        {"targets: {x: {preset: exec, command: [/nonexistent/rebuidl.sh]}}" + fired,
         {"1:29 warning: target `x` cannot execute /nonexistent/rebuidl.sh: No such file or directory"}},
        {"targets: {x: {preset: exec, command: [/etc/passwd]}}" + fired,
         {"1:29 warning: target `x` cannot execute /etc/passwd: Permission denied; make it executable, and "
          "name it in the service's ExecPaths="}},
        {"targets: {x: {preset: exec, command: [/usr/bin]}}" + fired,
         {"1:29 warning: target `x` cannot execute /usr/bin: it is no file"}},
    });
}

TEST(CheckSettings, places_in_a_command) {
    expect({
        {"targets: {x: {preset: exec, per: dependent, command: [/bin/true, '{DEPENDANT}', '{projct}']}}\n"
         "rules: [{name: a, base: alpine, fire: x, dependents: [r.example.com/used]}]",
         {"2:55 the command of target `x` has the place {DEPENDANT}, and r.example.com/used:latest has no "
          "`DEPENDANT` in its `with` (at f.yaml:8:13): add it there; or did you mean `{DEPENDENT}`?",
          "2:55 the command of target `x` has the place {projct}, and r.example.com/used:latest has no "
          "`projct` in its `with` (at f.yaml:8:13): add it there; or did you mean `{project}`?"}},
        {"targets: {x: {preset: exec, per: dependent, command: [/bin/true, '{DEPENDANT}']}}\n"
         "rules: [{name: a, base: alpine, fire: x, dependents: [r.example.com/other]}]",
         {"1:45 the command of target `x` has the place {DEPENDANT}, and r.example.com/other:latest has no "
          "entry under `dependents`: add one with `with: {DEPENDANT: …}`; or did you mean `{DEPENDENT}`?"}},
        {"targets: {x: {preset: exec, per: dependent, command: [/bin/true, '{DEPENDENT}', '{project}']}}\n"
         "rules: [{name: a, base: alpine, fire: x, dependents: [r.example.com/used]}]",
         {}},
        {"targets: {x: {preset: exec, per: dependent, command: [/bin/true, '{ref}']}}\n"
         "rules: [{name: a, base: alpine, fire: x, dependents: [r.example.com/other]}]",
         {"1:45 the command of target `x` has the place {ref}, and r.example.com/other:latest has no entry "
          "under `dependents`: add one with `with: {ref: …}`"}},
        {"targets: {x: {preset: exec, command: [/bin/true, '{project}']}}\n"
         "notify: [{events: base.recovered, fire: x}]",
         {"1:29 the command of target `x` has the place {project}, which a dependent fills, and the target "
          "fires once per change: write `per: dependent`, or take the place out"}},
    });
}

TEST(CheckSettings, targets_that_fire_once_per_dependent) {
    expect({
        {"notify: [{events: base.recovered, fire: [chat, plain]}]",
         {"1:48 target `plain` fires once per dependent, and the events of `notify` are about a base: name a "
          "target with `per: change`"}},
        {"rules: [{name: a, base: alpine, fire: plain}]",
         {"1:39 warning: target `plain` fires once per dependent, and this rule names none"}},
    });
}

TEST(CheckSettings, targets_that_look_into_images) {
    const std::string scan = "targets: {scan: {preset: clair, url: 'http://clair:6060'}}\n";
    const std::string ruby = "\nwatch: [{image: ruby, tags: {glob: '3.*'}}]";
    expect({
        {scan + "rules: [{name: a, base: 'ruby:*', fire: scan, on: [content, tag_deleted]}]" + ruby, {}},
        {scan + "rules: [{name: a, base: 'ruby:*', fire: [chat, scan], on: tag_deleted}]" + ruby,
         {"2:48 warning: target `scan` looks into images, and of a deleted tag there is none: this rule "
          "never "
          "fires it; name other kinds under `on`, or take it out"}},
        {scan + "notify: [{events: base.recovered, fire: [chat, scan]}]",
         {"2:48 target `scan` looks into images, and the events of `notify` have none: name a target that "
          "tells people"}},
    });
}

TEST(CheckSettings, bases_under_two_names) {
    expect({
        {"watch: [debian, 'debian:latest']",
         {"1:17 docker.io/library/debian:latest is watched twice, first at conf.d/more.yaml:1:9: keep one of "
          "them"}},
        {"watch: [{image: 'debian:12', aliases: [c.example.com/d]}, {image: 'ruby:3', aliases: "
         "['c.example.com/d:12']}]",
         {"1:87 the alias c.example.com/d:12 is also one of docker.io/library/debian:12, at "
          "conf.d/more.yaml:1:40: an alias has one base"}},
        {"watch: [{image: 'debian:12', aliases: [c.example.com/d]}, 'c.example.com/d:12']",
         {"1:40 the alias c.example.com/d:12 is itself watched, at conf.d/more.yaml:1:59: remove it here or "
          "there"}},
        // A rule may name a base by its alias.
        {"watch: [{image: 'debian:12', aliases: [c.example.com/d]}]\n"
         "rules: [{name: a, base: 'c.example.com/d:12', fire: chat}]",
         {}},
    });
}

TEST(CheckSettings, images_built_on_themselves) {
    expect({
        {"rules: [{name: a, base: r.example.com/a, dependents: [r.example.com/a], fire: chat}]",
         {"1:55 r.example.com/a:latest would be built on itself: it is a base of this rule and its "
          "dependent; "
          "name the image that is built"}},
        {"watch: [r.example.com/a]\nrules: [{name: a, base: 'r.example.com/*', dependents: "
         "[r.example.com/a], fire: chat}]",
         {"2:57 r.example.com/a:latest would be built on itself: it is a base of this rule and its "
          "dependent; "
          "name the image that is built"}},
        // A pattern that only looks as if: nothing watches the dependent.
        {"rules: [{name: a, base: '**', dependents: [r.example.com/a], fire: chat}]", {}},
        {"rules:\n"
         "  - {name: a, base: r.example.com/a, dependents: [r.example.com/b], fire: chat}\n"
         "  - {name: b, base: r.example.com/b, dependents: [r.example.com/c], fire: chat}\n"
         "  - {name: c, base: r.example.com/c, dependents: [r.example.com/a], fire: chat}\n",
         {"3:51 a cycle: r.example.com/b:latest → r.example.com/c:latest → r.example.com/a:latest → "
          "r.example.com/b:latest (an arrow leads from a base to what is built on it); every change would "
          "rebuild them for ever: remove one of the rules"}},
        // The same round through an alias.
        {"watch: [{image: r.example.com/a, aliases: [mirror.example.com/a]}]\n"
         "rules:\n"
         "  - {name: a, base: mirror.example.com/a, dependents: [r.example.com/b], fire: chat}\n"
         "  - {name: b, base: r.example.com/b, dependents: [r.example.com/a], fire: chat}\n",
         {"4:51 a cycle: r.example.com/b:latest → r.example.com/a:latest → r.example.com/b:latest (an arrow "
          "leads from a base to what is built on it); every change would rebuild them for ever: remove one "
          "of "
          "the rules"}},
        // A chain is none.
        {"rules:\n"
         "  - {name: a, base: r.example.com/a, dependents: [r.example.com/b], fire: chat}\n"
         "  - {name: b, base: r.example.com/b, dependents: [r.example.com/c], fire: chat}\n",
         {}},
    });
}

TEST(CheckSettings, patterns_over_tags) {
    expect({
        {"watch: [{image: ruby, tags: {glob: '3.*'}, aliases: [c.example.com/r]}]\n"
         "rules: [{name: a, base: ['ruby:3.*-alpine', 'c.example.com/**'], fire: chat}]",
         {}},
        {"watch: [{image: ruby, tags: {regex: '3.(', exclude: ['*-rc*']}}]",
         {"1:37 `regex`: no regular expression of RE2: missing ): 3.("}},
        // What a pattern may come to find counts as a base.
        {"watch: [{image: r.example.com/a, tags: {glob: '1.*'}}]\nrules: [{name: a, base: "
         "'r.example.com/*:1.*', dependents: ['r.example.com/a:1.2'], fire: chat}]",
         {"2:61 r.example.com/a:1.2 would be built on itself: it is a base of this rule and its dependent; "
          "name the image that is built"}},
        {"watch: [{image: r.example.com/a, tags: {glob: '1.*'}}]\nrules: [{name: a, base: "
         "'r.example.com/a:*', dependents: ['r.example.com/a:2.0'], fire: chat}]",
         {}},
    });
}

TEST(CheckSettings, what_has_no_effect_is_warned_of) {
    expect({
        {"targets: {idle: {preset: slack, url: 'https://hooks.slack.com/services/y'}}",
         {"1:11 warning: target `idle` is fired by no rule and no `notify`"}},
        {"rules: [{name: a, base: ['ruby:*', 'alpine:*'], fire: chat}]",
         {"1:26 warning: no watched base matches docker.io/library/ruby:*: this rule never fires for it; "
          "name its bases under `watch`, or its tags: `- {image: ruby, tags: {glob: \"*\"}}`"}},
        {"rules: [{name: a, base: ['ruby*', '*/ruby:3'], fire: chat}]",
         {"1:26 warning: no watched base matches docker.io/library/ruby*: this rule never fires for it; "
          "name its bases under `watch`",
          "1:35 warning: no watched base matches docker.io/*/ruby:3: this rule never fires for it; "
          "name its bases under `watch`"}},
        {"watch: [{image: ruby, tags: {glob: '3.*'}}]\nrules:\n"
         "- {name: a, base: 'ruby:*', on: [tag_created], fire: chat}\n"
         "- {name: b, base: 'ruby:3.3', on: [tag_created, newer_version], fire: chat}\n"
         "- {name: c, base: ['debian:12', latest], on: [tag_created], fire: chat}\n"
         "- {name: d, base: ['ruby:*', alpine], on: [content, newer_version], fire: chat}",
         {"5:47 warning: `tag_created` is told of tags that a pattern finds, and none is over the bases of "
          "this "
          "rule: add one under `watch`, as {image: REPOSITORY, tags: {glob: \"3.*\"}}",
          "6:53 warning: `newer_version` compares with the tag that a rule names, and none of this rule's "
          "says a "
          "version: name one, such as ruby:3.3-alpine"}},
        {"dependents: [{image: r.example.com/idle}]",
         {"1:22 warning: no rule names the dependent r.example.com/idle:latest: nothing is asked to rebuild "
          "it"}},
    });
}

TEST(CheckSettings, one_run_tells_what_could_not_be_read_and_what_does_not_fit) {
    EXPECT_THAT(checked("targets:\n"
                        "  bad: {preset: slack, url: hooks.slack.com}\n"
                        "  good: {preset: slack, url: 'https://hooks.slack.com/services/x'}\n"
                        "rules:\n"
                        "  - {name: a, base: Alpine, fire: [bad, god]}\n"),
                ElementsAre("f:2:29 `url` of target `bad` must begin with https:// or http://",
                            "f:5:21 `base`: a repository name is in lower case: write \"alpine\" instead of "
                            "\"Alpine\"",
                            "f:5:41 undefined target `god`: did you mean `good`?"));
}

TEST(CheckSettings, what_follows_from_a_fault_already_told_is_left_out) {
    EXPECT_THAT(checked("targets:\n"
                        "  ci: {preset: webhook, per: dependent, url: 'https://ci.example.com/{project}'}\n"
                        "rules:\n"
                        "  - {name: a, base: alpine, fire: ci, dependents: r.example.com/a}\n"
                        "dependents:\n"
                        "  - {image: r.example.com/a, with: {project: [a]}}\n"),
                ElementsAre("f:6:46 `project` in `with` must be a text, not a list"));
}

TEST(CheckSettings, logins_of_clouds) {
    EXPECT_THAT(
        checked("registries: {r.example.com: {provider: ecr}}\n"),
        ElementsAre(HasSubstr("f:1:30 registry `r.example.com`: r.example.com is no registry of Amazon's")));
    EXPECT_THAT(
        checked("registries:\n  public.ecr.aws: {provider: ecr, endpoint: 'http://api.example.com'}\n"),
        ElementsAre(HasSubstr("`endpoint` must be an https address")));
    test::TemporaryFolder folder;
    folder.write("key.json", R"({"type":"authorized_user","refresh_token":"leaked-secret"})");
    EXPECT_THAT(
        checked("registries: {gcr.io: {provider: google, key_file: '" + (folder / "key.json") + "'}}\n"),
        ElementsAre(HasSubstr("the `key_file` of registry `gcr.io` is of the type \"authorized_user\"")));
    for (const char* host : {"mirror.example.com", "pkg.dev.example.com", "notgcr.io"})
        EXPECT_THAT(
            checked("registries: {" + std::string(host) + ": {provider: google}}\n"),
            ElementsAre(HasSubstr(" warning: registry `" + std::string(host) + "` is none of Google's")))
            << host;
    for (const char* host : {"europe-docker.pkg.dev", "gcr.io", "eu.gcr.io"})
        EXPECT_THAT(checked("registries: {" + std::string(host) + ": {provider: google}}\n"), IsEmpty());
    EXPECT_THAT(checked("registries:\n  123456789012.dkr.ecr.eu-west-1.amazonaws.com: {provider: ecr}\n"),
                IsEmpty());
}

TEST(Sample, is_valid_without_a_warning) {
    test::TemporaryFolder folder;
    for (std::string_view name :
         {"api_dashboard", "api_ops",      "hub",          "dockerconfig", "registry_ca",
          "registry_cert", "registry_key", "gateway",      "aws",          "entra",
          "proxy",         "gitlab",       "github",       "audit",        "audit_before",
          "inventory",     "azure",        "builds_oauth", "builds_ca",    "builds_cert",
          "builds_key",    "smtp",         "mail_ca",      "kafka",        "nats"})
        folder.write(name, std::string(name) + "-value-for-a-test");
    folder.write("slack", "https://hooks.slack.com/services/T0/B0/test\n");
    settings::Environment environment{{{"CREDENTIALS_DIRECTORY", folder.path().string()}}};
    Problems problems;
    auto settings = settings::read_settings(PROJECT_DIR "/config/basewatch.yaml", environment, problems);
    EXPECT_THAT(told(problems), IsEmpty());
    ASSERT_TRUE(settings);
    check_settings(*settings, problems);
    // Its program is on no machine of ours.
    EXPECT_THAT(told(problems), ElementsAre(HasSubstr("cannot execute /usr/local/bin/rebuild:")));
    EXPECT_EQ(settings->rules.size(), 4u);
    EXPECT_EQ(settings->targets.size(), 13u);
}

// Every key that this version reads stands in the sample, so that nothing is found out by reading the source.
TEST(Sample, names_every_key) {
    auto sample = test::read_file(PROJECT_DIR "/config/basewatch.yaml");
    std::istringstream keys(
        "state listen public_url api_tokens scopes retention interval platforms "
        "unreachable_after username password auth_file ca_file timeout connections client_cert "
        "client_key family proxy mirror rate plain_http aliases ignore_labels owner deadline "
        "with base on dependents fire events preset url token secret signature method headers "
        "body success retries expire per options settle concurrency auth signature_header bulk command from "
        "to tls brokers topic key sasl servers subject jetstream nkey nkey_file credentials_file ");
    for (std::string key; keys >> key;) EXPECT_THAT(sample, HasSubstr(key + ":")) << key;
}

TEST(CheckSettings, MessagesAreToldTogetherOnlyWhereTheBodyCanTellThem) {
    auto of = [](const std::string& target) {
        return checked("rules: [{name: r, base: alpine, dependents: [a/b], fire: t}]\ntargets:\n  t: {" +
                       target + "}\n");
    };
    EXPECT_THAT(of("preset: slack, url: 'https://hooks.slack.com/x', group: 2m"), IsEmpty());
    EXPECT_THAT(of("preset: webhook, url: 'https://x.example.com', group: 2m, body: '[.events[].id]'"),
                IsEmpty());
    EXPECT_THAT(of("preset: webhook, url: 'https://x.example.com', group: 2m"),
                ElementsAre("f:3:61 `group` of target `t`: preset webhook sends events one by one: give the "
                            "target a `body` that tells all of `.events`, or remove `group`"));
    EXPECT_THAT(
        of("preset: webhook, url: 'https://x.example.com', group: 2m, body: .id"),
        ElementsAre("f:3:61 `group` of target `t`: its `body` tells only the first of several events: "
                    "give the target a `body` that tells all of `.events`, or remove `group`"));
    EXPECT_THAT(of("preset: webhook, per: dependent, url: 'https://x.example.com', body: '1', group: 2m"),
                ElementsAre(HasSubstr("it fires once per dependent, and builds are not told together")));
}

TEST(CheckSettings, ARulesGroupIsForTargetsThatCanTellSeveralEvents) {
    auto of = [](const std::string& rule) {
        return checked("rules: [{name: r, base: alpine, dependents: [a/b], " + rule +
                       "}]\ntargets:\n"
                       "  chat: {preset: slack, url: 'https://hooks.slack.com/x'}\n"
                       "  grouped: {preset: slack, url: 'https://hooks.slack.com/x', group: 2m}\n"
                       "  hook: {preset: webhook, url: 'https://x.example.com'}\n"
                       "  first: {preset: webhook, url: 'https://x.example.com', body: .id}\n"
                       "  all: {preset: webhook, url: 'https://x.example.com', body: '[.events[].id]'}\n"
                       "  ci: {preset: webhook, per: dependent, url: 'https://x.example.com'}\n"
                       "notify: [{events: base.recovered, fire: [chat, grouped, hook, first, all]}]\n");
    };
    auto idle = HasSubstr("target `ci` is fired by no rule");
    EXPECT_THAT(of("fire: [chat, hook, first, ci], group: 2m"), IsEmpty())
        << "those that cannot go as they are";
    EXPECT_THAT(of("fire: [all, ci], group: 2m"), IsEmpty());
    EXPECT_THAT(of("fire: [grouped, ci], group: none"), IsEmpty());
    EXPECT_THAT(
        of("fire: [hook, first, ci], group: 2m"),
        ElementsAre("f:1:84 `group` of rule `r`: no target of the rule can tell several events (`hook`: "
                    "preset webhook sends events one by one; `first`: its `body` tells only the first of "
                    "several events; `ci`: it fires once per dependent, and builds are not told "
                    "together): fire one that can, such as preset slack or one with a `body` that tells "
                    "all of `.events`, or remove `group`"));
    EXPECT_THAT(of("fires: [hook], group: 2m"), Not(Contains(HasSubstr("can tell several events"))));
    EXPECT_THAT(of("fire: [chat, hook], group: none"),
                ElementsAre("f:1:79 warning: `group` of rule `r`: none of its targets has a `group` or quiet "
                            "hours that `none` would switch off",
                            idle));
}

}  // namespace
}  // namespace basewatch::app
