// Arrows between rooms point down only, and headers of ours stay light.

#include "lint/sources.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace basewatch::lint {
namespace {

using Allowed = std::map<std::string, std::set<std::string>>;

Allowed rooms_of_the_house() {
    return allowed_rooms(test::read_file(PROJECT_DIR "/daemon/CMakeLists.txt"));
}

// The room that an include names; empty for what is not ours.
std::string room_of(const std::string& include) {
    if (!include.starts_with('"')) return "";
    auto slash = include.find('/');
    return slash == std::string::npos ? "" : include.substr(1, slash - 1);
}

TEST(Arrows, AreReadWithEverythingBelow) {
    auto allowed = allowed_rooms(
        "\nroom(low LIBRARIES x)\nroom(middle ROOMS low\n LIBRARIES y)\nroom(high ROOMS middle)\n");
    EXPECT_EQ(allowed, (Allowed{{"low", {}}, {"middle", {"low"}}, {"high", {"low", "middle"}}}));
}

TEST(Arrows, HaveNoCircle) {
    for (const auto& [room, lower] : rooms_of_the_house())
        EXPECT_FALSE(lower.contains(room)) << room << " reaches itself";
}

TEST(Arrows, AreTheOnlyIncludes) {
    auto allowed = rooms_of_the_house();
    ASSERT_GE(allowed.size(), 14u);
    for (const auto& source : read_sources({"daemon"}, {".cpp", ".hpp"})) {
        auto room = source.room();
        if (!room.empty()) EXPECT_TRUE(allowed.contains(room)) << source.path << " is in no room";
        for (const auto& line : source.lines) {
            auto include = included(line);
            if (!include.starts_with('"')) continue;
            auto other = room_of(include);
            bool fine = room.empty() ? other == "cli" : other == room || allowed[room].contains(other);
            EXPECT_TRUE(fine) << source.path << " includes " << include << ", which is not below it";
            EXPECT_TRUE(
                std::filesystem::exists(PROJECT_DIR "/daemon/" + include.substr(1, include.size() - 2)))
                << source.path << " includes " << include << ", which is not there";
        }
    }
}

TEST(Arrows, LeadToTheCommandLineFromMainOnly) {
    for (const auto& [room, lower] : rooms_of_the_house())
        EXPECT_FALSE(lower.contains("cli")) << room << " stands on cli";
}

TEST(Headers, AreLight) {
    for (const auto& source : read_sources({"daemon"}, {".hpp"}))
        for (const auto& line : source.lines) {
            auto include = included(line);
            for (const char* heavy : {"<boost/beast", "<nlohmann/json.hpp>", "<spdlog/", "<yaml.h>"})
                EXPECT_FALSE(include.starts_with(heavy)) << source.path << " includes " << include;
        }
}

TEST(Headers, BeginWithWhatTheyAre) {
    for (const auto& source : read_sources({"daemon"}, {".hpp"})) {
        ASSERT_GE(source.lines.size(), 2u) << source.path;
        EXPECT_EQ(source.lines[0], "#pragma once") << source.path;
        EXPECT_TRUE(source.lines[1].starts_with("// ")) << source.path << " does not say what it is";
    }
}

}  // namespace
}  // namespace basewatch::lint
