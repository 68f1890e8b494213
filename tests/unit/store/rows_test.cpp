// How lists stand in a column: what is written is what is read, whatever is in it.
#include "store/rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace basewatch::store {
namespace {

TEST(Rows, ManifestsAreReadAsTheyWereWritten) {
    auto digest = model::Digest::of("a"), other = model::Digest::of("b");
    std::map<model::Platform, model::Digest> plain{{{"linux", "amd64", "", ""}, digest},
                                                   {{"linux", "arm", "v7", ""}, other}};
    EXPECT_EQ(manifests_of(manifests_text(plain)), plain);
    EXPECT_EQ(manifests_of(manifests_text({})), (std::map<model::Platform, model::Digest>{}));
    // What has to be escaped, in the last row only.
    std::map<model::Platform, model::Digest> escaped = plain;
    escaped.emplace(model::Platform{"windows", "amd64", "", "10.0 \"\\ \n, é]"}, digest);
    EXPECT_EQ(manifests_of(manifests_text(escaped)), escaped);
}

TEST(Rows, WhatIsNoListOfManifestsIsRefused) {
    auto digest = model::Digest::of("a").text();
    EXPECT_EQ(manifests_of("[ [\"linux\",\"amd64\",\"\",\"\",\"" + digest + "\"] ]").size(), 1u);
    for (const std::string& text : {std::string(), std::string("["), std::string("[]]"), std::string("[[]]"),
                                    std::string("{}"), "[[\"linux\",\"amd64\",\"\",\"\",\"" + digest + "\"",
                                    "[[\"linux\",\"amd64\",\"\",\"\",\"" + digest + "\"],]",
                                    "[[\"linux\",\"amd64\",\"\",\"" + digest + "\"]]",
                                    std::string("[[\"linux\",\"amd64\",\"\",\"\",\"sha256:1\"]]"),
                                    "[[\"linux\",\"amd64\",\"\",\"\",\"" + digest + "\"]]x"})
        EXPECT_THROW(manifests_of(text), Unreadable) << text;
}

}  // namespace
}  // namespace basewatch::store
