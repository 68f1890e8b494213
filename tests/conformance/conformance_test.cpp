// The registry client against every kind of registry that registries/ describes, over real sockets: one
// battery for all, whose cells make the table of registries/README.md. Played from documented behaviour; what
// is proven on real servers is in tests/integration.

#include "conformance/loopback_client.hpp"
#include "foundation/time.hpp"
#include "support/registry_kind.hpp"
#include "support/result_table.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace basewatch::test {
namespace {

const std::string folder = PROJECT_DIR "/tests/conformance/registries";

// One kind with an image in it, and a client that has never seen it.
class World {
public:
    explicit World(const RegistryKind& kind) : kind_(kind) {
        play(kind, front, home());
        for (auto* registry : {&front, &regional, &storage})
            net.settings->by_host[registry->address()] = open();
        auto& entry = net.settings->by_host[front.address()];
        if (kind.login) entry.username = kind_username, entry.password = Secret(kind_password);
        push(built);
        home().push("team/closed", "1.0", built);
        close_repository();
    }

    // Where the content is.
    FakeRegistry& home() { return kind_.regional ? regional : front; }
    void push(const Built& what) { home().push("team/app", "1.0", what); }

    Result<registry::Pointer> look_up(const std::string& repository = "team/app",
                                      const std::string& tag = "1.0") {
        return net.look_up(front.reference(repository, tag));
    }
    // With what was answered last, as the sweep asks.
    Result<registry::Pointer> look_up_again() {
        return net.look_up(front.reference("team/app", "1.0"), built.digest);
    }
    Result<registry::Manifest> manifest(const model::Digest& digest) {
        return net.manifest(front.reference("team/app", "1.0"), digest);
    }
    std::size_t requests() const {
        return front.requests().size() + regional.requests().size() + storage.requests().size();
    }

