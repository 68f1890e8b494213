// Kill it at any moment: nothing that happened is lost, and nothing is told that did not happen.
#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "model/digest.hpp"
#include "net/http_server.hpp"
#include "store/invariants.hpp"
#include "store/store.hpp"
#include "support/basewatch_program.hpp"
#include "support/loop_thread.hpp"
#include "support/run_async.hpp"

#include <nlohmann/json.hpp>

#include <mutex>
#include <random>
#include <set>

namespace basewatch::test {
namespace {

constexpr std::size_t tag_count = 200;
constexpr int rounds = 14;
constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";

std::string tag_name(std::size_t index) {
    return "t" + std::to_string(index);
}

// A registry of many tags that move, and the receiver of what is told about them, on one port.
class World {
public:
    World()
        : server_(
              thread_.loop().get_executor(), thread_.clock(),
              [this](net::ServerRequest request) { return answer(std::move(request)); }, limits()) {
        for (std::size_t i = 0; i < tag_count; ++i) move(i);
        address_ = thread_.run([this] { return *server_.listen("127.0.0.1:0"); });
        thread_.start("world", server_.run(Milliseconds(0)));
    }
    ~World() { thread_.stop(); }

    const std::string& address() const { return address_; }

    // Points a tag to an image that no tag ever pointed to.
    void move(std::size_t tag) {
        std::lock_guard lock(mutex_);
        std::string number = std::to_string(++images_);
        std::string config = R"({"architecture":"amd64","os":"linux","config":{"Env":["N=)" + number +
                             R"("]},"rootfs":{"type":"layers","diff_ids":["sha256:)" +
                             hex(sha256("layer " + number)) + R"("]}})";
        auto config_digest = model::Digest::of(config);
        std::string manifest =
            R"({"schemaVersion":2,"mediaType":")" + std::string(manifest_type) +
            R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
            config_digest.text() + R"(","size":)" + std::to_string(config.size()) + R"(},"layers":[]})";
        auto digest = model::Digest::of(manifest).text();
        blobs_[config_digest.text()] = config;
        manifests_[digest] = manifest;
        history_[tag_name(tag)].push_back(digest);
    }

    std::map<std::string, std::vector<std::string>> history() const {
        std::lock_guard lock(mutex_);
        return history_;
    }

    struct Told {
        std::string webhook_id, event_id, tag, before, after;
    };
    std::vector<Told> told() const {
        std::lock_guard lock(mutex_);
        return told_;
    }

private:
    static net::ServerLimits limits() {
        net::ServerLimits made;
        made.connections = 64;
        return made;
    }

    Async<net::ServerResponse> answer(net::ServerRequest request) { co_return look_up(request); }

    net::ServerResponse look_up(const net::ServerRequest& request) {
        std::lock_guard lock(mutex_);
        if (request.method == "POST") return listen_to(request);
        std::string last = request.path.substr(request.path.rfind('/') + 1);
        if (request.path.find("/blobs/") != std::string::npos)
            return {200, {{"Content-Type", "application/octet-stream"}}, blobs_.at(last)};
        std::string digest = last.starts_with("sha256:") ? last : history_.at(last).back();
        return {
            200, {{"Content-Type", manifest_type}, {"Docker-Content-Digest", digest}}, manifests_.at(digest)};
    }

    net::ServerResponse listen_to(const net::ServerRequest& request) {
        auto event = nlohmann::json::parse(request.body);
        const auto& data = event["data"];
        told_.push_back({std::string(request.headers.find("webhook-id").value_or("")), event["id"],
                         data["base"]["tag"], data["old"]["digest"], data["new"]["digest"]});
        // Now and then the receiver is unwell, so that deliveries wait while the daemon dies.
        return {told_.size() % 7 == 0 ? 503 : 204, {}, ""};
    }

    mutable std::mutex mutex_;
    std::size_t images_ = 0;
    std::map<std::string, std::string> blobs_, manifests_;
    std::map<std::string, std::vector<std::string>> history_;
    std::vector<Told> told_;
    std::string address_;
    LoopThread thread_;
    net::HttpServer server_;
};

std::string configuration(const std::string& address) {
    std::string text = "registries: {\"" + address +
                       "\": {plain_http: true, connections: 16, rate: 5000/s}}\n"
                       "defaults: {interval: 300ms}\nwatch:\n";
    for (std::size_t i = 0; i < tag_count; ++i)
        text += "  - " + address + "/crash/base:" + tag_name(i) + "\n";
    return text + "rules: [{name: all, base: \"" + address +
           "/crash/*:*\", fire: [hook]}]\n"
           "targets: {hook: {preset: webhook, url: \"http://" +
           address + "/hook\", retries: [100ms, 200ms, 300ms, 500ms, 1s, 1s, 1s, 1s, 1s, 1s]}}\n";
}

