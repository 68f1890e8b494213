// Forms out of what a jq program gave.

#include "presets/form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace basewatch;
using namespace basewatch::presets;

namespace {

TEST(Form, IsEncoded) {
    struct {
        const char* json;
        const char* form;
    } cases[] = {
        {R"({})", ""},
        {R"({"ref":"main","token":"a b"})", "ref=main&token=a+b"},
        {R"({"variables[BASE_TAG]":"3.3"})", "variables%5BBASE_TAG%5D=3.3"},
        {R"({"v":"a&b=c+d%é\n"})", "v=a%26b%3Dc%2Bd%25%C3%A9%0A"},
        {R"({"list":["a",2,true],"n":1.5,"no":null})", "list=a&list=2&list=true&n=1.5"},
        {R"({"list":[]})", ""},
    };
    for (const auto& test : cases) {
        auto form = form_of(test.json);
        ASSERT_TRUE(form) << test.json;
        EXPECT_EQ(*form, test.form);
    }
}

TEST(Form, AnythingElseIsRefused) {
    for (const char* json : {"[]", "\"a\"", "1", "null", R"({"a":{"b":1}})", R"({"a":[["b"]]})", "{"}) {
        EXPECT_FALSE(form_of(json)) << json;
    }
    EXPECT_THAT(form_of(R"({"deep":{"b":1}})").error().message(), testing::HasSubstr("`deep`"));
}

}  // namespace
