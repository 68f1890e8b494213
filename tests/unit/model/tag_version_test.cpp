// Tags as versions: what is one, and which is newer.

#include "model/tag_version.hpp"

#include <gtest/gtest.h>

namespace basewatch::model {
namespace {

std::string join(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ".") + part;
    return text;
}

// `numbers prerelease flavour`, each `-` where it is empty; `none` for no version.
std::string reading_of(const std::string& tag) {
    auto read = TagVersion::parse(tag);
    if (!read) return "none";
    auto shown = [](const std::string& text) { return text.empty() ? "-" : text; };
    return join(read->numbers) + " " + shown(join(read->prerelease)) + " " + shown(read->flavour);
}

TEST(TagVersion, ReadsTagsAsTheyAreWritten) {
    const std::pair<const char*, const char*> rows[] = {
        {"3", "3 - -"},
        {"3.3-alpine", "3.3 - alpine"},
        {"v1.2.3", "1.2.3 - -"},
        {"1.2.3-alpine3.19", "1.2.3 - alpine3.19"},
        {"1.2.3-rc.1", "1.2.3 rc.1 -"},
        {"1.2.3-rc1-alpine", "1.2.3 rc.1 alpine"},
        {"1.2.3-RC1", "1.2.3 rc.1 -"},
        {"3.4.0-preview1-slim-bookworm", "3.4.0 preview.1 slim-bookworm"},
        {"3.12.0a1", "3.12.0 a.1 -"},
        {"3.13.0rc1-slim", "3.13.0 rc.1 slim"},
        {"1.2.3-debian-12-r5", "1.2.3 - debian-12-r5"},
        {"1.2-dev", "1.2 dev -"},
        {"1.2-developer", "1.2 - developer"},
        {"1.2.3_4", "1.2.3 - -"},
        {"1.2.3_4-alpine", "1.2.3 - alpine"},
        {"24.04", "24.4 - -"},
        {"08", "8 - -"},
        {"000", "0 - -"},
        {"1.2.3.4", "1.2.3.4 - -"},
        {"20240101", "20240101 - -"},
        {"2024.01.15-slim", "2024.1.15 - slim"},
        {"99999999999999999999999.1", "99999999999999999999999.1 - -"},
        {"latest", "none"},
        {"bookworm-20240110-slim", "none"},
        {"1234567", "none"},
        {"1e10", "none"},
        {"1a2b3c4", "none"},
        {"v", "none"},
        {"", "none"},
        {"1.2-", "none"},
        {"1.", "none"},
        {"1.2.3.4.5.6.7", "none"},
        {"1.2foo", "none"},
    };
    for (const auto& [tag, reading] : rows) EXPECT_EQ(reading_of(tag), reading) << tag;
}

TEST(TagVersion, OrdersAsSemverDoes) {
    const char* rising[] = {"1.0.0-alpha",
                            "1.0.0-alpha.1",
                            "1.0.0-alpha.2",
                            "1.0.0-alpha.10",
                            "1.0.0-beta",
                            "1.0.0-rc.1",
                            "1.0.0",
                            "1.0.1",
                            "1.2",
                            "1.10",
                            "2",
                            "99999999999999999999999.1"};
    for (std::size_t i = 0; i < std::size(rising); ++i)
        for (std::size_t j = 0; j < std::size(rising); ++j)
            EXPECT_EQ(*TagVersion::parse(rising[i]) <=> *TagVersion::parse(rising[j]),
                      std::weak_ordering(i <=> j))
                << rising[i] << " and " << rising[j];
    EXPECT_EQ(*TagVersion::parse("1.0"), *TagVersion::parse("v1.0.0-alpine"));
}

TEST(NewerVersion, IsTheSameKindOfTagAndNewer) {
    struct Row {
        const char *current, *candidate;
        bool newer;
    };
    const Row rows[] = {
        {"3.3-alpine", "3.4-alpine", true},
        {"3.3-alpine", "3.3-alpine", false},
        {"3.3-alpine", "3.2-alpine", false},
        {"3.3-alpine", "3.4", false},
        {"3.3-alpine", "3.4-slim", false},
        {"3.3-alpine", "3.4.1-alpine", false},
        {"3.3-alpine", "4-alpine", false},
        {"3.3-alpine", "3.10-alpine", true},
        {"3.3.1", "v3.3.2", true},
        {"3.3.1", "3.4.0-rc.1", false},
        {"3.4.0-rc.1", "3.4.0-rc.2", true},
        {"3.4.0-rc.1", "3.4.0", true},
        {"3", "20240101", false},
        {"2024.01", "2024.10", true},
        {"24.04", "24.10", true},
        {"2024", "20240101", false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(newer_version(*TagVersion::parse(row.current), *TagVersion::parse(row.candidate)),
                  row.newer)
            << row.current << " to " << row.candidate;
}

}  // namespace
}  // namespace basewatch::model
