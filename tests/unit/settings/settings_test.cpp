// What each section of the configuration comes to as values.
#include "settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::settings {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::vector<std::string> told(const Problems& problems) {
    std::vector<std::string> out;
    for (const auto& problem : problems.sorted()) out.push_back(problem.where.text() + " " + problem.what);
    return out;
}

Settings good(std::string_view text, const Environment& environment = {}) {
    Problems problems;
    auto settings = read_settings_text("f.yaml", text, environment, problems);
    EXPECT_THAT(told(problems), IsEmpty());
    return settings.value_or(Settings());
}

TEST(Settings, an_empty_file_is_all_defaults) {
    for (std::string_view text : {"", "# nothing\n", "daemon:\nwatch:\nrules:\n", "{}"}) {
        auto settings = good(text);
        EXPECT_EQ(settings.daemon.state, "basewatch.db");
        EXPECT_THAT(settings.daemon.listen, ElementsAre("unix:/run/basewatch/api.sock"));
        EXPECT_EQ(settings.daemon.retention, 24h * 400);
        EXPECT_EQ(settings.defaults.interval, 15min);
        EXPECT_EQ(settings.defaults.unreachable_after, 4);
        EXPECT_EQ(settings.defaults.settle, 0s);
        EXPECT_FALSE(settings.defaults.platforms.all);
        EXPECT_EQ(settings.defaults.platforms.named.at(0).text(), "linux/amd64");
        ASSERT_TRUE(settings.registries);
    }
}

TEST(Settings, systemd_says_where_state_and_socket_are) {
    Environment environment{
        {{"STATE_DIRECTORY", "/var/lib/basewatch:/other"}, {"RUNTIME_DIRECTORY", "/run/other"}}};
    auto settings = good("", environment);
    EXPECT_EQ(settings.daemon.state, "/var/lib/basewatch/basewatch.db");
    EXPECT_THAT(settings.daemon.listen, ElementsAre("unix:/run/other/api.sock"));
    EXPECT_EQ(good("daemon: {state: /tmp/x.db}", environment).daemon.state, "/tmp/x.db");
}

TEST(Settings, daemon) {
    Environment environment{{{"OPS", "a-token-that-is-long"}}};
    auto daemon = good(R"(
daemon:
  listen: ["unix:/run/x.sock", "127.0.0.1:8463", "[::1]:0", "basewatch.internal:80"]
  public_url: https://basewatch.example.com/sub/
  api_tokens:
    - {name: ops, token: "${env:OPS}", scopes: [read, operate, read]}
  retention: 30d
)",
                       environment)
                      .daemon;
    EXPECT_THAT(daemon.listen,
                ElementsAre("unix:/run/x.sock", "127.0.0.1:8463", "[::1]:0", "basewatch.internal:80"));
    EXPECT_EQ(daemon.public_url, "https://basewatch.example.com/sub");
    EXPECT_EQ(daemon.api_tokens.at(0).name, "ops");
    EXPECT_EQ(daemon.api_tokens.at(0).token.reveal(), "a-token-that-is-long");
    EXPECT_THAT(daemon.api_tokens.at(0).scopes, ElementsAre("read", "operate"));
    EXPECT_EQ(daemon.retention, 24h * 30);
}

TEST(Settings, listening_where_nobody_can_ask_is_told) {
    const std::string listen = "daemon:\n  listen: ['unix:/run/x.sock', '127.0.0.1:8463']\n";
    Problems problems;
    EXPECT_TRUE(read_settings_text("f.yaml", listen, {}, problems));
    EXPECT_THAT(
        told(problems),
        ElementsAre("f.yaml:2:32 only /livez and /readyz answer at 127.0.0.1:8463: every other request over "
                    "TCP needs one of `api_tokens`, and there are none"));
    good(listen + "  api_tokens: [{name: ops, token: '${env:OPS}', scopes: [read]}]\n",
         {{{"OPS", "a-token-that-is-long"}}});
}

TEST(Settings, listen_addresses_that_cannot_be) {
    for (std::string_view address : {"unix:relative", "127.0.0.1", "::1:8463", "127.0.0.1:99999",
                                     "127.0.0.1:", "http://127.0.0.1:80", ":80", "/run/x.sock"}) {
        Problems problems;
        auto text = "daemon: {listen: [\"" + std::string(address) + "\"]}";
        EXPECT_FALSE(read_settings_text("f.yaml", text, {}, problems)) << address;
    }
}

