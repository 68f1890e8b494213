#pragma once
// A watcher with everything around it that it needs, and nothing real but the state: a registry in memory, a
// clock that the test turns, SQLite in memory.

#include "foundation/json.hpp"
#include "foundation/log.hpp"
#include "foundation/task_group.hpp"
#include "registry/registry_client.hpp"
#include "settings/registry_settings.hpp"
#include "store/store.hpp"
#include "support/fake_transport.hpp"
#include "support/image_builder.hpp"
#include "support/manual_clock.hpp"
#include "support/run_async.hpp"
#include "support/seed.hpp"
#include "watch/watcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::watch {

inline model::Reference reference(const std::string& text) {
    return *model::Reference::parse(text);
}

inline Watched watched(const std::string& base, Milliseconds interval = std::chrono::minutes(15)) {
    Watched made;
    made.base = reference(base);
    made.interval = interval;
    made.platforms = {*model::Platform::parse("linux/amd64")};
    return made;
}

// Tags of registry.example.com/base.
inline Pattern pattern(const std::string& glob, std::optional<std::size_t> newest = std::nullopt) {
    model::TagChoice tags{.glob = glob, .newest = newest};
    return {watched("registry.example.com/base"), tags, *rules::TagFilter::compile(tags)};
}

// Every base is built upon by one dependent, tells slack and builds it; slack hears of what cannot be
// reached.
inline std::shared_ptr<const WatchTable> table_of(std::vector<Watched> bases,
                                                  std::vector<Pattern> patterns = {},
                                                  std::vector<model::Reference> newer = {}) {
    auto planning = std::make_shared<rules::PlanningTable>();
    model::Rule rule;
    rule.name = "everything";
    rule.bases = {"**"};
    rule.on = {model::ChangeKind::content, model::ChangeKind::reverted, model::ChangeKind::tag_created,
               model::ChangeKind::tag_deleted, model::ChangeKind::newer_version};
    rule.dependents = {"registry.example.com/shop/api:latest"};
    rule.fire = {"slack", "build"};
    planning->rules = {rule};
    planning->targets = {{"slack", false}, {"build", true}};
    planning->notify = {{"base.unreachable", {"slack"}}, {"base.recovered", {"slack"}}};
    planning->source = "basewatch://test";
    auto table = std::make_shared<WatchTable>();
    table->bases = std::move(bases);
    table->patterns = std::move(patterns);
    table->newer = std::move(newer);
    table->newer_interval = std::chrono::minutes(15);
    table->planning = planning;
    return table;
}

class SweepHouse {
public:
    static constexpr const char* host = "registry.example.com";

