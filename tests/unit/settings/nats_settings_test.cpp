// Subjects to publish to: what NATS takes, and what it would take and we do not.

#include "settings/nats_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::settings {
namespace {

using testing::HasSubstr;

TEST(NatsSubject, IsPartsBetweenFullStops) {
    for (const char* subject : {"a", "basewatch.events", "basewatch.{project}.changed", "{project}",
                                "a.b-c_d/e", "a$b", "Base.UP.1"})
        EXPECT_EQ(fault_of_subject(subject), "") << subject;
}

TEST(NatsSubject, IsToldWhatIsWrong) {
    struct {
        std::string subject;
        const char* words;
    } rows[]{
        {"", "1 to 255 bytes"},
        {std::string(256, 'a'), "1 to 255 bytes"},
        {"$SYS.x", "begins with `$`"},
        {"a.*", "wildcard"},
        {"a.>", "wildcard"},
        {"a b", "no spaces"},
        {"a\tb", "no spaces"},
        {"a\r\nPUB x 1", "no spaces"},
        {std::string("a\0b", 3), "no spaces"},
        {"bäse", "visible ASCII"},
        {".a", "empty part"},
        {"a.", "empty part"},
        {"a..b", "empty part"},
        {"a.{", "begins no place"},
        {"a.{}", "begins no place"},
        {"a.{b c}", "begins no place"},
        {"a.{token}", "begins no place"},
        {"a}", "without a `{`"},
    };
    for (const auto& row : rows)
        EXPECT_THAT(fault_of_subject(row.subject), HasSubstr(row.words)) << row.subject;
}

}  // namespace
}  // namespace basewatch::settings
