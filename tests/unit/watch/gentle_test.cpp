// What a registry is spared: asked no more than it takes, and in the cheapest way that it is known to have.

#include "unit/watch/sweep_house.hpp"

namespace basewatch::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class Gentle : public SweepHouse, public testing::Test {
protected:
    std::size_t conditional() const {
        std::size_t found = 0;
        for (const auto& request : transport.sent())
            found += request.headers.find("If-None-Match").has_value() ? 1 : 0;
        return found;
    }
};

TEST_F(Gentle, ThePollAsksWhetherTheLastDigestStillHoldsAndAPersonAsksInFull) {
    registry.take_conditions(test::RegistryScript::Conditions::honoured);
    registry.push("base", "1", test::image());
    use({watched("registry.example.com/base:1")});
    run();
    pass(hours(3));
    transport.forget();
    pass(hours(1));
    EXPECT_GE(conditional(), 2u);
    EXPECT_EQ(conditional(), transport.sent().size()) << "one request per check";
    stop();
    transport.forget();
    EXPECT_EQ(check().outcome, CheckReport::Outcome::unchanged);
    EXPECT_EQ(transport.sent().size(), 1u);
    EXPECT_EQ(conditional(), 0u);
    EXPECT_TRUE(changes().empty());
}

TEST_F(Gentle, AMoveBehindA304IsOneChange) {
    registry.take_conditions(test::RegistryScript::Conditions::honoured);
    registry.push("base", "1", test::image());
    use({watched("registry.example.com/base:1")});
    run();
    pass(hours(3));
    test::ImageOptions options;
    options.layers = {"mended"};
    registry.push("base", "1", test::image(options));
    pass(hours(1));
    EXPECT_EQ(kinds(), std::vector<std::string>{"content"});
}

}  // namespace
}  // namespace basewatch::watch