TEST(Settings, registries_are_known_by_their_normalised_names) {
    Environment environment{{{"HUB", "hub-password"}}};
    auto registries = good(R"(
registries:
  index.docker.io: {username: ci, password: "${env:HUB}"}
  LOCALHOST:5000: {plain_http: true}
  registry.example.com: {rate: 20/s, connections: 8, timeout: 30s, bulk: always}
  "[::1]:5000": {rate: 6/m}
)",
                           environment)
                          .registries;
    const auto& hub = registries->by_host.at("docker.io");
    EXPECT_EQ(hub.username, "ci");
    EXPECT_EQ(hub.password.reveal(), "hub-password");
    EXPECT_TRUE(registries->by_host.at("localhost:5000").plain_http);
    const auto& other = registries->by_host.at("registry.example.com");
    EXPECT_DOUBLE_EQ(other.rate->per_second, 20);
    EXPECT_EQ(other.connections, 8u);
    EXPECT_EQ(other.bulk, Bulk::always);
    EXPECT_FALSE(hub.bulk);
    EXPECT_EQ(other.timeout, 30s);
    EXPECT_DOUBLE_EQ(registries->by_host.at("[::1]:5000").rate->per_second, 0.1);
}

TEST(Settings, mirrors_are_registries_of_their_own) {
    auto registries = good(R"(
registries:
  docker.io: {mirror: [https://Cache.example.com/hub/, "http://10.0.0.1:5000"]}
  quay.io: {mirror: https://cache.example.com/v2/quay, mirror_only: true}
  cache.example.com: {rate: 50/s}
)")
                          .registries;
    const auto& hub = registries->by_host.at("docker.io");
    ASSERT_EQ(hub.mirrors.size(), 2u);
    EXPECT_EQ(hub.mirrors.at(0).host, "cache.example.com");
    EXPECT_EQ(hub.mirrors.at(0).prefix, "hub");
    EXPECT_EQ(hub.mirrors.at(1).host, "10.0.0.1:5000");
    EXPECT_EQ(hub.mirrors.at(1).prefix, "");
    EXPECT_FALSE(hub.mirror_only);
    EXPECT_EQ(registries->by_host.at("quay.io").mirrors.at(0).prefix, "quay");
    EXPECT_TRUE(registries->by_host.at("quay.io").mirror_only);
    EXPECT_DOUBLE_EQ(registries->by_host.at("cache.example.com").rate->per_second, 50);
    EXPECT_TRUE(registries->by_host.at("10.0.0.1:5000").plain_http);
}

TEST(Settings, registries_of_clouds_and_their_headers) {
    Environment environment{
        {{"KEY", "of-amazon-secret"}, {"GATEWAY", "gateway-key"}, {"ENTRA", "entra-token"}}};
    auto registries = good(R"(
registries:
  123456789012.dkr.ecr.eu-west-1.amazonaws.com:
    {provider: ecr, access_key_id: AKIDEXAMPLE, secret_access_key: "${env:KEY}", endpoint: "https://vpce.example"}
  public.ecr.aws: {provider: ecr}
  europe-docker.pkg.dev: {provider: google, access_token: "${env:KEY}"}
  gcr.io: {provider: google}
  shop.azurecr.io: {provider: azure, access_token: "${env:ENTRA}", tenant: contoso.example}
  r.example.com: {headers: {X-Gateway: "${env:GATEWAY}", X-Team: platform}}
)",
                           environment)
                          .registries->by_host;
    const auto& amazon = registries.at("123456789012.dkr.ecr.eu-west-1.amazonaws.com").login;
    EXPECT_EQ(amazon.provider, Provider::ecr);
    EXPECT_EQ(amazon.access_key_id, "AKIDEXAMPLE");
    EXPECT_EQ(amazon.secret_access_key.reveal(), "of-amazon-secret");
    EXPECT_EQ(amazon.endpoint, "https://vpce.example");
    EXPECT_EQ(registries.at("public.ecr.aws").login.provider, Provider::ecr);
    EXPECT_EQ(registries.at("europe-docker.pkg.dev").login.access_token.reveal(), "of-amazon-secret");
    EXPECT_EQ(registries.at("gcr.io").login.provider, Provider::google);
    EXPECT_EQ(registries.at("shop.azurecr.io").login.tenant, "contoso.example");
    const auto& headers = registries.at("r.example.com").headers;
    EXPECT_TRUE(headers.at("X-Gateway").is_secret());
    EXPECT_EQ(headers.at("X-Gateway").reveal(), "gateway-key");
    EXPECT_EQ(headers.at("X-Team").reveal(), "platform");
}

TEST(Settings, a_registry_under_two_names_is_given_twice) {
    Problems problems;
    EXPECT_FALSE(read_settings_text("f.yaml", "registries:\n  docker.io: {}\n  registry-1.docker.io: {}\n",
                                    {}, problems));
    EXPECT_THAT(told(problems), ElementsAre("f.yaml:3:3 registry `docker.io` is given twice, first at "
                                            "f.yaml:2:3: keep one of them"));
}

TEST(Settings, watch) {
    auto watch = good(R"(
watch:
  - alpine:3.20
  - image: ruby:3.3-alpine
    interval: 5m
    platforms: [linux/amd64, linux/aarch64]
    ignore_labels: [com.example.build, "com.example.ci.*"]
    aliases: [corp.example.com/mirror/ruby, "corp.example.com/old/ruby:3"]
  - {image: debian, platforms: all}
)")
                     .watch;
    EXPECT_EQ(watch.at(0).base.text(), "docker.io/library/alpine:3.20");
    EXPECT_EQ(watch.at(0).where.text(), "f.yaml:3:5");
    EXPECT_EQ(watch.at(1).interval, 5min);
    EXPECT_EQ(watch.at(1).platforms->named.at(1).text(), "linux/arm64");
    EXPECT_THAT(watch.at(1).ignore_labels, ElementsAre("com.example.build", "com.example.ci.*"));
    EXPECT_EQ(watch.at(1).aliases.at(0).text(), "corp.example.com/mirror/ruby:3.3-alpine");
    EXPECT_EQ(watch.at(1).aliases.at(1).text(), "corp.example.com/old/ruby:3");
    EXPECT_TRUE(watch.at(2).platforms->all);
    EXPECT_EQ(watch.at(2).base.text(), "docker.io/library/debian:latest");
}

TEST(Settings, dependents) {
    auto dependents = good(R"(
dependents:
  - image: registry.example.com/shop/api
    owner: team-shop
    deadline: 2h
    with: {project: shop/api, ref: 1.10, id: 42}
)")
                          .dependents;
    const auto& dependent = dependents.at(0).dependent;
    EXPECT_EQ(dependent.reference.text(), "registry.example.com/shop/api:latest");
    EXPECT_EQ(dependent.owner, "team-shop");
    EXPECT_EQ(dependent.deadline, 2h);
    EXPECT_THAT(dependent.parameters,
                UnorderedElementsAre(Pair("project", "shop/api"), Pair("ref", "1.10"), Pair("id", "42")));
    EXPECT_TRUE(dependents.at(0).whole);
}

TEST(Settings, rules) {
    auto rules = good(R"(
rules:
  - name: ruby services
    base: [ruby:3.3-alpine, "ruby:3.*", "ghcr.io/org/**"]
    on: [content, platform_removed]
    dependents: [registry.example.com/shop/api, {image: "registry.example.com/shop/worker:2"}]
    fire: [slack, rebuild]
  - {name: one of each, base: alpine, fire: slack}
)")
                     .rules;
    const auto& first = rules.at(0);
    EXPECT_THAT(first.rule.bases, ElementsAre("docker.io/library/ruby:3.3-alpine",
                                              "docker.io/library/ruby:3.*", "ghcr.io/org/**"));
    EXPECT_EQ(first.base_marks.at(1).text(), "f.yaml:4:29");
    EXPECT_THAT(first.rule.on, ElementsAre(model::ChangeKind::content, model::ChangeKind::platform_removed));
    EXPECT_THAT(first.rule.dependents,
                ElementsAre("registry.example.com/shop/api:latest", "registry.example.com/shop/worker:2"));
    EXPECT_EQ(first.dependent_marks.size(), 2u);
    EXPECT_THAT(first.rule.fire, ElementsAre("slack", "rebuild"));
    EXPECT_THAT(rules.at(1).rule.on, ElementsAre(model::ChangeKind::content, model::ChangeKind::reverted));
    EXPECT_EQ(rules.at(1).rule.origin, "file");
}

TEST(Settings, notify) {
    auto notify =
        good("notify:\n  - {events: [base.unreachable, base.recovered], fire: [slack, mail]}\n").notify;
    EXPECT_THAT(notify.at(0).events, ElementsAre("base.unreachable", "base.recovered"));
    EXPECT_THAT(notify.at(0).fire, ElementsAre("slack", "mail"));
    EXPECT_EQ(notify.at(0).fire_marks.at(1).text(), "f.yaml:2:64");
}

TEST(Settings, a_target_with_everything) {
    Environment environment{{{"NEW", "new-secret"}, {"OLD", "old-secret"}, {"TOKEN", "the-token"}}};
    auto settings = good(R"(
targets:
  anything:
    preset: webhook
    url: https://ci.example.com/{project}/hooks
    token: "${env:TOKEN}"
    username: ci
    secret: ["${env:NEW}", "${env:OLD}"]
    signature: github
    method: PUT
    headers: {X-Team: platform, Authorization: "Bearer ${env:TOKEN}"}
    body: |
      {text: .data.base.reference}
    success: [200-299, 409]
    success_body: ok
    timeout: 5s
    retries: [5s, 30s]
    expire: 3d
    per: dependent
    rate: 60/h
    options: {ref: main, depth: 1}
)",
                         environment);
    const auto& target = settings.targets.at("anything");
    EXPECT_TRUE(target.whole);
    EXPECT_EQ(target.preset, "webhook");
    EXPECT_EQ(target.preset_at.text(), "f.yaml:4:13");
    EXPECT_EQ(target.url_at.text(), "f.yaml:5:10");
    EXPECT_EQ(target.fields.url->reveal(), "https://ci.example.com/{project}/hooks");
    EXPECT_EQ(target.token.reveal(), "the-token");
    EXPECT_EQ(target.secrets.at(0).reveal(), "new-secret");
    EXPECT_EQ(target.secrets.at(1).reveal(), "old-secret");
    EXPECT_EQ(target.fields.signature, SignatureStyle::github);
    EXPECT_EQ(target.fields.method, "PUT");
    EXPECT_EQ(target.fields.headers.at("X-Team").reveal(), "platform");
    EXPECT_FALSE(target.fields.headers.at("X-Team").is_secret());
    EXPECT_EQ(target.fields.headers.at("Authorization").reveal(), "Bearer the-token");
    EXPECT_TRUE(target.fields.headers.at("Authorization").is_secret());
    EXPECT_EQ(target.fields.body, "{text: .data.base.reference}\n");
    EXPECT_EQ(target.fields.body_at.text(), "f.yaml:13:7");
    EXPECT_EQ(target.fields.success.at(0).last, 299);
    EXPECT_EQ(target.fields.success.at(1).first, 409);
    EXPECT_EQ(target.fields.success_body, "ok");
    EXPECT_EQ(target.fields.timeout, 5s);
    EXPECT_THAT(target.fields.retries, ElementsAre(5s, 30s));
    EXPECT_EQ(target.fields.expire, 72h);
    EXPECT_EQ(target.fields.per, Per::dependent);
    EXPECT_DOUBLE_EQ(target.fields.rate->per_second, 1 / 60.0);
    EXPECT_THAT(target.options, UnorderedElementsAre(Pair("ref", "main"), Pair("depth", "1")));
    EXPECT_THAT(settings.fixed_at_start, ElementsAre("env:NEW", "env:OLD", "env:TOKEN"));
}

TEST(Settings, a_condition_is_kept_with_its_place_and_an_empty_one_refused) {
    Problems problems;
    auto read = read_settings_text(
        "f.yaml",
        "rules:\n- {name: a, base: b, fire: c, when: \".data.kind\"}\ntargets: {c: {preset: webhook}}", {},
        problems);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->rules[0].rule.when, ".data.kind");
    EXPECT_EQ(read->rules[0].when_at.text(), "f.yaml:2:38");
    EXPECT_FALSE(
        read_settings_text("f.yaml", "rules: [{name: a, base: b, fire: c, when: ' '}]", {}, problems));
    EXPECT_THAT(told(problems),
                testing::Contains(testing::HasSubstr("`when` of an entry of `rules` is empty")));
}

