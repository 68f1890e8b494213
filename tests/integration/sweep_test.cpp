// The sweep against Debian's docker-registry, with images that umoci and skopeo made and indexes with the
// attestations that BuildKit adds: what is news to somebody who builds on the base, and what is not.

#include "foundation/log.hpp"
#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "registry/registry_client.hpp"
#include "store/store.hpp"
#include "support/real_registry.hpp"
#include "support/run_async.hpp"
#include "watch/watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace basewatch::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = watch::CheckReport::Outcome;

// One image layout of umoci's, pushed as often as it changes.
class Layout {
public:
    explicit Layout(const RealRegistry& registry) : registry_(registry) {
        folder_.write("rootfs/etc/marker", "version 1");
        tool({"umoci", "init", "--layout", layout_});
        tool({"umoci", "new", "--image", image_});
        config({"--os", "linux", "--architecture", "amd64", "--created", "2026-01-01T00:00:00Z"});
        insert();
    }
    void insert() {
        tool({"umoci", "insert", "--rootless", "--image", image_, folder_ / "rootfs/etc", "/etc"});
    }
    void add_layer(const std::string& content) {
        folder_.write("rootfs/etc/marker", content);
        insert();
    }
    void config(std::vector<std::string> arguments) {
        std::vector<std::string> all{"umoci", "config", "--image", image_};
        all.insert(all.end(), arguments.begin(), arguments.end());
        tool(all);
    }
    void push(std::vector<std::string> options = {}) {
        std::vector<std::string> all{"skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false"};
        all.insert(all.end(), options.begin(), options.end());
        all.insert(all.end(), {"oci:" + image_, "docker://" + registry_.reference("lib/base", "1")});
        tool(all);
    }

private:
    static void tool(std::vector<std::string> arguments) {
        auto name = arguments[0];
        auto outcome = run(std::move(arguments));
        if (outcome.exit_code != 0) throw std::runtime_error(name + ": " + outcome.errors + outcome.output);
    }

    const RealRegistry& registry_;
    TemporaryFolder folder_;
    std::string layout_ = folder_ / "oci", image_ = layout_ + ":image";
};

class RealSweep : public testing::Test {
protected:
    RealSweep() { log::open(log::Format::text, log::Level::error); }

    // A watcher of lib/base:1 in this registry, on one more state.
    void watch(const RealRegistry& registry, const settings::RegistrySettings& how) {
        base_ = *model::Reference::parse(registry.reference("lib/base", "1"));
        auto settings = std::make_shared<settings::RegistriesSettings>();
        settings->by_host[registry.address()] = how;
        client_ =
            std::make_unique<registry::RegistryClient>(loop_.get_executor(), clock_, transport_, settings);
        store_ = *store::Store::open(folder_ / "state.db", loop_.get_executor());
        watcher_ = std::make_unique<watch::Watcher>(loop_.get_executor(), clock_, *client_, *store_,
                                                    conditions_, [](const std::vector<std::string>&) {});
        auto planning = std::make_shared<rules::PlanningTable>();
        model::Rule rule;
        rule.name = "ours";
        rule.bases = {base_.text()};
        rule.dependents = {"registry.example.com/shop/api:latest"};
        rule.fire = {"slack", "build"};
        planning->rules = {rule};
        planning->targets = {{"slack", false}, {"build", true}};
        planning->source = "basewatch://test";
        auto table = std::make_shared<watch::WatchTable>();
        watch::Watched watched;
        watched.base = base_;
        watched.interval = std::chrono::minutes(15);
        watched.platforms = {*model::Platform::parse("linux/amd64")};
        table->bases = {watched};
        table->planning = planning;
        ASSERT_TRUE(run_async(loop_, watcher_->use(table)).has_value());
    }
    void watch(const RealRegistry& registry) { watch(registry, registry.settings()); }

    watch::CheckReport check() {
        return *run_async(loop_, watcher_->check_now(base_, model::DetectedBy::request));
    }
    std::vector<std::string> kinds() {
        auto page = run_async(loop_, store_->changes({100, ""}, std::nullopt));
        std::vector<std::string> found;
        for (const auto& change : page->rows) found.emplace_back(model::to_string(change.kind));
        std::reverse(found.begin(), found.end());
        return found;
    }
    std::size_t deliveries() { return run_async(loop_, store_->deliveries({100, ""}, {}))->rows.size(); }
    model::BaseState state() { return *watcher_->state(base_); }

    asio::io_context loop_{1};
    SystemClock clock_{loop_.get_executor()};
    net::SystemResolver resolver_{loop_.get_executor(), clock_};
    net::SystemDialer dialer_{loop_.get_executor(), clock_, resolver_};
    net::HttpClient transport_{loop_.get_executor(), clock_, dialer_};
    jq::Worker conditions_{loop_.get_executor(), clock_, TEST_PROGRAMS "/jq_worker", jq::Bounds()};
    TemporaryFolder folder_;
    model::Reference base_;
    std::unique_ptr<registry::RegistryClient> client_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<watch::Watcher> watcher_;
};

