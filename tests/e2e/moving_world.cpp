#include "e2e/moving_world.hpp"

#include "foundation/bytes.hpp"
#include "model/digest.hpp"
#include "store/store.hpp"
#include "support/run_async.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace basewatch::test {

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

net::ServerLimits many_connections() {
    net::ServerLimits limits;
    limits.connections = 64;
    return limits;
}

using Moves = std::set<std::pair<std::string, std::string>>;

// What these messages told of each tag.
std::map<std::string, Moves> moves_in(const std::vector<std::vector<MovingWorld::Told>>& messages) {
    std::map<std::string, std::vector<std::string>> events_of_id;
    std::map<std::string, std::string> id_of_event;
    std::map<std::string, Moves> moves;
    for (const auto& message : messages) {
        std::vector<std::string> events;
        for (const auto& one : message) {
            events.push_back(one.event_id);
            EXPECT_EQ(id_of_event.emplace(one.event_id, one.webhook_id).first->second, one.webhook_id)
                << "one event, one webhook-id";
            moves[one.tag].emplace(one.before, one.after);
        }
        EXPECT_EQ(events_of_id.emplace(message.at(0).webhook_id, events).first->second, events)
            << "one webhook-id, the same events";
    }
    return moves;
}

bool is_odd(const std::string& tag) {
    return (tag.back() - '0') % 2 != 0;
}

// They have groups of their own.
void expect_odd_and_even_apart(const std::vector<std::vector<MovingWorld::Told>>& messages) {
    for (const auto& message : messages)
        for (const auto& one : message)
            EXPECT_EQ(is_odd(one.tag), is_odd(message[0].tag)) << one.tag << " with " << message[0].tag;
}

std::vector<std::vector<MovingWorld::Told>> one_by_one(const std::vector<MovingWorld::Told>& told) {
    std::vector<std::vector<MovingWorld::Told>> messages;
    for (const auto& one : told) messages.push_back({one});
    return messages;
}

// `changes` newest first. They happened, in this order: going back in time, each digest stands earlier in the
// true history.
Moves expect_true_chain(const std::string& tag, const std::vector<std::string>& history,
                        const std::vector<model::Change>& changes) {
    Moves recorded;
    std::size_t at = history.size();
    std::string later;  // the old digest of the change that came after
    for (const auto& change : changes) {
        std::string before = change.before.digest.text(), after = change.after.digest.text();
        if (later.empty())
            EXPECT_EQ(after, history.back()) << tag << ": the last move is recorded";
        else
            EXPECT_EQ(after, later) << tag << ": the chain is whole";
        auto place =
            static_cast<std::size_t>(std::find(history.begin(), history.end(), after) - history.begin());
        EXPECT_LT(place, at) << tag << ": told of something that did not happen, or out of order";
        at = place;
        later = before;
        recorded.emplace(before, after);
    }
    if (!changes.empty())
        EXPECT_NE(std::find(history.begin(), history.end(), later), history.end())
            << tag << ": the baseline is one of its digests";
    return recorded;
}

}  // namespace

MovingWorld::MovingWorld(std::size_t tags)
    : tags_(tags),
      server_(
          thread_.loop().get_executor(), thread_.clock(),
          [this](net::ServerRequest request) -> Async<net::ServerResponse> { co_return answer(request); },
          many_connections()) {
    for (std::size_t i = 0; i < tags_; ++i) move(i);
    address_ = thread_.run([this] { return *server_.listen("127.0.0.1:0"); });
    thread_.start("world", server_.run(Milliseconds(0)));
}

MovingWorld::~MovingWorld() {
    thread_.stop();
}

std::string MovingWorld::tag_name(std::size_t index) {
    return "t" + std::to_string(index);
}

void MovingWorld::move(std::size_t tag) {
    std::lock_guard lock(mutex_);
    auto image = make_image("amd64", std::to_string(++images_));
    if (tag % 2 != 0) image = make_index({{"amd64", image}, {"arm64", make_image("arm64", "always")}});
    history_[tag_name(tag)].push_back(image);
}

std::string MovingWorld::keep(const char* type, const std::string& body) {
    auto digest = model::Digest::of(body).text();
    stored_[digest] = {type, body};
    return digest;
}

std::string MovingWorld::make_image(const std::string& architecture, const std::string& number) {
    nlohmann::json config{
        {"architecture", architecture},
        {"os", "linux"},
        {"config", {{"Env", {"N=" + number}}}},
        {"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:" + hex(sha256("layer " + number))}}}}};
    constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
    auto text = config.dump();
    nlohmann::json manifest{
        {"schemaVersion", 2},
        {"mediaType", manifest_type},
        {"config", {{"mediaType", config_type}, {"digest", keep(config_type, text)}, {"size", text.size()}}},
        {"layers", nlohmann::json::array()}};
    return keep(manifest_type, manifest.dump());
}

std::string MovingWorld::make_index(const std::map<std::string, std::string>& images) {
    nlohmann::json index{
        {"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", nlohmann::json::array()}};
    for (const auto& [architecture, digest] : images)
        index["manifests"].push_back({{"mediaType", manifest_type},
                                      {"digest", digest},
                                      {"size", stored_.at(digest).body.size()},
                                      {"platform", {{"os", "linux"}, {"architecture", architecture}}}});
    return keep(index_type, index.dump());
}

std::map<std::string, std::vector<std::string>> MovingWorld::history() const {
    std::lock_guard lock(mutex_);
    return history_;
}

std::vector<MovingWorld::Told> MovingWorld::told() const {
    std::lock_guard lock(mutex_);
    return told_;
}

std::vector<std::vector<MovingWorld::Told>> MovingWorld::told_together() const {
    std::lock_guard lock(mutex_);
    return together_;
}