    SweepHouse() : store_(*store::Store::open(":memory:", loop_.get_executor())) {
        log::open(log::Format::text, log::Level::error);
        for (const char* name : {host, "docker.io"}) registries->by_host[name].rate = settings::Rate{100'000};
        transport.serve("https://registry.example.com", registry);
        transport.serve("https://registry-1.docker.io", registry);
        client_ =
            std::make_unique<registry::RegistryClient>(loop_.get_executor(), clock, transport, registries);
        restart();
    }
    ~SweepHouse() { stop(); }

    // Another process on the same state.
    void restart() {
        stop();
        watcher_ = std::make_unique<Watcher>(
            loop_.get_executor(), clock, *client_, *store_, conditions_,
            [this](const std::vector<std::string>& targets) { committed.push_back(targets); }, test::seed());
    }
    Watcher& watcher() { return *watcher_; }
    store::Store& store() { return *store_; }
    asio::io_context& loop() { return loop_; }

    template <class T>
    T await(Async<T> task) {
        return test::run_async(loop_, std::move(task));
    }

    void use(std::vector<Watched> bases, std::vector<Pattern> patterns = {},
             std::vector<model::Reference> newer = {}) {
        auto used = await(watcher_->use(table_of(std::move(bases), std::move(patterns), std::move(newer))));
        EXPECT_TRUE(used.has_value()) << (used ? "" : used.error().message());
    }
    CheckReport check(const std::string& base = "registry.example.com/base:1",
                      model::DetectedBy by = model::DetectedBy::request) {
        auto report = await(watcher_->check_now(reference(base), by));
        EXPECT_TRUE(report.has_value()) << (report ? "" : report.error().message());
        return report ? *report : CheckReport();
    }
    std::vector<CheckReport> check_all() {
        std::vector<CheckReport> reports;
        await(watcher_->check_all(model::DetectedBy::request, [&](std::size_t place, CheckReport report) {
            if (place >= reports.size()) reports.resize(place + 1);
            reports[place] = std::move(report);
        }));
        return reports;
    }
    model::BaseState state(const std::string& base = "registry.example.com/base:1") {
        return watcher_->state(reference(base)).value_or(model::BaseState());
    }

    // --- the daemon's loop ---
    void run() {
        run_held();
        settle();
    }
    // While the transport holds everything back.
    void run_held() {
        running_ = std::make_unique<TaskGroup>(loop_.get_executor());
        running_->start("watcher", watcher_->run());
        clock.settle();
    }
    void stop() {
        if (!running_) return;
        running_->cancel();
        await(running_->wait());
        running_.reset();
    }
    // Until nothing is under way and the state has answered everything.
    void settle() {
        for (int quiet = 0; quiet < 2;) {
            clock.settle();
            await(store_->counts());
            quiet = watcher_->progress().under_way == 0 ? quiet + 1 : 0;
        }
        clock.settle();
    }
    // Turns the clock from one thing that happens to the next.
    void pass(Milliseconds time) {
        auto until = clock.monotonic() + time;
        settle();
        for (auto next = clock.next(); next && *next <= until; next = clock.next()) {
            clock.advance(
                std::chrono::ceil<Milliseconds>(std::max(*next - clock.monotonic(), Monotonic::duration(0))));
            settle();
        }
        clock.advance(std::chrono::floor<Milliseconds>(until - clock.monotonic()));
        settle();
    }

    // --- what has come of it ---
    std::vector<model::Change> changes() {
        auto page = await(store_->changes({1000, ""}, std::nullopt));
        std::vector<model::Change> found = page ? page->rows : std::vector<model::Change>();
        std::reverse(found.begin(), found.end());
        return found;
    }
    std::vector<std::string> kinds() {
        std::vector<std::string> found;
        for (const auto& change : changes())
            found.push_back(std::string(model::to_string(change.kind)) + (change.assumed ? " assumed" : ""));
        return found;
    }
    // `tag_created 3.2`
    std::vector<std::string> told() {
        std::vector<std::string> found;
        for (const auto& change : changes()) {
            found.push_back(std::string(model::to_string(change.kind)) + " " + change.base.tag());
            for (const auto& tag : change.newer_tags) found.back() += " " + tag;
        }
        return found;
    }
    std::vector<std::string> delivered_to() {
        auto page = await(store_->deliveries({1000, ""}, {}));
        std::vector<std::string> found;
        if (page)
            for (const auto& delivery : page->rows) found.push_back(delivery.target);
        std::reverse(found.begin(), found.end());
        return found;
    }

private:
    asio::io_context loop_{1};

public:
    test::ManualClock clock{loop_};
    test::RegistryScript registry;
    test::FakeTransport transport;
    // To be changed before anything is asked.
    std::shared_ptr<settings::RegistriesSettings> registries =
        std::make_shared<settings::RegistriesSettings>();
    std::vector<std::vector<std::string>> committed;

private:
    jq::Worker conditions_{loop_.get_executor(), clock, TEST_PROGRAMS "/jq_worker", jq::Bounds()};
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<registry::RegistryClient> client_;
    std::unique_ptr<Watcher> watcher_;
    std::unique_ptr<TaskGroup> running_;
};

}  // namespace basewatch::watch