TEST_F(RealSweep, ImagesOfUmociMoveByContentAndByMetadata) {
    RealRegistry registry;
    Layout image(registry);
    image.push();
    watch(registry);
    EXPECT_EQ(check().outcome, Outcome::baseline);
    EXPECT_TRUE(state().current.detailed);

    image.config({"--created", "2026-02-02T00:00:00Z", "--config.label",
                  "org.opencontainers.image.revision=abc", "--author", "somebody else"});
    image.push();
    EXPECT_EQ(check().outcome, Outcome::changed);
    EXPECT_THAT(kinds(), ElementsAre("metadata"));
    image.push({"--format", "v2s2"});
    EXPECT_EQ(check().outcome, Outcome::changed);
    EXPECT_THAT(kinds(), ElementsAre("metadata", "metadata")) << "Docker's media types are not news either";
    EXPECT_EQ(deliveries(), 0u);

    image.add_layer("version 2");
    image.push();
    auto report = check();
    EXPECT_THAT(kinds(), ElementsAre("metadata", "metadata", "content"));
    ASSERT_THAT(report.changes, SizeIs(1));
    EXPECT_THAT(report.changes[0].differences, ElementsAre("layers"));
    EXPECT_EQ(deliveries(), 2u);

    image.config({"--config.env", "PATH=/opt/bin", "--config.user", "app"});
    image.push();
    report = check();
    ASSERT_THAT(report.changes, SizeIs(1));
    EXPECT_EQ(report.changes[0].kind, model::ChangeKind::content);
    EXPECT_THAT(report.changes[0].differences, ElementsAre("config.Env", "config.User"));
}

TEST_F(RealSweep, LayersCompressedAnewAreMetadata) {
    RealRegistry registry;
    ImageOptions options;
    registry.push("lib/base", "1", image(options));
    watch(registry);
    check();
    options.compression = "zstd";
    registry.push("lib/base", "1", image(options));
    EXPECT_EQ(check().outcome, Outcome::changed);
    EXPECT_THAT(kinds(), ElementsAre("metadata"));
}

TEST_F(RealSweep, IndexesMoveByTheWatchedPlatformOnly) {
    for (bool docker : {false, true}) {
        RealRegistry registry;
        ImageOptions amd64, arm64;
        amd64.docker = arm64.docker = docker;
        arm64.platform = "linux/arm64";
        IndexOptions options;
        options.docker = docker;
        options.attestations = true;
        auto push = [&] {
            return registry.push("lib/base", "1", index({image(amd64), image(arm64)}, options));
        };
        auto first = push();
        watch(registry);
        EXPECT_EQ(check().outcome, Outcome::baseline);
        EXPECT_THAT(state().current.platforms, SizeIs(2)) << "attestations aside";

        options.attested = "2";
        push();
        EXPECT_EQ(check().outcome, Outcome::changed);
        arm64.layers = {"another architecture"};
        push();
        EXPECT_EQ(check().outcome, Outcome::changed);
        EXPECT_THAT(kinds(), ElementsAre("metadata", "metadata"));
        EXPECT_EQ(deliveries(), 0u);

        amd64.layers = {"layer 1", "a fix"};
        push();
        auto report = check();
        ASSERT_THAT(report.changes, SizeIs(1));
        EXPECT_EQ(report.changes[0].kind, model::ChangeKind::content);
        EXPECT_THAT(report.changes[0].changed_platforms, ElementsAre(*model::Platform::parse("linux/amd64")));

        amd64.layers = {"layer 1"};
        arm64.layers = {"layer 1"};
        options.attested = "1";
        EXPECT_EQ(push(), first);
        EXPECT_EQ(check().outcome, Outcome::changed);
        EXPECT_THAT(kinds(), ElementsAre("metadata", "metadata", "content", "reverted"));
        EXPECT_EQ(deliveries(), 4u);
        watcher_.reset();
        store_.reset();
        std::filesystem::remove(folder_ / "state.db");
    }
}

TEST_F(RealSweep, AnUnchangedTagCostsOneHead) {
    RealRegistry registry;
    registry.push("lib/base", "1", image());
    watch(registry);
    check();
    auto heads = registry.count("HEAD", "/v2/lib/base/manifests/");
    auto gets = registry.count("GET", "/v2/");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(check().outcome, Outcome::unchanged);
    auto counted = [&] { return registry.count("HEAD", "/v2/lib/base/manifests/1") == heads + 10; };
    EXPECT_TRUE(eventually(counted)) << "its log is written behind the answer";
    EXPECT_EQ(registry.count("GET", "/v2/"), gets);
}

TEST_F(RealSweep, ARegistryThatIsAwayOrRefusesUsHasNotChanged) {
    RealRegistry registry({.access = RealRegistry::Access::password});
    auto before = registry.push("lib/base", "1", image());
    watch(registry);
    EXPECT_EQ(check().outcome, Outcome::baseline);
    registry.stop();
    EXPECT_EQ(check().outcome, Outcome::failed);
    EXPECT_EQ(state().last_error_kind, "unreachable");
    registry.start();
    EXPECT_EQ(check().outcome, Outcome::unchanged);

    auto settings = std::make_shared<settings::RegistriesSettings>();
    settings->by_host[registry.address()] = registry.settings();
    settings->by_host[registry.address()].password = Secret("not the password");
    client_->replace_settings(settings);
    EXPECT_EQ(check().outcome, Outcome::failed);
    EXPECT_EQ(state().last_error_kind, "unauthorized");
    EXPECT_EQ(state().current.digest, before);
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(RealSweep, ATagThatNeverWasIsAnErrorAndNothingElse) {
    RealRegistry registry;
    registry.push("lib/other", "1", image());
    watch(registry);
    EXPECT_EQ(check().outcome, Outcome::failed);
    EXPECT_EQ(state().last_error_kind, "not_found");
    EXPECT_FALSE(state().observed());
    registry.push("lib/base", "1", image());
    EXPECT_EQ(check().outcome, Outcome::baseline);
    EXPECT_THAT(kinds(), IsEmpty());
}

}  // namespace
}  // namespace basewatch::test