TEST(Settings, when_messages_go_is_read) {
    using namespace std::chrono_literals;
    Problems problems;
    auto read = read_settings_text("f.yaml",
                                   "dependents: [{image: a/b, priority: security}]\n"
                                   "targets:\n"
                                   "  a: {preset: slack, group: 2m}\n"
                                   "  b: {preset: slack, group: {wait: 30s, most: 5m},\n"
                                   "      quiet: [{from: \"22:00\", to: \"07:00\", zone: Europe/Berlin}]}\n",
                                   {}, problems);
    ASSERT_TRUE(read.has_value()) << ::testing::PrintToString(told(problems));
    EXPECT_EQ(read->dependents[0].dependent.priority, model::Priority::security);
    EXPECT_EQ(read->targets.at("a").group->wait, 2min);
    EXPECT_EQ(read->targets.at("a").group->most, 2min);
    const auto& b = read->targets.at("b");
    EXPECT_EQ(b.group->wait, 30s);
    EXPECT_EQ(b.group->most, 5min);
    ASSERT_EQ(b.quiet.size(), 1u);
    EXPECT_EQ(b.quiet[0].from, 22h);
    EXPECT_EQ(b.quiet[0].to, 7h);
}

TEST(Settings, the_group_of_a_rule_is_read) {
    using namespace std::chrono_literals;
    Problems problems;
    auto read = read_settings_text("f.yaml",
                                   "rules:\n"
                                   "  - {name: as the target, base: a, fire: t}\n"
                                   "  - {name: short, base: a, fire: t, group: 30s}\n"
                                   "  - {name: both, base: a, fire: t, group: {wait: 30s, most: 5m}}\n"
                                   "  - {name: alone, base: a, fire: t, group: none}\n",
                                   {}, problems);
    ASSERT_TRUE(read.has_value()) << ::testing::PrintToString(told(problems));
    auto group = [&](std::size_t i) { return read->rules.at(i).rule.group; };
    EXPECT_FALSE(group(0).has_value());
    ASSERT_TRUE(group(1).has_value() && group(1)->together);
    EXPECT_EQ(group(1)->together->wait, 30s);
    EXPECT_EQ(group(1)->together->most, 30s);
    EXPECT_EQ(group(1)->together->rule, "short");
    EXPECT_EQ(model::to_string(group(2)->together), "{wait: 30s, most: 5m}");
    ASSERT_TRUE(group(3).has_value());
    EXPECT_FALSE(group(3)->together.has_value());
}

