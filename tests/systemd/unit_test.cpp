// The unit is one that systemd understands, and it denies what is not needed.

#include "systemd/staging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace basewatch::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* unit = "/usr/lib/systemd/system/basewatch.service";

class Unit : public testing::Test {
protected:
    void SetUp() override {
        auto staged = stage(root_);
        ASSERT_EQ(staged.exit_code, 0) << staged.errors;
    }

    // `systemd-analyze verify` says 0 for a key that it does not know; only its standard error tells.
    Outcome verify() const {
        return run({"systemd-analyze", "verify", "--man=no", "--root=" + root_.path().string(),
                    "basewatch.service"});
    }

    TemporaryFolder root_;
};

TEST_F(Unit, IsUnderstood) {
    auto verified = verify();
    EXPECT_EQ(verified.exit_code, 0);
    EXPECT_THAT(verified.errors, IsEmpty());
}

TEST_F(Unit, WithAWrongKeyWouldBeNoticed) {
    auto path = root_.path().string() + unit;
    root_.write(std::string(unit).substr(1), read_file(path) + "\n[Service]\nMemoryMaximum=1G\n");
    EXPECT_THAT(verify().errors, HasSubstr("MemoryMaximum"));
}

TEST_F(Unit, ExecutesWhatIsInstalled) {
    EXPECT_THAT(read_file(root_.path().string() + unit), HasSubstr("\nExecStart=/usr/bin/basewatch run\n"));
    std::filesystem::remove(root_.path() / "usr/bin/basewatch");
    EXPECT_THAT(verify().errors, HasSubstr("/usr/bin/basewatch"));
}

TEST_F(Unit, ExposesLittle) {
    auto judged = run(
        {"systemd-analyze", "security", "--offline=true", "--threshold=20", root_.path().string() + unit});
    EXPECT_EQ(judged.exit_code, 0) << judged.output;
    EXPECT_THAT(judged.output, HasSubstr("Overall exposure level"));
}

TEST_F(Unit, HasItsUser) {
    auto made = run({"systemd-sysusers", "--root=" + root_.path().string(), "--dry-run"});
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    EXPECT_THAT(made.output + made.errors, HasSubstr("Creating user 'basewatch'"));
    EXPECT_THAT(made.output + made.errors, HasSubstr("Creating group 'basewatch'"));
}

}  // namespace
}  // namespace basewatch::test
