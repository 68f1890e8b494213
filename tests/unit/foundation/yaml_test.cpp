// Reading YAML strictly: what is accepted, what is refused, and that every word about a fault carries its
// place.
#include "foundation/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace basewatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = YamlValue::Kind;

std::vector<std::string> told(const Problems& problems) {
    std::vector<std::string> out;
    for (const auto& problem : problems.sorted()) out.push_back(problem.where.text() + " " + problem.what);
    return out;
}

YamlValue parsed(std::string_view text) {
    Problems problems;
    auto value = parse_yaml("f.yaml", text, problems);
    EXPECT_THAT(told(problems), IsEmpty());
    if (!value) throw std::runtime_error("not parsed");
    return *value;
}

// The first fault of a text that cannot be read.
std::string refused(std::string_view text) {
    Problems problems;
    auto value = parse_yaml("f.yaml", text, problems);
    EXPECT_FALSE(value.has_value());
    EXPECT_EQ(problems.sorted().size(), 1u);
    return told(problems).empty() ? "" : told(problems).front();
}

TEST(Yaml, keeps_the_text_of_plain_scalars) {
    auto root = parsed("a: 1.10\nb: yes\nc: 0x10\nd: 1e3\ne: 2026-11-23\nf: ~\ng: 'null'\nh:\n");
    std::vector<std::string> texts;
    for (const auto& entry : root.entries()) texts.push_back(entry.value.described());
    EXPECT_THAT(texts, ElementsAre("\"1.10\"", "\"yes\"", "\"0x10\"", "\"1e3\"", "\"2026-11-23\"", "nothing",
                                   "\"null\"", "nothing"));
}

TEST(Yaml, says_where_each_value_stands) {
    auto root = parsed("# first\na:\n  - one\n  - b: two\n");
    auto list = root.entries().at(0);
    EXPECT_EQ(list.where.text(), "f.yaml:2:1");
    EXPECT_EQ(list.value.items().at(0).mark().text(), "f.yaml:3:5");
    EXPECT_EQ(list.value.items().at(1).entries().at(0).value.mark().text(), "f.yaml:4:8");
}

TEST(Yaml, counts_columns_in_characters_and_lines_whatever_their_ends) {
    auto root = parsed("\xEF\xBB\xBF{ä: [ö, ü]}\r\n");
    auto items = root.entries().at(0).value.items();
    EXPECT_EQ(items.at(0).mark().text(), "f.yaml:1:6");
    EXPECT_EQ(items.at(1).mark().text(), "f.yaml:1:9");
    for (std::string_view text : {"a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r"})
        EXPECT_EQ(parsed(text).entries().at(1).where.text(), "f.yaml:2:1");
    EXPECT_EQ(parsed("# ä\na: [ö,\n  ü]\n").entries().at(0).value.items().at(1).mark().text(), "f.yaml:3:3");
}

TEST(Yaml, what_is_left_out_stands_behind_its_key) {
    auto entries = parsed("a:\n\n\nb:\n  -\n  - c\n").entries();
    EXPECT_EQ(entries.at(0).value.mark().text(), "f.yaml:1:3");
    EXPECT_EQ(entries.at(1).value.items().at(0).mark().text(), "f.yaml:5:4");
}

TEST(Yaml, reads_what_is_folded_escaped_or_in_blocks) {
    auto entries =
        parsed("a: 'it''s'\nb: \"\\x41\\/\\u00e9\\t\"\nc: one\n  two\nd: |-\n  x\n   y\ne: \"p \\\n  q\"\n")
            .entries();
    std::vector<std::string> texts;
    for (const auto& entry : entries) texts.emplace_back(entry.value.scalar());
    EXPECT_THAT(texts, ElementsAre("it's", "A/é\t", "one two", "x\n y", "p q"));
}

TEST(Yaml, keeps_its_text_for_as_long_as_a_value_is_held) {
    std::optional<YamlValue> value;
    {
        std::string text = "a: some words\nb: 'it''s'\n";
        Problems problems;
        value = parse_yaml("f.yaml", text, problems)->entries().at(1).value;
        text.assign(text.size(), 'x');
    }
    EXPECT_EQ(value->scalar(), "it's");
}

TEST(Yaml, counts_columns_far_along_one_line) {
    std::string text = "[";
    for (int i = 0; i < 5000; ++i) text += "é, ";
    auto items = parsed(text + "x]").items();
    EXPECT_EQ(items.back().mark().text(), "f.yaml:1:15002");
}

TEST(Yaml, reads_json) {
    auto root = parsed(R"({"a":"b","list":[1,true,null,"\u00e9"],"o":{}})");
    EXPECT_EQ(root.entries().size(), 3u);
    EXPECT_EQ(root.entries().at(1).value.items().at(3).scalar(), "é");
    EXPECT_EQ(root.entries().at(2).value.kind(), Kind::map);
}

