// Words that must not stand in the source, each for what it has done to somebody.

#include "lint/sources.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace basewatch::lint {
namespace {

constexpr std::size_t most_lines = 600;

struct Forbidden {
    std::string word;
    std::vector<std::string> folders;
    std::string why;
};

const std::vector<Forbidden>& forbidden() {
    static const std::vector<std::string> both{"daemon", "tests"};
    static const std::vector<Forbidden> words{
        {"asio::detached", both, "an exception in it vanishes; children go into a TaskGroup"},
        {"std::regex", both, "a pattern of a user's can make it run for minutes or overflow the stack"},
        {"this_thread::sleep", both, "a test waits for the event, with a deadline; a coroutine for a timer"},
        {"usleep(", both, "as above"},
        {"nanosleep(", both, "as above"},
        {"GTEST_SKIP", {"tests"}, "a test that is not run says nothing"},
        {"DISABLED_", {"tests"}, "as above"},
    };
    return words;
}

bool concerns(const Source& source, const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return source.below(folder); });
}

TEST(Words, InCommentsAndQuotesAreNoCode) {
    EXPECT_EQ(code_of("call(1'000, \"a // b\", 'x');  // why"), "call(1'000, \", ');  ");
    EXPECT_EQ(code_of("auto text = \"\\\"detached\";"), "auto text = \";");
}

TEST(Words, ThatBitAreNotThere) {
    for (const auto& source : read_sources({"daemon", "tests"}, {".cpp", ".hpp"}))
        for (std::size_t at = 0; at < source.lines.size(); ++at) {
            auto code = code_of(source.lines[at]);
            for (const auto& one : forbidden())
                if (concerns(source, one.folders))
                    EXPECT_EQ(code.find(one.word), std::string::npos)
                        << source.path << ":" << at + 1 << ": " << one.word << ": " << one.why;
        }
}

TEST(Words, OfUnfinishedWorkAreNotThere) {
    auto extensions = {".cpp", ".hpp", ".js", ".sh", ".cmake", ".txt", ".yaml", ".service", ".css", ".html"};
    for (const auto& source : read_sources({"daemon", "tests", "config", "systemd", "cmake"},
                                           {extensions.begin(), extensions.end()})) {
        if (source.below("tests/lint")) continue;
        for (std::size_t at = 0; at < source.lines.size(); ++at)
            for (const char* word : {"TODO", "FIXME", "XXX:", "HACK"})
                EXPECT_EQ(source.lines[at].find(word), std::string::npos)
                    << source.path << ":" << at + 1 << ": " << word;
    }
}

TEST(Files, AreShort) {
    for (const auto& source : read_sources({"daemon", "tests"}, {".cpp", ".hpp", ".js", ".sh"}))
        EXPECT_LE(source.lines.size(), most_lines) << source.path << " is to be split";
}

TEST(Files, AreNamedAfterWhatTheyHold) {
    for (const auto& source : read_sources({"daemon", "tests"}, {".cpp", ".hpp"}))
        for (const char* word : {"util", "helper", "common", "misc"})
            EXPECT_EQ(source.path.find(word), std::string::npos) << source.path;
}

TEST(Presets, HaveATestEach) {
    auto tests = read_sources({"tests/unit"}, {".cpp"});
    auto presets = read_sources({"config/presets"}, {".yaml"});
    EXPECT_FALSE(presets.empty());
    for (const auto& preset : presets) {
        std::string name = '"' + std::filesystem::path(preset.path).stem().string() + '"';
        bool named = std::any_of(tests.begin(), tests.end(), [&](const Source& source) {
            return std::any_of(source.lines.begin(), source.lines.end(),
                               [&](const std::string& line) { return line.find(name) != std::string::npos; });
        });
        EXPECT_TRUE(named) << "no unit test names the preset " << name;
    }
}

}  // namespace
}  // namespace basewatch::lint