bool MovingWorld::all_told() const {
    std::lock_guard lock(mutex_);
    std::set<std::string> seen, seen_together;
    for (const auto& one : told_) seen.insert(one.after);
    for (const auto& message : together_)
        for (const auto& one : message) seen_together.insert(one.after);
    return std::all_of(history_.begin(), history_.end(), [&](const auto& tag) {
        const auto& last = tag.second.back();
        return tag.second.size() < 2 || (seen.contains(last) && seen_together.contains(last));
    });
}

std::map<std::string, std::string> MovingWorld::disabled() const {
    std::lock_guard lock(mutex_);
    return disabled_;
}

std::string MovingWorld::configuration(const std::string& settle, bool doomed) const {
    std::string odd, even;  // the tags, as lists
    for (std::size_t i = 0; i < tags_; ++i)
        (i % 2 == 0 ? even : odd) += "\"" + address_ + "/crash/base:" + tag_name(i) + "\", ";
    std::string text = "registries: {\"" + address_ +
                       "\": {plain_http: true, connections: 16, rate: 5000/s}}\n"
                       "defaults: {interval: 300ms}\nwatch:\n";
    for (std::size_t i = 0; i < tags_; ++i) {
        auto base = address_ + "/crash/base:" + tag_name(i);
        text += i % 2 == 0 ? "  - " + base + "\n"
                           : "  - {image: \"" + base + "\", settle: " + settle +
                                 ", platforms: [linux/amd64, linux/arm64]}\n";
    }
    std::string hook =
        "    preset: webhook\n    retries: [100ms, 200ms, 300ms, 500ms, 1s, 1s, 1s, 1s, 1s, 1s]\n";
    text += "rules:\n  - {name: all, base: \"" + address_ + "/crash/*:*\", fire: [hook" +
            (doomed ? ", gone" : "") + "]}\n  - {name: even, base: [" + even +
            "], fire: chat}\n  - {name: odd, base: [" + odd +
            "], fire: chat, group: {wait: 1s, most: 2s}}\ntargets:\n  hook:\n" + hook + "    url: \"http://" +
            address_ + "/hook\"\n  chat:\n" + hook + "    url: \"http://" + address_ +
            "/chat\"\n    group: 1s\n    body: .events\n";
    if (doomed)
        text += "  gone: {preset: webhook, url: \"http://" + address_ + "/gone\"}\n  care:\n" + hook +
                "    url: \"http://" + address_ +
                "/care\"\nnotify: [{events: [target.disabled], fire: [care]}]\n";
    return text;
}

net::ServerResponse MovingWorld::answer(const net::ServerRequest& request) {
    std::lock_guard lock(mutex_);
    if (request.method == "POST") return listen_to(request);
    std::string last = request.path.substr(request.path.rfind('/') + 1);
    const auto& found = stored_.at(last.starts_with("sha256:") ? last : history_.at(last).back());
    return {200,
            {{"Content-Type", found.type}, {"Docker-Content-Digest", model::Digest::of(found.body).text()}},
            found.body};
}

net::ServerResponse MovingWorld::listen_to(const net::ServerRequest& request) {
    if (request.path == "/gone") return {410, {}, ""};
    auto body = nlohmann::json::parse(request.body);
    std::string id(request.headers.find("webhook-id").value_or(""));
    if (request.path == "/care") {
        disabled_[id] = body["data"]["target"];
        return {204, {}, ""};
    }
    auto read = [&](const nlohmann::json& event) -> Told {
        const auto& data = event["data"];
        return {id, event["id"], data["base"]["tag"], data["old"]["digest"], data["new"]["digest"]};
    };
    // Now and then the receiver is unwell, so that deliveries wait while the daemon dies.
    auto answer_to = [](std::size_t messages) {
        return net::ServerResponse{messages % 7 == 0 ? 503 : 204, {}, ""};
    };
    if (request.path == "/hook") {
        told_.push_back(read(body));
        return answer_to(told_.size());
    }
    auto& message = together_.emplace_back();
    for (const auto& event : body) message.push_back(read(event));
    return answer_to(together_.size());
}

std::int64_t expect_whole_chains(const MovingWorld& world, const std::string& state_path) {
    asio::io_context loop(1);
    auto store = store::Store::open(state_path, loop.get_executor());
    EXPECT_TRUE(store.has_value());
    if (!store) return 0;
    auto together = world.told_together();
    expect_odd_and_even_apart(together);
    auto told = moves_in(one_by_one(world.told())), chatted = moves_in(together);
    for (const auto& [tag, history] : world.history()) {
        auto base = *model::Reference::parse(world.address() + "/crash/base:" + tag);
        auto page = run_async(loop, (*store)->changes(store::PageRequest{1000, ""}, base));
        EXPECT_TRUE(page.has_value());
        if (!page) continue;
        auto recorded = expect_true_chain(tag, history, page->rows);
        EXPECT_EQ(told[tag], recorded) << tag << ": every recorded change was delivered, and nothing else";
        EXPECT_EQ(chatted[tag], recorded) << tag << ": and so was every one that was told with others";
    }
    for (const auto* target : {"hook", "chat"})
        for (const auto* state : {"pending", "waiting", "sending", "dead"}) {
            store::DeliveryFilter filter;
            filter.target = target;
            filter.state = state;
            auto open = run_async(loop, (*store)->deliveries(store::PageRequest{}, filter));
            EXPECT_TRUE(open.has_value() && open->rows.empty())
                << "a delivery to " << target << " is " << state;
        }
    auto counts = run_async(loop, (*store)->counts());
    return counts ? counts->changes : 0;
}

}  // namespace basewatch::test
