// Our deliveries, judged by programs that others wrote: Debian's `webhook` runs a build when the signature is
// right, the Standard Webhooks and CloudEvents libraries of npm check what arrives, nginx turns us away.

#include "foundation/json.hpp"
#include "integration/delivery_fixture.hpp"
#include "support/certificates.hpp"
#include "support/fake_transport.hpp"
#include "support/process.hpp"
#include "support/receiver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

// A build server that checks X-Hub-Signature-256, as Debian packages it.
struct BuildServerTest : DeliveryTest {
    int port = free_port();
    std::string built = folder / "built";
    std::unique_ptr<Process> server;

    void SetUp() override {
        auto script = folder.write("build.sh", "#!/bin/sh\nprintf '%s\\n' \"$1 $2\" >>" + built + "\n");
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        nlohmann::json rule{{"type", "payload-hmac-sha256"},
                            {"secret", "shared with the build server"},
                            {"parameter", {{"source", "header"}, {"name", "X-Hub-Signature-256"}}}};
        nlohmann::json hook{
            {"id", "rebuild"},
            {"execute-command", script},
            {"include-command-output-in-response", true},
            {"trigger-rule-mismatch-http-response-code", 403},
            {"pass-arguments-to-command",
             {{{"source", "payload"}, {"name", "type"}}, {{"source", "payload"}, {"name", "subject"}}}},
            {"trigger-rule", {{"match", rule}}}};
        auto hooks = folder.write("hooks.json", nlohmann::json::array({hook}).dump());
        server = std::make_unique<Process>(std::vector<std::string>{
            "webhook", "-hooks", hooks, "-ip", "127.0.0.1", "-port", std::to_string(port), "-verbose"});
        ASSERT_TRUE(accepts_connections(port)) << server->errors();
    }
    presets::Target target(std::string secret) {
        auto made = webhook("ci", "http://127.0.0.1:" + std::to_string(port) + "/hooks/rebuild");
        made.fields.signature = settings::SignatureStyle::github;
        made.secrets = {Secret(std::move(secret))};
        return made;
    }
};

TEST_F(BuildServerTest, RunsTheBuildForASignedDelivery) {
    house.use({target("shared with the build server")});
    house.start();
    auto id = house.give("ci");
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered)) << server->output() << server->errors();
    EXPECT_EQ(read_file(built), "dev.basewatch.base.changed docker.io/library/base-1:1\n");
}

TEST_F(BuildServerTest, RunsNothingForAWrongSecretAndWeGoOnTrying) {
    house.use({target("a secret that nobody shares")});
    house.start();
    auto id = house.give("ci");
    ASSERT_TRUE(until_tried(id)) << server->output() << server->errors();
    // This server calls a wrong signature its own failure, and of those we hope that they pass.
    auto attempt = house.attempts(id)[0];
    EXPECT_EQ(attempt.status, 500);
    EXPECT_EQ(attempt.next, DeliveryState::waiting);
    EXPECT_THAT(server->errors() + server->output(), HasSubstr("invalid payload signatures"));
    EXPECT_FALSE(std::filesystem::exists(built));
}

// Checked by the libraries that receivers use.
struct LibraryTest : DeliveryTest {
    Receiver receiver{loop, clock};

    ReceivedRequest delivered(presets::Target target) {
        house.use({target});
        house.start();
        auto id = house.give(target.name);
        EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
        EXPECT_THAT(receiver.requests(), SizeIs(1));
        return receiver.requests().empty() ? ReceivedRequest{} : receiver.requests()[0];
    }
    static Outcome ask(const std::string& script, const ReceivedRequest& request, const std::string& secret) {
        nlohmann::json input{{"headers", nlohmann::json::object()}, {"body", request.body}};
        for (const auto& [name, value] : request.headers) input["headers"][name] = value;
        if (!secret.empty()) input["secret"] = secret;
        return run({"node", PROJECT_DIR "/tests/integration/npm/" + script}, {}, input.dump());
    }
};