TEST(Settings, the_group_of_a_rule_is_refused_at_its_place) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"false",
         "f.yaml:1:49 `group` of an entry of `rules` must be a duration such as 2m, {wait: 30s, "
         "most: 5m}, or none, not "},
        {"None", "or none, not "},
        {"100ms", "`group` must be from 1s to "},
        {"{wait: 5m, most: 1m}", "`most` of `group` is shorter than `wait`"},
        {"{wait: 5m}", "lacks `most`"},
        {"[2m]", "or none, not a list"},
    };
    for (const auto& [group, message] : rows) {
        Problems problems;
        auto text = "rules: [{name: r, base: alpine, fire: t, group: " + group + "}]";
        EXPECT_FALSE(read_settings_text("f.yaml", text, {}, problems)) << group;
        EXPECT_THAT(told(problems), testing::Contains(testing::HasSubstr(message))) << group;
    }
}

TEST(Settings, when_messages_go_is_refused_at_its_place) {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"group: 10", "f.yaml:1:37 `group` must be a duration"},
        {"group: {wait: 5m, most: 1m}", "f.yaml:1:54 `most` of `group` is shorter than `wait`"},
        {"group: {wait: 5m}", "lacks `most`"},
        {"quiet: []", "`quiet` must hold 1 to 20 times"},
        {"quiet: {from: 22, to: \"07:00\", zone: UTC}", "`from` of `quiet` must be a time of day such as"},
        {"quiet: {from: \"22:00\", to: \"24:00\", zone: UTC}", "`to` of `quiet` must be a time of day"},
        {"quiet: {from: \"22:00\", to: \"22:00\", zone: UTC}", "would be all day"},
        {"quiet: {from: \"22:00\", to: \"07:00\"}", "lacks `zone`"},
        {"quiet: {from: \"22:00\", to: \"07:00\", zone: Europe/Berlni}", "no time zone `Europe/Berlni`"},
    };
    for (const auto& [row, message] : rows) {
        Problems problems;
        auto text = "targets: {t: {preset: slack, " + row + "}}";
        EXPECT_FALSE(read_settings_text("f.yaml", text, {}, problems)) << row;
        EXPECT_THAT(told(problems), testing::Contains(testing::HasSubstr(message))) << row;
    }
    Problems problems;
    EXPECT_FALSE(read_settings_text("f.yaml", "dependents: [{image: a/b, priority: urgent}]", {}, problems));
}