    LoopbackClient net;
    FakeRegistry front{net.loop}, regional{net.loop}, storage{net.loop};
    Built built = index({image()});

private:
    static settings::RegistrySettings open() {
        settings::RegistrySettings entry;
        entry.plain_http = true;
        entry.rate = settings::Rate{100'000};
        return entry;
    }
    void close_repository() {
        if (!kind_.denied) {
            home().token_rules().closed.insert("team/closed");
            return;
        }
        auto fault = *kind_.denied;
        fault.target = "/v2/team/closed/";
        home().always(fault);
    }

    const RegistryKind& kind_;
};

std::string counted(std::size_t requests) {
    return std::to_string(requests);
}

// What the table says of an answer that should be an error.
std::string refusal(const Result<registry::Pointer>& pointer) {
    return pointer ? "an answer" : std::string(to_string(pointer.error().kind()));
}

// `cell` when the tag still points to what was pushed last; what came instead otherwise.
std::string when_right(World& world, const Result<registry::Pointer>& pointer, std::string cell) {
    if (!pointer) return pointer.error().message();
    return pointer->digest == world.built.digest ? cell : "a wrong digest";
}

std::string first_look_up(const RegistryKind& kind) {
    World world(kind);
    auto pointer = world.look_up();
    return when_right(world, pointer, counted(world.requests()));
}

// The most that a look-up of an unchanged tag costs once the host is known.
std::string steady_look_up(const RegistryKind& kind) {
    World world(kind);
    for (int i = 0; i < 4; ++i) (void)world.look_up();
    std::size_t most = 0;
    for (int i = 0; i < 3; ++i) {
        auto before = world.requests();
        auto pointer = world.look_up();
        if (!pointer || pointer->digest != world.built.digest) return when_right(world, pointer, "");
        most = std::max(most, world.requests() - before);
    }
    return counted(most);
}

// Whether a tag that was seen before is asked about by If-None-Match once the host is known, and what that
// costs: one request, and one more where a lie was found out. A move is seen either way.
std::string revalidated(const RegistryKind& kind) {
    World world(kind);
    std::size_t most = 0;
    for (int i = 0; i < 6; ++i) {
        auto before = world.requests();
        auto pointer = world.look_up_again();
        if (!pointer || pointer->digest != world.built.digest) return when_right(world, pointer, "");
        if (i > 3) most = std::max(most, world.requests() - before);
    }
    std::string last;
    for (const auto& request : world.home().requests())
        last = std::string(request.headers.find("If-None-Match").value_or(""));
    bool named = last == "\"" + world.built.digest.text() + "\"";
    auto old = world.built.digest;
    ImageOptions options;
    options.layers = {"layer 3"};
    world.built = index({image(options)});
    world.push(world.built);
    auto moved = world.net.look_up(world.front.reference("team/app", "1.0"), old);
    return when_right(world, moved, (named ? "yes, " : "no, ") + counted(most));
}

std::string moved_tag(const RegistryKind& kind) {
    World world(kind);
    (void)world.look_up();
    ImageOptions options;
    options.layers = {"layer 2"};
    world.built = index({image(options)});
    world.push(world.built);
    return when_right(world, world.look_up(), "seen");
}

std::string missing_tag(const RegistryKind& kind) {
    World world(kind);
    return refusal(world.look_up("team/app", "2.0"));
}

std::string closed_repository(const RegistryKind& kind) {
    World world(kind);
    return refusal(world.look_up("team/closed"));
}

std::string expired_token(const RegistryKind& kind) {
    if (kind.challenges.empty() || kind.challenges.front().starts_with("Basic")) return "no token";
    World world(kind);
    for (int i = 0; i < 4; ++i) (void)world.look_up();
    world.home().revoke_tokens();
    auto before = world.requests();
    auto pointer = world.look_up();
    return when_right(world, pointer, counted(world.requests() - before));
}

// How long it waits, that nobody asks meanwhile, and that it recovers.
std::string too_many_requests(const RegistryKind& kind) {
    World world(kind);
    (void)world.look_up();
    auto fault = kind.limited;
    fault.target = "/v2/";
    world.home().fail(fault);
    auto limited = world.look_up();
    if (limited || limited.error().kind() != ErrorKind::rate_limited) return refusal(limited);
    auto wait = limited.error().retry_after().value_or(Milliseconds(0));
    auto before = world.requests();
    if (refusal(world.look_up()) != "rate_limited") return "does not pause";
    if (world.requests() != before) return "asks in its pause";
    world.home().recover();
    world.net.clock.advance(wait);
    bool named = kind.limited.headers.find("Retry-After").has_value();
    return when_right(world, world.look_up(), named ? format_duration(wait) : "as we choose");
}

std::string unwell(const RegistryKind& kind) {
    World world(kind);
    (void)world.look_up();
    world.home().fail({.target = "/v2/",
                       .status = 503,
                       .headers = {{"Content-Type", "text/html"}},
                       .body = "<html><h1>503 Service Temporarily Unavailable</h1></html>"});
    auto said = refusal(world.look_up());
    world.home().recover();
    return when_right(world, world.look_up(), said);
}

std::string web_page(const RegistryKind& kind) {
    World world(kind);
    world.home().fail({.target = "/manifests/",
                       .status = 200,
                       .headers = {{"Content-Type", "text/html; charset=utf-8"}},
                       .body = "<html><form>Sign in</form></html>"});
    return refusal(world.look_up());
}

std::string wrong_digest(const RegistryKind& kind) {
    World world(kind);
    world.home().fail({.method = "GET", .target = "/manifests/", .body = index({}).body});
    auto read = world.manifest(world.built.digest);
    return read ? "believed" : std::string(to_string(read.error().kind()));
}

// Index, manifest and configuration, each proven; and where the registry sends its blobs to a storage host,
// what that host learns of our credentials.
std::string read_whole(const RegistryKind& kind) {
    World world(kind);
    world.storage.push("team/app", "1.0", world.built);
    world.home().always({.target = "/blobs/",
                         .status = 307,
                         .headers = {{"Location", world.storage.url() + "{target}"}},
                         .when = 200});
    auto top = world.manifest(world.built.digest);
    if (!top || top->entries.empty()) return top ? "no entries" : top.error().message();
    auto child = world.manifest(top->entries[0].manifest.digest);
    if (!child) return child.error().message();
    auto content = world.net.content(world.front.reference("team/app", "1.0"), *child);
    if (!content) return content.error().message();
    if (world.storage.requests().empty()) return "storage was not asked";
    for (const auto& request : world.storage.requests())
        if (request.headers.find("Authorization")) return "leaks to storage";
    if (kind.regional)
        for (const auto& request : world.regional.requests())
            if (request.headers.find("Authorization").value_or("").starts_with("Basic")) return "leaks";
    return content->platform.text();
}

struct Column {
    std::string name;
    std::string heading;
    std::string (*run)(const RegistryKind&);
};

const std::vector<Column> columns{
    {"first", "first look-up", first_look_up},
    {"steady", "then", steady_look_up},
    {"expired", "token expired", expired_token},
    {"revalidated", "If-None-Match", revalidated},
    {"moved", "moved tag", moved_tag},
    {"missing", "missing tag", missing_tag},
    {"denied", "closed", closed_repository},
    {"limited", "429: waits", too_many_requests},
    {"unwell", "503", unwell},
    {"page", "HTML page", web_page},
    {"wrong", "wrong bytes", wrong_digest},
    {"read", "read whole, no credential to storage", read_whole},
};

TEST(Conformance, HoldsForEveryKindOfRegistry) {
    std::vector<std::string> headings{"kind"};
    for (const auto& column : columns) headings.push_back(column.heading);
    ResultTable table(headings);
    for (const auto& kind : read_registry_kinds(folder)) {
        std::vector<std::string> cells{kind.name};
        for (const auto& column : columns) {
            cells.push_back(column.run(kind));
            auto expected = kind.expected.find(column.name);
            EXPECT_EQ(cells.back(), expected == kind.expected.end() ? "" : expected->second)
                << kind.file << ": " << column.heading;
        }
        table.add(cells);
    }
    std::ofstream(TEST_PROGRAMS "/conformance.txt") << table.text();
    EXPECT_THAT(read_file(folder + "/README.md"), testing::HasSubstr(table.text()))
        << "registries/README.md shows another table than " TEST_PROGRAMS "/conformance.txt";
}

}  // namespace
}  // namespace basewatch::test
