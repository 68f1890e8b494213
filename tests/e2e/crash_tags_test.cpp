// Killed anywhere between a list of tags and its record: every tag that came or went is told once.
#include "e2e/failpoints.hpp"
#include "model/reference.hpp"
#include "store/invariants.hpp"
#include "support/basewatch_program.hpp"
#include "support/fake_registry.hpp"
#include "support/receiving_thread.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <set>

namespace basewatch::test {
namespace {

using nlohmann::json;
using testing::IsEmpty;

constexpr int killed = 128 + SIGKILL;
constexpr int at_first = 20;    // more than five times of what goes at once, or a list is not believed
constexpr int come_and_go = 2;  // in each run

// A repository whose versions come and go, and what was told of it.
class VersionsThatComeAndGo {
public:
    VersionsThatComeAndGo() {
        for (int i = 0; i < at_first; ++i) push();
        came_.clear();
    }

    void come_and_go() {
        for (int i = 0; i < test::come_and_go; ++i) {
            push();
            // 3.1 stays: newer versions are told of it.
            auto gone = "3." + std::to_string(++oldest_);
            registry_.with([&](FakeRegistry& registry) { registry.untag("demo/base", gone); });
            went_.insert(gone);
        }
    }
    const std::set<std::string>& came() const { return came_; }
    const std::set<std::string>& went() const { return went_; }
    std::string reference(const std::string& tag) const { return registry_.reference("demo/base", tag); }

    std::string configuration() const {
        std::string repository = registry_.address() + "/demo/base";
        return "registries: {\"" + registry_.address() + "\": {plain_http: true, rate: 5000/s}}\n" +
               "defaults: {interval: 300ms}\n" + "watch: [{image: \"" + repository +
               "\", tags: {glob: \"3.*\"}}]\n" + "rules:\n  - {name: tags, base: \"" + repository +
               ":3.*\", on: [tag_created, tag_deleted], fire: hook}\n" + "  - {name: next, base: \"" +
               repository + ":3.1\", on: newer_version, fire: hook}\n" +
               "targets: {hook: {preset: webhook, url: \"" + receiver_.url("/hook") + "\"}}\n";
    }

    // What was told of each kind: tags, once for each time that they were told under an id of its own.
    std::map<std::string, std::multiset<std::string>> told() const {
        std::map<std::string, std::string> event_of_id, id_of_event;
        std::map<std::string, std::multiset<std::string>> told;
        for (const auto& request : receiver_.requests("/hook")) {
            auto event = json::parse(request.body);
            std::string id(request.headers.find("webhook-id").value_or("")), name = event["id"];
            EXPECT_EQ(event_of_id.emplace(id, name).first->second, name) << "one webhook-id, one event";
            auto [known, fresh] = id_of_event.emplace(name, id);
            EXPECT_EQ(known->second, id) << "one event, one webhook-id";
            if (!fresh) continue;
            const auto& data = event["data"];
            std::string kind = data["kind"];
            if (kind != "newer_version")
                told[kind].insert(data["base"]["tag"].get<std::string>());
            else
                for (const auto& tag : data["newer"]["tags"]) told[kind].insert(tag.get<std::string>());
        }
        return told;
    }
    // What should have been told by now, and nothing else.
    std::map<std::string, std::multiset<std::string>> true_story() const {
        std::multiset<std::string> came(came_.begin(), came_.end());
        return {
            {"tag_created", came}, {"newer_version", came}, {"tag_deleted", {went_.begin(), went_.end()}}};
    }

private:
    void push() {
        auto tag = "3." + std::to_string(++newest_);
        ImageOptions options;
        options.layers = {"layer of " + tag};
        registry_.push("demo/base", tag, image(options));
        came_.insert(tag);
    }

    int newest_ = 0, oldest_ = 1;
    std::set<std::string> came_, went_;
    FakeRegistryThread registry_;
    ReceivingThread receiver_;
};

class CrashAtTags : public testing::TestWithParam<std::string> {
protected:
    // Asks for what came and what went, as a push hook or a person does, until all is told or it is dead.
    void ask_until_told_or_dead() {
        auto done = [&] {
            for (const auto* tags : {&world_.came(), &world_.went()})
                for (const auto& tag : *tags)
                    if (program_.running()) (void)program_.verb({"check-now", world_.reference(tag)});
            return !program_.running() || world_.told() == world_.true_story();
        };
        eventually(done, std::chrono::seconds(30));
    }
    int run_to_its_end(const std::string& place) {
        world_.come_and_go();
        program_.environment["BASEWATCH_DIE_AT"] = place;
        program_.start();
        ask_until_told_or_dead();
        return program_.running() ? program_.stop() : killed;
    }
    std::size_t bases() { return program_.json({"bases"})["items"].size(); }
    std::size_t seen_bases() {
        std::size_t seen = 0;
        auto all = program_.json({"bases"})["items"];
        for (const auto& base : all) seen += base.contains("digest") ? 1 : 0;
        return seen;
    }

    // As told().
    std::map<std::string, std::multiset<std::string>> recorded() {
        std::map<std::string, std::multiset<std::string>> found;
        auto changes = program_.json({"changes", "--limit", "1000"})["items"];
        for (const auto& change : changes) {
            auto& tags = found[change["kind"].get<std::string>()];
            if (change.contains("newer_tags"))
                for (const auto& tag : change["newer_tags"]) tags.insert(tag.get<std::string>());
            else
                tags.insert(model::Reference::parse(change["base"].get<std::string>())->tag());
        }
        return found;
    }

    VersionsThatComeAndGo world_;
    BasewatchProgram program_{world_.configuration()};
};

TEST_P(CrashAtTags, TellsEachTagOnce) {
    program_.binary = TEST_PROGRAMS "/crashing_basewatch";
    program_.start();
    ASSERT_TRUE(program_.ready()) << program_.log();
    // A tag that was only ever listed goes without a word.
    ASSERT_TRUE(eventually([&] { return seen_bases() == at_first; })) << program_.log();
    ASSERT_EQ(program_.stop(), 0) << program_.log();

    EXPECT_EQ(run_to_its_end(GetParam() + ":1"), killed) << "it did not pass there: " << program_.log();
    // Once more, further on; what is passed once in a run ends well then.
    run_to_its_end(GetParam() + ":2");
    program_.environment.erase("BASEWATCH_DIE_AT");
    program_.start();
    ASSERT_TRUE(program_.ready()) << program_.log();
    ask_until_told_or_dead();
    EXPECT_EQ(world_.told(), world_.true_story()) << program_.log();
    EXPECT_EQ(bases(), at_first) << "as many came as went";
    EXPECT_EQ(recorded(), world_.true_story()) << "what is recorded is what was told";
    EXPECT_EQ(program_.stop(), 0) << program_.log();
    EXPECT_THAT(store::broken_invariants(program_.state_path()), IsEmpty());
}

// Those of tags, and those within the commits that record them.
std::vector<std::string> passed_by_tags() {
    auto names = failpoints();
    std::erase_if(names, [](const std::string& name) { return !is_of_tags(name); });
    for (const char* name : {"transaction-begun", "operation-performed", "commit-begins", "committed"})
        names.emplace_back(name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Failpoints, CrashAtTags, testing::ValuesIn(passed_by_tags()), failpoint_name);

}  // namespace
}  // namespace basewatch::test