TEST(Settings, every_mistake_of_an_entry_of_quiet_is_told) {
    Problems problems;
    EXPECT_FALSE(read_settings_text(
        "f.yaml",
        "targets: {t: {preset: slack, quiet: {from: \"25:00\", to: \"7\", zone: Europe/Berln}, "
        "group: {wait: soon}}}",
        {}, problems));
    EXPECT_THAT(told(problems),
                testing::IsSupersetOf(
                    {testing::HasSubstr("`from` of `quiet`"), testing::HasSubstr("`to` of `quiet`"),
                     testing::HasSubstr("no time zone `Europe/Berln`"),
                     testing::HasSubstr("`wait` must be a duration"), testing::HasSubstr("lacks `most`")}));
}

TEST(Settings, what_this_version_does_not_build_is_refused_and_never_ignored) {
    const std::vector<std::string> texts{
        "daemon: {api_tokens: [{name: a, token: x, scopes: [read], owner: team}]}",
        "dependents: [{image: a/b, base: auto}]",
        "dependents: [{image: a/b, platforms: [linux/amd64]}]",
        "dependents: [{image: 'a/*'}]",
        "rules: [{name: a, base: b, fire: c, approve: manual}]",
        "rules: [{name: a, base: b, fire: c, canary: d}]",
        "rules: [{name: a, base: b, fire: c, freeze: []}]",
        "rules: [{name: a, base: b, fire: c, dependents: [{image: d/e, newest: 2}]}]",
        "rules: [{name: a, base: b, fire: c, dependents: ['d/*:latest']}]",
        "notify: [{events: rebuild.stale, fire: c}]",
        "targets: {t: {preset: webhook, in_flight: 5}}",
        "targets: {t: {preset: webhook, budget: 60/h}}",
        "hooks: [{source: harbor}]",
        "badges: {public: []}",
    };
    for (const auto& text : texts) {
        Problems problems;
        EXPECT_FALSE(read_settings_text("f.yaml", text, {}, problems)) << text;
        EXPECT_THAT(told(problems), testing::Contains(testing::HasSubstr("not in this version"))) << text;
    }
}

