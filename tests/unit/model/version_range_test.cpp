// What a range of versions holds, and what is none.

#include "model/version_range.hpp"

#include <gtest/gtest.h>

namespace basewatch::model {
namespace {

TEST(VersionRange, HoldsWhatNpmWouldHold) {
    struct Row {
        const char *range, *tag;
        bool in;
    };
    const Row rows[] = {
        {">=3.2 <4", "3.2", true},
        {">=3.2 <4", "3.2.0-alpine", true},
        {">=3.2 <4", "3.10.7-alpine", true},
        {">=3.2 <4", "3.1.9", false},
        {">=3.2 <4", "4", false},
        {">=3.2 <4", "4.0.0-rc.1", false},
        {">=3.2 <4", "3.4.0-rc.1", false},
        {">=3.4.0-rc.1 <4", "3.4.0-rc.2", true},
        {">=3.4.0-rc.1 <4", "3.5.0-rc.1", false},
        {">=3.2", "20240101", false},
        {">=2024", "2024.10", true},
        {">= 3.2  < 4", "3.9", true},
        {">1.2", "1.2.9", false},
        {">1.2", "1.3", true},
        {"<=1.2", "1.2.9", true},
        {"<=1.2.3", "1.2.4", false},
        {"^1.2.3", "1.9.0", true},
        {"^1.2.3", "2.0.0", false},
        {"^1.2.3", "1.2.2", false},
        {"^0.2.3", "0.2.9", true},
        {"^0.2.3", "0.3.0", false},
        {"^0.0.3", "0.0.4", false},
        {"^0", "0.9.9", true},
        {"^0", "1", false},
        {"^9", "9.9", true},
        {"^9", "10", false},
        {"~1.2.3", "1.2.9", true},
        {"~1.2.3", "1.3.0", false},
        {"~1.2", "1.2.0", true},
        {"~1", "1.9", true},
        {"~1", "2", false},
        {"1.2", "1.2.7", true},
        {"1.2.x", "1.2.7", true},
        {"1.x", "1.99", true},
        {"1.x.x", "2.0", false},
        {"=1.2.3", "1.2.3", true},
        {"1.2.3", "1.2.4", false},
        {"*", "20240101", true},
        {"x", "0.0.1", true},
        {"*", "1.0.0-rc.1", false},
        {"1.2 - 2.3", "2.3.9", true},
        {"1.2 - 2.3", "2.4", false},
        {"1.2 - 2.3.1", "2.3.2", false},
        {"<1 || >=3", "0.9", true},
        {"<1 || >=3", "2", false},
        {"<1||>=3", "3.1", true},
    };
    for (const auto& row : rows) {
        auto range = VersionRange::parse(row.range);
        ASSERT_TRUE(range) << row.range << ": " << range.error().message();
        EXPECT_EQ(range->contains(*TagVersion::parse(row.tag)), row.in) << row.tag << " in " << row.range;
    }
}

TEST(VersionRange, RefusesWhatItCannotMean) {
    for (const char* text : {"", "  ", "||", "1 ||", ">", "3.2 >=", "latest", ">=3.2,<4", "1.2-alpine",
                             "1.x.2", "!=1", ">*", "1.2 -", "1.2.", "1..2", "^^1", "v", "1.2.3.4.5.6.7"}) {
        auto range = VersionRange::parse(text);
        ASSERT_FALSE(range) << text;
        EXPECT_EQ(range.error().kind(), ErrorKind::invalid) << text;
    }
    EXPECT_FALSE(VersionRange::parse(std::string(501, ' ')));
}

}  // namespace
}  // namespace basewatch::model