TEST(Yaml, says_where_the_text_of_a_scalar_begins) {
    auto root = parsed(
        "a: plain\nb: 'quoted'\nc: |\n  block\nd: >-\n\n    folded\ne: &name\n  text\nf: &other |\n   x\n");
    std::vector<std::string> places;
    for (const auto& entry : root.entries()) places.push_back(entry.value.text_mark().text());
    EXPECT_THAT(places, ElementsAre("f.yaml:1:4", "f.yaml:2:5", "f.yaml:4:3", "f.yaml:7:5", "f.yaml:9:3",
                                    "f.yaml:11:4"));
}

TEST(Yaml, an_empty_document_is_nothing) {
    for (std::string_view text : {"", "# only a comment\n", "---\n", "\n\n"})
        EXPECT_EQ(parsed(text).kind(), Kind::null) << text;
}

TEST(Yaml, follows_aliases) {
    auto root = parsed("a: &p [linux/amd64]\nb: *p\n");
    EXPECT_EQ(root.entries().at(1).value.items().at(0).scalar(), "linux/amd64");
}

struct Refusal {
    std::string text;
    std::string place;
    std::string word;
};

TEST(Yaml, refuses_with_a_place) {
    const std::vector<Refusal> rows{
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1", "second document"},
        {"a: !secret x\n", "f.yaml:1:4", "tags"},
        {"a: !!str 1\n", "f.yaml:1:4", "tags"},
        {"a: !!python/object {}\n", "f.yaml:1:4", "tags"},
        {"a: *nowhere\n", "f.yaml:1:4", "anchor"},
        {"a: &x [*x]\n", "f.yaml:1:8", "inside its own anchor"},
        {"a: b: c\n", "f.yaml:1:5", "needs quotes"},
        {"a:\n\t- b\n", "f.yaml:2:1", "tab"},
        {"a: 1\nb\nc: 2\n", "f.yaml:2:1", "without its `:`"},
        {"a:\n  b: 1\n c: 2\n", "f.yaml:3:2", "indentation"},
        {"a:\n  - 1\n - 2\n", "f.yaml:3:2", "indentation"},
        {"- 1\nb: 2\n", "f.yaml:2:1", "indentation"},
        {"a: b\n}\n", "f.yaml:2:1", "closes nothing"},
        {"a: ]\n", "f.yaml:1:4", "closes nothing"},
        {"a: [1,,2]\n", "f.yaml:1:7", "comma too many"},
        {"a: @b\n", "f.yaml:1:4", "in quotes"},
        {"%a: b\n", "f.yaml:1:1", "quotes"},
        {"a: *.example.com\n", "f.yaml:1:4", "begins with `*`"},
        {"a: &b.c d\n", "f.yaml:1:4", "anchor"},
        {"a: \"\\q\"\n", "f.yaml:1:5", "an escape that YAML does not know"},
        {"a: \"\\ud800\"\n", "f.yaml:1:7", "stands for no character"},
        {"a: | b\n", "f.yaml:1:6", "nothing can follow"},
        {"a: !b!c d\n", "f.yaml:1:4", "tags"},
        {"a: ! x\n", "f.yaml:1:4", "tags"},
        {"a: &b ! x\n", "f.yaml:1:4", "tags"},
        {"a: [1, 2\nb: 3\n", "f.yaml:2:2", "`[` without its `]`"},
        {"a: {b: 1\n", "f.yaml:2:1", "`{` without its `}`"},
        {"a: \"never\n", "f.yaml:1:4", "never closed"},
        {"a: 'it''s\nb: 1\n", "f.yaml:1:4", "never closed"},
        {"a: \"b\\\"\n", "f.yaml:1:4", "never closed"},
        {"[a]: b\n", "f.yaml:1:1", "key"},
        {"~: b\n", "f.yaml:1:1", "key"},
        {"a: \"x\x04y\"\n", "f.yaml:1:6", "control character"},
        {std::string("a: x\0y\n", 7), "f.yaml:1:5", "control character"},
        {"a: b\nc: \xFF\n", "f.yaml:2:4", "UTF-8"},
        {"a: \xC0\xAF\n", "f.yaml:1:4", "UTF-8"},
        {"\xFF\xFE"
         "a",
         "f.yaml:1:1", "UTF-8"},
        {"a: \xED\xA0\x80\n", "f.yaml:1:4", "UTF-8"},
        {"a: \u0080\n", "f.yaml:1:4", "control character"},
        {"a: \uFFFE\n", "f.yaml:1:4", "control character"},
        {"a: b\u0085\n", "f.yaml:1:5", "line separator"},
        {"# \u2028a\n", "f.yaml:1:3", "line separator"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        std::string told = refused(row.text);
        EXPECT_THAT(told, testing::StartsWith(row.place + " "));
        EXPECT_THAT(told, HasSubstr(row.word));
    }
}

TEST(Yaml, refuses_aliases_that_stand_for_billions) {
    std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'k'; ++c) {
        text += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 10; ++i) text += std::string(i == 0 ? "" : ", ") + "*" + static_cast<char>(c - 1);
        text += "]\n";
    }
    EXPECT_THAT(refused(text), HasSubstr("more than 1,000,000 values"));
}