TEST_F(LibraryTest, StandardWebhooksVerifiesTheSignatureOfEachSecret) {
    const std::string current = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const std::string before = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    auto target = webhook("ci", receiver.address("/hook"));
    target.fields.signature = settings::SignatureStyle::standard;
    target.secrets = {Secret(current), Secret(before)};
    auto request = delivered(target);
    for (const auto& secret : {current, before}) {
        auto verified = ask("verify_standardwebhooks.mjs", request, secret);
        EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.errors;
    }
    for (const auto& secret : {current, before}) {
        auto verified = ask("verify_svix.mjs", request, secret);
        EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.errors;
    }
    auto tampered = request;
    tampered.body += " ";
    EXPECT_NE(ask("verify_standardwebhooks.mjs", tampered, current).exit_code, 0);
    EXPECT_NE(ask("verify_standardwebhooks.mjs", request, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").exit_code,
              0);
}

TEST_F(LibraryTest, PythonsCryptographyVerifiesTheEd25519Signature) {
    auto target = webhook("ci", receiver.address("/hook"));
    target.fields.signature = settings::SignatureStyle::standard;
    target.secrets = {
        Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        Secret(
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==")};
    auto request = delivered(target);
    auto verify = [&](const std::string& body) {
        nlohmann::json input{{"headers", nlohmann::json::object()},
                             {"body", body},
                             {"public_key", "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="}};
        for (const auto& [name, value] : request.headers) input["headers"][name] = value;
        return run({"/usr/bin/python3", PROJECT_DIR "/tests/integration/verify_v1a.py"}, {}, input.dump());
    };
    auto verified = verify(request.body);
    EXPECT_EQ(verified.exit_code, 0) << verified.errors;
    EXPECT_THAT(verify(request.body + " ").errors, HasSubstr("no v1a signature fits"));
    // Libraries that know only `v1` pass over it.
    EXPECT_EQ(ask("verify_svix.mjs", request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").exit_code, 0);
}

TEST_F(LibraryTest, CloudEventsReadsTheEvent) {
    auto request = delivered(webhook("ci", receiver.address("/hook")));
    auto verified = ask("verify_cloudevent.mjs", request, "");
    EXPECT_EQ(verified.exit_code, 0) << verified.output << verified.errors;
}

// One server of nginx, whose files are all in the folder `where`.
std::string nginx_serving(const std::string& where, const std::string& server) {
    std::string text = "daemon off; master_process off; pid " + where +
                       "/pid;\nerror_log stderr warn;\nevents {}\nhttp {\n  access_log off;\n";
    for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += "  " + kind + "_temp_path " + where + "/" + kind + ";\n";
    return text + "  server {\n    " + server + "  }\n}\n";
}

// nginx in front of nothing, saying what an overloaded or a moved service says.
struct NginxTest : DeliveryTest {
    int port = free_port();
    std::unique_ptr<Process> server;

    void SetUp() override {
        auto where = folder.path().string();
        auto configuration =
            folder.write("nginx.conf", nginx_serving(where, "listen 127.0.0.1:" + std::to_string(port) + R"(;
    location /busy { add_header Retry-After 3600 always; return 429; }
    location /down { return 503; }
    location /moved { return 301 /fine; }
    location /gone { return 410; }
    location /fine { return 200 "thanks\n"; }
)"));
        server = std::make_unique<Process>(
            std::vector<std::string>{"/usr/sbin/nginx", "-c", configuration, "-p", where});
        ASSERT_TRUE(accepts_connections(port)) << server->errors();
    }
};

TEST_F(NginxTest, EachRefusalIsUnderstood) {
    struct Row {
        const char* path;
        DeliveryState state;
        int status;
        Milliseconds least_wait;
    };
    const Row rows[] = {
        {"busy", DeliveryState::waiting, 429, 3590s}, {"down", DeliveryState::waiting, 503, 0s},
        {"moved", DeliveryState::dead, 301, 0s},      {"gone", DeliveryState::dead, 410, 0s},
        {"fine", DeliveryState::delivered, 200, 0s},
    };
    std::vector<presets::Target> targets;
    std::vector<std::string> names;
    for (const auto& row : rows) {
        names.emplace_back(row.path);
        targets.push_back(webhook(row.path, "http://127.0.0.1:" + std::to_string(port) + "/" + row.path));
    }
    house.use(targets);
    house.start();
    auto ids = house.give_to(names);
    std::size_t at = 0;
    for (const auto& row : rows) {
        const auto& id = ids[at++];
        ASSERT_TRUE(until_tried(id)) << row.path;
        auto delivery = house.delivery(id);
        auto attempt = house.attempts(id)[0];
        EXPECT_EQ(delivery.state, row.state) << row.path;
        EXPECT_EQ(attempt.status, row.status) << row.path;
        if (row.state == DeliveryState::waiting)
            EXPECT_GE(delivery.due_at - clock.now(), row.least_wait) << row.path;
    }
    EXPECT_EQ(house.attempts(ids.back())[0].answer, "thanks ");
}

// nginx that wants to know who asks.
TEST_F(DeliveryTest, ACertificateOfOursOpensAReceiverThatWantsOne) {
    CertificateAuthority authority, strangers;
    auto server_files = authority.sign();
    auto ours = authority.sign({{"basewatch"}, {}});
    auto strange = strangers.sign({{"basewatch"}, {}});
    int port = free_port();
    auto where = folder.path().string();
    auto configuration =
        folder.write("nginx.conf", nginx_serving(where, "listen 127.0.0.1:" + std::to_string(port) + R"( ssl;
    ssl_certificate )" + server_files.certificate + R"(;
    ssl_certificate_key )" + server_files.key + R"(;
    ssl_client_certificate )" + authority.file() + R"(;
    ssl_verify_client on;
    location / { return 200 "$ssl_client_s_dn
"; }
)"));
    Process server({"/usr/sbin/nginx", "-c", configuration, "-p", where});
    ASSERT_TRUE(accepts_connections(port)) << server.errors();
    auto target = [&](const std::string& name, const std::string& ca, const CertificateFiles& files) {
        auto made = webhook(name, "https://127.0.0.1:" + std::to_string(port) + "/" + name);
        made.tls = {ca, files.certificate, files.key};
        return made;
    };
    house.use({target("known", authority.file(), ours), target("unknown", authority.file(), strange),
               target("nobody", authority.file(), {}), target("untrusted", strangers.file(), ours)});
    house.start();
    auto ids = house.give_to({"known", "unknown", "nobody", "untrusted"});
    for (const auto& id : ids) ASSERT_TRUE(until_tried(id));
    EXPECT_EQ(house.state(ids[0]), DeliveryState::delivered) << house.attempts(ids[0])[0].detail;
    for (int i : {1, 2}) {
        // nginx lets the handshake pass and answers 400.
        EXPECT_EQ(house.attempts(ids[static_cast<std::size_t>(i)])[0].status, 400);
        EXPECT_EQ(house.state(ids[static_cast<std::size_t>(i)]), DeliveryState::dead);
    }
    EXPECT_EQ(house.attempts(ids[3])[0].reason, "tls");
    EXPECT_EQ(house.state(ids[3]), DeliveryState::waiting) << "a certificate can be mended";
}

// Clair is not packaged, so it is played; the registry asks for tokens, and jq runs as it does in the daemon.
struct ClairTest : testing::Test {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    FakeTransport transport;
    RegistryScript registry;
    House house{loop, clock, transport};
    Built built = index({image_of("linux/amd64", {"base", "top"}), image_of("linux/arm64", {"arm"})});
    int status = 201;

    void SetUp() override {
        registry.push("base/ruby", "3.3", built);
        TokenRules rules;
        rules.realm = "https://registry.example.com/token";
        registry.ask_for_token(rules);
        transport.serve("https://registry.example.com", registry);
        transport.serve("http://clair.example.com:6060", [this](const net::HttpRequest& request) {
            return answer(status, {}, "cannot fetch: " + request.body);
        });
        house.event_data =
            R"({"base":{"reference":"registry.example.com/base/ruby:3.3"},"changed_platforms":["linux/amd64"],)"
            R"("new":{"digest":")" +
            built.digest.text() + R"(","platforms":{"linux/amd64":")" + amd64().digest.text() + R"("}}})";
        settings::TargetSettings settings;
        settings.name = "scan";
        settings.preset = "clair";
        settings.fields.url = Secret("http://clair.example.com:6060");
        house.use({must(presets::merge(settings))});
        house.start();
    }
    static Built image_of(std::string platform, std::vector<std::string> layers) {
        ImageOptions options;
        options.platform = std::move(platform);
        options.layers = std::move(layers);
        return image(options);
    }
    const Built& amd64() const { return built.children[0]; }
    net::HttpRequest asked() const { return transport.sent().back(); }
};

TEST_F(ClairTest, GetsTheManifestAndWhatOpensItsLayers) {
    auto id = house.give("scan");
    ASSERT_TRUE(house.until_state(id, DeliveryState::delivered)) << house.delivery(id).last_error;
    EXPECT_EQ(asked().url.target, "/indexer/api/v1/index_report");
    EXPECT_EQ(asked().headers.find("Content-Type"), "application/vnd.clair.manifest.v1+json");
    EXPECT_EQ(asked().timeout, 10min);
    auto body = parse_json(asked().body);
    ASSERT_TRUE(body);
    EXPECT_EQ(string_member(*body, "hash"), amd64().digest.text());
    const auto* layers = array_member(*body, "layers");
    ASSERT_TRUE(layers != nullptr && layers->size() == 2) << asked().body;
    for (std::size_t at = 0; at < 2; ++at) {
        const auto& layer = (*layers)[at];
        // The configuration is the first blob, the layers follow, base first.
        EXPECT_EQ(string_member(layer, "hash"), amd64().blobs[at + 1].digest.text());
        EXPECT_THAT(string_member(layer, "uri").value_or(""),
                    testing::StartsWith("https://registry.example.com/v2/base/ruby/blobs/"));
        const auto* headers = object_member(layer, "headers");
        ASSERT_TRUE(headers != nullptr);
        const auto* authorization = array_member(*headers, "Authorization");
        ASSERT_TRUE(authorization != nullptr && authorization->size() == 1) << asked().body;
        EXPECT_THAT((*authorization)[0].get<std::string>(), testing::StartsWith("Bearer "));
    }
}

TEST_F(ClairTest, KnowingTheImageAlreadyIsSuccess) {
    status = 412;
    auto id = house.give("scan");
    EXPECT_TRUE(house.until_state(id, DeliveryState::delivered));
}

TEST_F(ClairTest, APullTokenInItsAnswerIsNotKept) {
    status = 500;
    auto id = house.give("scan");
    ASSERT_TRUE(house.until_state(id, DeliveryState::waiting));
    auto body = parse_json(asked().body);
    ASSERT_TRUE(body);
    auto header = (*body)["layers"][0]["headers"]["Authorization"][0].get<std::string>();
    auto token = header.substr(header.find(' ') + 1);
    auto attempt = house.attempts(id)[0];
    EXPECT_THAT(attempt.answer, HasSubstr("cannot fetch"));
    EXPECT_THAT(attempt.answer, testing::Not(HasSubstr(token)));
    EXPECT_THAT(attempt.detail, testing::Not(HasSubstr(token)));
    EXPECT_THAT(house.delivery(id).last_error, testing::Not(HasSubstr(token)));
}

TEST_F(ClairTest, ARegistryThatIsAwayIsWaitedFor) {
    Fault away;
    away.status = 503;
    registry.fail(away);
    auto id = house.give("scan");
    ASSERT_TRUE(house.until_state(id, DeliveryState::waiting));
    EXPECT_EQ(house.attempts(id)[0].reason, "layers");
    EXPECT_EQ(transport.count("POST", "clair"), 0u);
}

// Claims and results are committed together: a busy target costs far fewer flushes of the disk than
// deliveries.
TEST_F(DeliveryTest, ABurstSharesItsCommits) {
    Receiver receiver(loop, clock);
    house.use({webhook("ci", receiver.address("/hook"))}, 64);
    constexpr std::uint64_t many = 500;
    for (std::uint64_t at = 0; at < many; ++at) house.give("ci");
    auto before = house.store().commits();
    house.start();
    ASSERT_TRUE(house.until([&] { return house.report("ci").delivered == many; }));
    EXPECT_LT(house.store().commits() - before, many / 2);
}

}  // namespace
}  // namespace basewatch::test
