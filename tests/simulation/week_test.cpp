// A week of watching Docker Hub without an account, in seconds: tags by the hundred (with --all 3,000), some
// of which move, an owner who pulls from the same address, a process that is started anew in between. Time is
// virtual; the limits are Docker Hub's own (docker_hub.json).

#include "simulation/virtual_hub.hpp"
#include "unit/watch/sweep_house.hpp"

#include <cstdlib>
#include <map>
#include <set>

namespace basewatch::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int tags_per_repository = 5;

struct Scale {
    int watches;
    Milliseconds interval;
};

// The whole of it takes minutes without optimisation: `./dev test --all` asks for it.
Scale scale() {
    if (std::getenv("BASEWATCH_WHOLE_SIMULATION") != nullptr) return {3000, hours(8)};
    return {600, hours(6)};
}

class Week : public testing::Test {
protected:
    Week() : store_(*store::Store::open(":memory:", loop_.get_executor())) {
        log::open(log::Format::text, log::Level::error);
        for (int n = 0; n < size_.watches; ++n) {
            build(n, "1", "1");
            bases_.push_back(watched(name(n), size_.interval));
        }
    }
    ~Week() override { stop(); }

    static std::string repository(int n) { return "team/image-" + std::to_string(n / tags_per_repository); }
    static std::string tag(int n) { return "1." + std::to_string(n % tags_per_repository); }
    static std::string name(int n) { return "docker.io/" + repository(n) + ":" + tag(n); }

    // Another `content` is another image, another `build` only another attestation beside it.
    void build(int n, const std::string& content, const std::string& attested) {
        test::ImageOptions options;
        options.layers = {repository(n) + tag(n) + content};
        test::IndexOptions index_options;
        index_options.attestations = true;
        index_options.attested = attested;
        hub_.content().push(repository(n), tag(n), test::index({test::image(options)}, index_options));
    }

    // --- the process ---
    void start() {
        client_ = std::make_unique<registry::RegistryClient>(
            loop_.get_executor(), clock_, hub_, std::make_shared<settings::RegistriesSettings>());
        watcher_ = std::make_unique<Watcher>(loop_.get_executor(), clock_, *client_, *store_, conditions_,
                                             [](const std::vector<std::string>&) {});
        auto used = test::run_async(loop_, watcher_->use(table_of(bases_)));
        ASSERT_TRUE(used) << used.error().message();
        running_ = std::make_unique<TaskGroup>(loop_.get_executor());
        running_->start("watcher", watcher_->run());
        clock_.settle();
    }
    void stop() {
        if (!running_) return;
        running_->cancel();
        test::run_async(loop_, running_->wait());
        running_.reset();
        watcher_.reset();
        client_.reset();
    }

    // --- time ---
    // Everything that is under way is answered by the state before the hands go on.
    void step(Milliseconds time) {
        clock_.advance(time);
        for (;;) {
            // Also when nobody is checked: the loop may be saving its marks.
            auto counted = test::run_async(loop_, store_->counts());
            ASSERT_TRUE(counted);
            clock_.settle();
            if (watcher_->progress().under_way == 0) break;
            clock_.advance(seconds(1));
        }
    }
    void pass_an_hour() {
        hub_.owner_pulls();
        for (int i = 0; i < 30; ++i) step(minutes(2));
    }

    std::size_t detailed() const {
        std::size_t found = 0;
        for (const auto& state : watcher_->states()) found += state.current.detailed ? 1 : 0;
        return found;
    }
    std::size_t observed() const {
        std::size_t found = 0;
        for (const auto& state : watcher_->states()) found += state.observed() ? 1 : 0;
        return found;
    }
    // What was told, by base.
    std::map<std::string, std::vector<std::string>> told() {
        std::map<std::string, std::vector<std::string>> found;
        auto page = test::run_async(loop_, store_->changes({1000, ""}, std::nullopt));
        if (!page) return found;
        for (const auto& change : page->rows)
            found[change.base.text()].push_back(std::string(model::to_string(change.kind)) +
                                                (change.assumed ? " assumed" : ""));
        return found;
    }

    const Scale size_ = scale();
    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    test::VirtualHub hub_{clock_, test::read_hub_limits(PROJECT_DIR "/tests/simulation/docker_hub.json")};
    // No rule here has a condition, so that it is never started.
    jq::Worker conditions_{loop_.get_executor(), clock_, "/nonexistent", jq::Bounds()};
    std::unique_ptr<store::Store> store_;
    std::vector<Watched> bases_;
    std::unique_ptr<registry::RegistryClient> client_;
    std::unique_ptr<Watcher> watcher_;
    std::unique_ptr<TaskGroup> running_;
};

TEST_F(Week, OfDockerHubWithoutAnAccountIsNever429AndTellsEveryChange) {
    start();
    // Baselines are HEADs: whoever starts with thousands of bases spends nothing of what its owner needs.
    for (int i = 0; i < 15; ++i) step(minutes(1));
    EXPECT_EQ(observed(), static_cast<std::size_t>(size_.watches));
    EXPECT_EQ(hub_.seen().pulls, 0u);

    std::map<std::string, std::vector<std::string>> expected;
    std::vector<std::size_t> details_by_day{0};
    const std::set<int> restarts{31, 77, 78, 120};
    int moves = 0;
    for (int hour = 0; hour < 7 * 24; ++hour) {
        // Five repositories a day, all tags of one together; every other one only built anew.
        bool moving = hour % 5 == 2 && hour < 6 * 24;
        if (moving) {
            int first = (moves * 7 % (size_.watches / tags_per_repository)) * tags_per_repository;
            bool content = moves++ % 2 == 0;
            for (int n = first; n < first + tags_per_repository; ++n) {
                build(n, content ? "2" : "1", content ? "1" : "2");
                expected[name(n)].push_back(content ? "content" : "metadata");
            }
        }
        if (restarts.contains(hour)) {
            stop();
            start();
        }
        pass_an_hour();
        if (hour % 24 == 23) details_by_day.push_back(detailed());
    }
    EXPECT_EQ(told(), expected);

    auto seen = hub_.seen();
    EXPECT_EQ(seen.refused, 0u);
    EXPECT_LE(seen.most_pulled, 80) << "the last fifth is the owner's";
    EXPECT_EQ(seen.owner_refused, 0u);
    EXPECT_LT(seen.most_requests, 1000) << "far below the abuse limit";
    for (std::size_t day = 1; day < details_by_day.size(); ++day)
        EXPECT_GT(details_by_day[day], details_by_day[day - 1]) << "day " << day;
    // One HEAD per tag and interval, and the few more that siblings of what moved cost.
    auto sweeps = static_cast<double>(7 * 24 * minutes(60) / size_.interval);
    EXPECT_LE(static_cast<double>(seen.heads), size_.watches * (sweeps + 1) * 1.05 + 100 * moves);
    EXPECT_GE(static_cast<double>(seen.heads), size_.watches * sweeps * 0.9);
    EXPECT_EQ(watcher_->progress().failing, 0u);
}

}  // namespace
}  // namespace basewatch::watch
