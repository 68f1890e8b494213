#include "model/reference.hpp"

#include "support/temporary_folder.hpp"

#include <sstream>

namespace basewatch::model {
namespace {

struct Vector {
    std::string input, expected, why;
};

std::vector<Vector> vectors() {
    std::istringstream file(test::read_file(PROJECT_DIR "/tests/unit/model/reference_vectors.tsv"));
    std::vector<Vector> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        auto first = line.find('\t');
        auto second = line.find('\t', first + 1);
        rows.push_back(
            {line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
    }
    return rows;
}

TEST(Reference, ReadsEveryVectorAsWritten) {
    auto rows = vectors();
    ASSERT_GE(rows.size(), 125u);
    for (const auto& row : rows) {
        auto reference = Reference::parse(row.input);
        if (row.expected == "ERR") {
            EXPECT_FALSE(reference.has_value())
                << row.input << " became " << reference->text() << " (" << row.why << ")";
        } else {
            ASSERT_TRUE(reference.has_value()) << row.input << ": " << reference.error().message();
            EXPECT_EQ(reference->text(), row.expected) << row.input << " (" << row.why << ")";
            // What we print can be read again, and is already normal.
            EXPECT_EQ(Reference::parse(reference->text())->text(), row.expected);
            EXPECT_EQ(Reference::parse(reference->familiar())->text(), row.expected) << reference->familiar();
        }
    }
}

TEST(Reference, SaysWhatWouldBeRight) {
    const std::pair<const char*, const char*> cases[] = {
        {"ghcr.io/owner/Repo", "write \"owner/repo\" instead of \"owner/Repo\""},
        {"docker://debian", "write \"debian\""},
        {"localhost:5000", "write localhost:5000/repository"},
        {"scratch", "nothing to watch"},
        {"busybox@sha256:abc", "64 hex digits"},
        {"a-b.c_d/e", "`_` is not allowed in a host name"},
    };
    for (auto [input, hint] : cases) {
        auto reference = Reference::parse(input);
        ASSERT_FALSE(reference.has_value()) << input;
        EXPECT_THAT(reference.error().message(), testing::HasSubstr(hint)) << input;
    }
}

TEST(Reference, KnowsWhereAPersonReadsAboutIt) {
    EXPECT_EQ(repository_page(*Reference::parse("ruby:3.3-alpine")), "https://hub.docker.com/_/ruby");
    EXPECT_EQ(repository_page(*Reference::parse("shop/api")), "https://hub.docker.com/r/shop/api");
    EXPECT_EQ(repository_page(*Reference::parse("registry.example.com/shop/api")), "");
}

}  // namespace
}  // namespace basewatch::model
