// "Is it still this digest?": asked where the host proved that it understands, in one request, and never in a
// way that could hide a move.

#include "unit/registry/client_fixture.hpp"

namespace basewatch::registry {
namespace {

using Conditions = test::RegistryScript::Conditions;
using test::answer;
using test::image;

class ConditionalLookUp : public ClientTest {
protected:
    ConditionalLookUp() {
        push("layer 1");
        registry.take_conditions(Conditions::honoured);
    }
    void push(const std::string& layer) {
        test::ImageOptions options;
        options.layers = {layer};
        current = registry.push("team/app", "1.0", image(options));
    }
    // As the sweep asks, with what it was told last.
    Result<Pointer> again() {
        auto pointer =
            wait_for(client().look_up(reference("registry.example.com/team/app:1.0"), {last, last_at}));
        if (pointer) last = pointer->digest, last_at = clock.now();
        return pointer;
    }
    std::string condition(std::size_t request) const {
        return std::string(transport.sent().at(request).headers.find("If-None-Match").value_or(""));
    }
    std::string named(const model::Digest& which) const { return "\"" + which.text() + "\""; }
    // Until the host is believed, from nothing known of it.
    void prove() {
        for (int i = 0; i < 4; ++i) ASSERT_TRUE(again());
        ASSERT_EQ(condition(3), named(current));
        transport.forget();
    }

    model::Digest current, last;
    Time last_at{};
};

TEST_F(ConditionalLookUp, IsOneRequestFromTheFirstToTheLast) {
    for (int i = 0; i < 6; ++i) {
        auto pointer = again();
        ASSERT_TRUE(pointer) << pointer.error().message();
        EXPECT_EQ(pointer->digest, current);
        EXPECT_EQ(transport.sent().size(), static_cast<std::size_t>(i + 1));
    }
    EXPECT_EQ(condition(0), "");
    EXPECT_NE(condition(1), "") << "of a digest that there is not";
    EXPECT_NE(condition(1), named(current));
    for (std::size_t i = 2; i < 6; ++i) EXPECT_EQ(condition(i), named(current));
    EXPECT_EQ(report().pulls, 0u);
}

TEST_F(ConditionalLookUp, WhoKnowsNothingAsksInFull) {
    prove();
    ASSERT_TRUE(look_up());
    EXPECT_EQ(condition(0), "");
}

TEST_F(ConditionalLookUp, AMoveIsSeenAtOnce) {
    prove();
    push("layer 2");
    auto pointer = again();
    ASSERT_TRUE(pointer);
    EXPECT_EQ(pointer->digest, current);
    EXPECT_FALSE(pointer->media_type.empty());
    EXPECT_EQ(transport.sent().size(), 1u);
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(1), named(current));
}

TEST_F(ConditionalLookUp, OnceADayItIsAskedInFull) {
    prove();
    clock.advance(std::chrono::hours(25));
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(0), "");
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(1), named(current));
}

TEST_F(ConditionalLookUp, AHostThatHidesAMoveIsFoundOutWithinADayAndNotBelievedForAWeek) {
    prove();
    registry.take_conditions(Conditions::always);
    auto before = current;
    push("layer 2");
    ASSERT_EQ(again()->digest, before) << "this is the lie";
    clock.advance(std::chrono::hours(24));
    transport.forget();
    EXPECT_EQ(again()->digest, current);
    EXPECT_EQ(transport.sent().size(), 2u)
        << "and what it says when it is asked whether it is still the last";
    for (int i = 0; i < 6; ++i) {
        transport.forget();
        ASSERT_TRUE(again());
        ASSERT_EQ(transport.sent().size(), 1u);
        EXPECT_EQ(condition(0), "");
        clock.advance(std::chrono::hours(24));
    }
    clock.advance(std::chrono::hours(48));
    registry.take_conditions(Conditions::honoured);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(again());
    EXPECT_EQ(condition(transport.sent().size() - 1), named(current)) << "and then it is tried again";
}

TEST_F(ConditionalLookUp, AFullLookThatFindsAMoveLeavesAnHonestHostBelieved) {
    prove();
    push("layer 2");
    clock.advance(std::chrono::hours(25));
    EXPECT_EQ(again()->digest, current);
    EXPECT_EQ(transport.sent().size(), 2u);
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(2), named(current));
}

TEST_F(ConditionalLookUp, A304ThatNamesAnotherDigestIsNotBelieved) {
    prove();
    registry.fail(
        {.times = 1, .status = 304, .headers = {{"Docker-Content-Digest", digest("something else").text()}}});
    auto pointer = again();
    ASSERT_TRUE(pointer) << pointer.error().message();
    EXPECT_EQ(pointer->digest, current);
    ASSERT_EQ(transport.sent().size(), 2u);
    EXPECT_EQ(condition(1), "");
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(2), "");
}

TEST_F(ConditionalLookUp, A304ToAPlainQuestionIsAnErrorAndNoAnswer) {
    registry.fail({.times = 1, .status = 304});
    auto pointer = look_up();
    ASSERT_FALSE(pointer);
    EXPECT_EQ(pointer.error().kind(), ErrorKind::bad_answer);
}

TEST_F(ConditionalLookUp, AHostThatRefusesTheConditionIsAskedWithout) {
    ASSERT_TRUE(again());
    registry.fail({.times = 1, .status = 412});
    ASSERT_TRUE(again());
    EXPECT_EQ(transport.sent().size(), 3u);
    ASSERT_TRUE(again());
    EXPECT_EQ(condition(3), "");
}

TEST_F(ConditionalLookUp, AWeakTagOrOneThatIsNoDigestIsNeverNamed) {
    for (std::string tag :
         {"W/\"" + current.text() + "\"", std::string("\"3da541559918a808c2402bba5012f6c60b27661c\""),
          current.text(), named(digest("another"))}) {
        registry.recover();
        registry.fail({.headers = {{"Etag", tag}}});
        for (int i = 0; i < 4; ++i) ASSERT_TRUE(again());
    }
    for (std::size_t i = 0; i < transport.sent().size(); ++i) EXPECT_EQ(condition(i), "");
}

TEST_F(ConditionalLookUp, WhatIsBehindARedirectIsNotAsked) {
    test::RegistryScript behind;
    behind.push("team/app", "1.0", image());
    behind.take_conditions(Conditions::honoured);
    transport.serve("https://regional.example.com", behind);
    client();
    transport.serve("https://registry.example.com", [](const net::HttpRequest& request) {
        return answer(307, {{"Location", "https://regional.example.com" + request.url.target}});
    });
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(again());
    for (std::size_t i = 0; i < transport.sent().size(); ++i) EXPECT_EQ(condition(i), "");
}

}  // namespace
}  // namespace basewatch::registry
