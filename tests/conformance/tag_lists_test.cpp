// Lists of tags from every kind of registry that registries/ describes, and from those that tag_lists/ adds,
// which no product should be: what a watched pattern sees of them. The cells make the table of
// tag_lists/README.md.

#include "conformance/loopback_client.hpp"
#include "rules/tag_filter.hpp"
#include "support/registry_kind.hpp"
#include "support/result_table.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace basewatch::test {
namespace {

const std::string folder = PROJECT_DIR "/tests/conformance/";

// More than a page of any registry that is asked for 1,000.
constexpr std::size_t versions = 1'202;

class Listed {
public:
    explicit Listed(const RegistryKind& kind) {
        auto& home = kind.regional ? regional_ : front_;
        play(kind, front_, home);
        for (auto* registry : {&front_, &regional_}) {
            auto& entry = net_.settings->by_host[registry->address()];
            entry.plain_http = true;
            entry.rate = settings::Rate{100'000};
        }
        auto& entry = net_.settings->by_host[front_.address()];
        if (kind.login) entry.username = kind_username, entry.password = Secret(kind_password);
        auto built = image();
        for (std::size_t i = 0; i < versions; ++i) {
            tags_.push_back("3." + std::to_string(i));
            home.push("team/app", tags_.back(), built);
        }
        std::sort(tags_.begin(), tags_.end());
        // What a pattern must not take for versions of an image.
        home.push("team/app", "sha256-" + std::string(64, 'a') + ".sig", built);
        home.push("team/app", "buildcache", built);
    }

    // As the cells of a row have it.
    std::vector<std::string> cells() {
        auto first = list();
        auto asked = std::to_string(requests());
        // What has no end has none the second time.
        if (!first && first.error().kind() == ErrorKind::too_large)
            return {asked, "", "too_large", "no list"};
        auto second = list();
        auto then = std::to_string(requests());
        if (!second) return {asked, then, std::string(to_string(second.error().kind())), "no list"};
        if (!first) return {asked, then, "changes its mind", ""};
        auto pattern = rules::TagFilter::compile({.glob = "*"})->choose(second->tags);
        auto seen =
            pattern == tags_ ? "all" : std::to_string(pattern.size()) + " of " + std::to_string(versions);
        return {asked, then, seen, second->complete ? "yes" : "no: nothing is gone"};
    }

private:
    Result<registry::TagList> list() {
        front_.forget_requests(), regional_.forget_requests();
        return run_async(net_.loop, net_.client.tags(net_.reference(front_.reference("team/app", "any"))));
    }
    std::size_t requests() const { return front_.requests().size() + regional_.requests().size(); }

    LoopbackClient net_;
    FakeRegistry front_{net_.loop}, regional_{net_.loop};
    std::vector<std::string> tags_;
};

// The cells of every kind in a folder, compared with what its file expects and with the README's table.
void compare(const std::string& kinds) {
    const std::vector<std::pair<std::string, std::string>> columns{
        {"first", "requests"}, {"then", "then"}, {"seen", "tags"}, {"whole", "whole"}};
    ResultTable table({"kind", "requests", "then", "tags", "whole"});
    for (const auto& kind : read_registry_kinds(folder + kinds)) {
        auto cells = Listed(kind).cells();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            auto expected = kind.expected_tags.find(columns[i].first);
            EXPECT_EQ(cells[i], expected == kind.expected_tags.end() ? "" : expected->second)
                << kind.file << ": " << columns[i].second;
        }
        cells.insert(cells.begin(), kind.name);
        table.add(cells);
    }
    auto file = TEST_PROGRAMS "/tag_lists_of_" + kinds + ".txt";
    std::ofstream(file) << table.text();
    EXPECT_THAT(read_file(folder + "tag_lists/README.md"), testing::HasSubstr(table.text()))
        << "tag_lists/README.md shows another table than " << file;
}

TEST(TagListConformance, HoldsForEveryKindOfRegistry) {
    compare("registries");
}

TEST(TagListConformance, BreaksOfNoListThatIsWrong) {
    compare("tag_lists");
}

}  // namespace
}  // namespace basewatch::test
