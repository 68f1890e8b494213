#pragma once
// The places at which a crash must do no harm, as they stand in the sources: a new one is tried as soon as it
// stands there.

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace basewatch::test {

// In order of name.
std::vector<std::string> failpoints();

// Between a list of tags and its record, and between a tag that is missing and its: only a world in which
// tags come and go passes there.
bool is_of_tags(const std::string& failpoint);

// As a test's name may be written.
std::string failpoint_name(const testing::TestParamInfo<std::string>& point);

}  // namespace basewatch::test