TEST(Yaml, refuses_what_is_too_large_or_too_deep) {
    EXPECT_THAT(refused(std::string((4u << 20) + 1, '#')), HasSubstr("4 MiB"));
    EXPECT_THAT(refused(std::string(20'000, '[')), HasSubstr("f.yaml:1:501 not YAML: nested too deeply"));
    EXPECT_EQ(parsed(std::string(500, '[') + std::string(500, ']')).kind(), Kind::list);
}

TEST(YamlReadings, are_strict_about_types) {
    Problems problems;
    auto root = parsed("t: true\nq: 'true'\ny: yes\nn: 12\nr: 99\ns: '12'\nl: [1]\nf: 1.5\n");
    auto values = root.entries();
    EXPECT_EQ(yaml_boolean(values[0].value, "t", problems), true);
    EXPECT_EQ(yaml_integer(values[3].value, "n", 1, 64, problems), 12);
    EXPECT_EQ(yaml_string(values[3].value, "n", problems), "12");
    EXPECT_THAT(told(problems), IsEmpty());
    EXPECT_FALSE(yaml_boolean(values[1].value, "q", problems));
    EXPECT_FALSE(yaml_boolean(values[2].value, "y", problems));
    EXPECT_FALSE(yaml_integer(values[4].value, "r", 1, 64, problems));
    EXPECT_FALSE(yaml_integer(values[5].value, "s", 1, 64, problems));
    EXPECT_FALSE(yaml_string(values[6].value, "l", problems));
    EXPECT_FALSE(yaml_integer(values[7].value, "f", 1, 64, problems));
    EXPECT_THAT(told(problems),
                ElementsAre("f.yaml:2:4 `q` must be true or false, not \"true\"",
                            "f.yaml:3:4 `y` must be true or false, not \"yes\"",
                            "f.yaml:5:4 `r` must be a whole number from 1 to 64, not \"99\"",
                            "f.yaml:6:4 `s` must be a whole number from 1 to 64, not \"12\"",
                            "f.yaml:7:4 `l` must be a text, not a list",
                            "f.yaml:8:4 `f` must be a whole number from 1 to 64, not \"1.5\""));
}

TEST(YamlMap, tells_unknown_double_missing_and_later_keys) {
    Problems problems;
    YamlMap map(parsed("intervall: 5m\nplatforms: all\nplatforms: none\nsettle: 1m\nzebra: 1\n"),
                "`defaults`", problems);
    EXPECT_FALSE(map.take("interval"));
    EXPECT_EQ(map.take("platforms")->scalar(), "all");
    EXPECT_FALSE(map.require("image"));
    EXPECT_EQ(map.where("platforms").text(), "f.yaml:2:1");
    EXPECT_EQ(map.where("image").text(), "f.yaml:1:1");
    map.refuse({"settle", "tags"});
    map.finish();
    EXPECT_THAT(
        told(problems),
        ElementsAre(
            "f.yaml:1:1 `defaults` lacks `image`",
            "f.yaml:1:1 unknown key `intervall` in `defaults`: did you mean `interval`?",
            "f.yaml:3:1 the key `platforms` stands twice in `defaults`, first at f.yaml:2:1: keep one "
            "of them",
            "f.yaml:4:1 `settle` in `defaults` is not in this version: remove it",
            "f.yaml:5:1 unknown key `zebra` in `defaults`; known are image, interval, platforms"));
    EXPECT_EQ(problems.errors(), 5u);
}

TEST(YamlMap, what_is_no_mapping_reads_as_an_empty_one) {
    Problems problems;
    YamlMap map(parsed("[a]"), "target `slack`", problems);
    EXPECT_FALSE(map.take("url"));
    map.finish();
    EXPECT_THAT(told(problems),
                ElementsAre("f.yaml:1:1 target `slack` must be a mapping (`key: value` lines), not a list"));
}

TEST(Problems, are_told_in_the_order_of_the_file_and_once_each) {
    Problems problems;
    problems.warning({"b.yaml", 1, 1}, "late");
    problems.error({"a.yaml", 10, 1}, "second");
    problems.error({"a.yaml", 9, 5}, "first");
    problems.error({"a.yaml", 9, 5}, "first");
    EXPECT_THAT(told(problems), ElementsAre("a.yaml:9:5 first", "a.yaml:10:1 second", "b.yaml:1:1 late"));
    Problems warned;
    warned.warning({"a.yaml", 0, 0}, "x");
    EXPECT_FALSE(warned.failed());
    EXPECT_EQ(told(warned).front(), "a.yaml x");
}

}  // namespace
}  // namespace basewatch