TEST(Settings, how_a_registry_is_reached) {
    Problems problems;
    auto settings =
        readable_text("f.yaml",
                      "registries:\n"
                      "  a.example.com: {proxy: 'http://u:p@proxy.example.com:3128', family: ipv6}\n"
                      "  b.example.com: {proxy: direct, family: auto}\n"
                      "  c.example.com: {proxy: ''}\n"
                      "  d.example.com: {}\n",
                      {}, problems);
    EXPECT_THAT(told(problems), ElementsAre(testing::HasSubstr("password of `proxy` is a secret"),
                                            testing::HasSubstr("4:19 `proxy` must be an address")));
    const auto& hosts = settings.registries->by_host;
    EXPECT_EQ(hosts.at("a.example.com").proxy.reveal(), "http://u:p@proxy.example.com:3128");
    EXPECT_EQ(hosts.at("a.example.com").family, Family::ipv6);
    EXPECT_TRUE(hosts.at("b.example.com").direct);
    EXPECT_TRUE(hosts.at("b.example.com").proxy.empty());
    EXPECT_EQ(hosts.at("b.example.com").family, Family::any);
    EXPECT_FALSE(hosts.at("d.example.com").direct);
}

TEST(Settings, what_is_readable_comes_back_beside_the_faults) {
    Problems problems;
    auto settings = readable_text("f.yaml",
                                  "watch: [alpine, 'Bad']\n"
                                  "targets:\n"
                                  "  good: {preset: webhook, url: 'https://x.example.com'}\n"
                                  "  bad: {preset: webhook, url: 'x.example.com'}\n",
                                  {}, problems);
    EXPECT_EQ(problems.errors(), 2u);
    EXPECT_EQ(settings.watch.size(), 1u);
    EXPECT_TRUE(settings.targets.at("good").whole);
    EXPECT_FALSE(settings.targets.at("bad").whole);
}

}  // namespace
}  // namespace basewatch::settings
