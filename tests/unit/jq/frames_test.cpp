// Frames between the daemon and its jq worker: what is written is read back, and nothing else is read.

#include "jq/frames.hpp"

#include <gtest/gtest.h>

using namespace basewatch::jq;

namespace {

std::string payload_of(const std::string& whole) {
    EXPECT_EQ(payload_size(whole.substr(0, frame_header)), whole.size() - frame_header);
    return whole.substr(frame_header);
}

TEST(Frames, ARequestIsReadBack) {
    for (const Request& request : {Request{false, ".a", R"({"a":1})"}, Request{true, "", ""},
                                   Request{false, std::string("a\0b", 3), std::string(70'000, 'x')}}) {
        auto read = read_request(payload_of(frame(request)));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, request);
    }
}

TEST(Frames, AnAnswerIsReadBack) {
    for (auto outcome : {Outcome::output, Outcome::does_not_compile, Outcome::failed, Outcome::no_output,
                         Outcome::several_outputs, Outcome::bad_input}) {
        Answer answer{outcome, std::string("text\0more", 9)};
        auto read = read_answer(payload_of(frame(answer)));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, answer);
    }
}

TEST(Frames, WhatIsNoRequestIsRefused) {
    using namespace std::string_literals;
    const std::string cases[] = {
        "",           "r",
        "r\0\0\0"s,  // the program's length breaks off
        "x\0\0\0\0"s, "r\0\0\0\2a"s, "r\xff\xff\xff\xff"s,
    };
    for (const auto& payload : cases) EXPECT_FALSE(read_request(payload)) << payload.size();
    EXPECT_FALSE(read_request(payload_of(frame(Request{false, std::string(most_program + 1, ' '), ""}))));
}

TEST(Frames, WhatIsNoAnswerIsRefused) {
    EXPECT_FALSE(read_answer(""));
    EXPECT_FALSE(read_answer("zanything"));
}

}  // namespace