void expect_whole_chains(const World& world, const std::string& state_path) {
    asio::io_context loop(1);
    auto store = store::Store::open(state_path, loop.get_executor());
    ASSERT_TRUE(store.has_value()) << store.error().message();
    std::map<std::string, std::string> event_of_id;
    std::map<std::string, std::set<std::pair<std::string, std::string>>> told;
    for (const auto& one : world.told()) {
        auto [known, fresh] = event_of_id.emplace(one.webhook_id, one.event_id);
        EXPECT_EQ(known->second, one.event_id) << "one webhook-id, one event";
        told[one.tag].emplace(one.before, one.after);
    }
    for (const auto& [tag, moves] : world.history()) {
        auto base = *model::Reference::parse(world.address() + "/crash/base:" + tag);
        auto page = run_async(loop, (*store)->changes(store::PageRequest{1000, ""}, base));
        ASSERT_TRUE(page.has_value());
        std::set<std::pair<std::string, std::string>> recorded;
        std::size_t at = moves.size();
        std::string later;                       // the old digest of the change that came after
        for (const auto& change : page->rows) {  // newest first
            std::string before = change.before.digest.text(), after = change.after.digest.text();
            if (later.empty())
                EXPECT_EQ(after, moves.back()) << tag << ": the last move is recorded";
            else
                EXPECT_EQ(after, later) << tag << ": the chain is whole";
            // It happened, and in this order: going back in time, each digest stands earlier in the true
            // history.
            auto place =
                static_cast<std::size_t>(std::find(moves.begin(), moves.end(), after) - moves.begin());
            EXPECT_LT(place, at) << tag << ": told of something that did not happen, or out of order";
            at = place;
            later = before;
            recorded.emplace(before, after);
        }
        if (page->rows.empty()) continue;
        EXPECT_NE(std::find(moves.begin(), moves.end(), later), moves.end())
            << tag << ": the baseline is one of its digests";
        EXPECT_EQ(told[tag], recorded) << tag << ": every recorded change was delivered, and nothing else";
    }
    auto open = run_async(loop, (*store)->counts());
    EXPECT_GT(open->changes, rounds) << "hardly anything moved: this proved nothing";
    EXPECT_EQ(open->deliveries["pending"] + open->deliveries["waiting"] + open->deliveries["sending"], 0);
    EXPECT_EQ(open->deliveries["dead"], 0);
}

TEST(Crash, KilledAtAnyMomentItLosesNothingAndInventsNothing) {
    std::random_device seeds;
    auto seed = seeds();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    World world;
    BasewatchProgram program(configuration(world.address()));
    // One round to the end of the baseline, so that every later move is a change.
    program.start();
    ASSERT_TRUE(program.ready()) << program.log();
    ASSERT_TRUE(eventually(
        [&] { return program.json({"status"})["checks"]["made"].get<std::size_t>() >= tag_count; }));
    for (int round = 0; round < rounds; ++round) {
        auto moves = 20 + random() % 180;
        for (std::size_t i = 0; i < moves; ++i) world.move(random() % tag_count);
        auto told_before = world.told().size();
        auto enough = random() % 60;
        // Killed when it has told of a few of them, each time another number, or after a moment without any.
        eventually([&] { return world.told().size() >= told_before + enough; }, std::chrono::seconds(2));
        program.kill();
        program.start();
    }
    ASSERT_TRUE(program.ready()) << program.log();
    auto last_told = [&] {
        std::set<std::string> seen;
        for (const auto& one : world.told()) seen.insert(one.after);
        for (const auto& [tag, moves] : world.history())
            if (moves.size() > 1 && !seen.contains(moves.back())) return false;
        return true;
    };
    EXPECT_TRUE(eventually(last_told, std::chrono::seconds(60))) << program.log();
    EXPECT_TRUE(eventually(
        [&] {
            auto states = program.json({"status"})["deliveries"];
            return states.value("pending", 0) + states.value("waiting", 0) + states.value("sending", 0) == 0;
        },
        std::chrono::seconds(60)));
    EXPECT_EQ(program.stop(), 0) << program.log();
    EXPECT_THAT(store::broken_invariants(program.state_path()), testing::IsEmpty());
    expect_whole_chains(world, program.state_path());
}

}  // namespace
}  // namespace basewatch::test
