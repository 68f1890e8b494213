#include "cli/table.hpp"

namespace basewatch::cli {
namespace {

TEST(Table, AlignsByCharactersAndKeepsTheTerminalSafe) {
    Table table({"BASE", "STATE"});
    table.add({"ruby:3.3", "ok"});
    table.add({"größe", "a\x1b[31mred\n"});
    EXPECT_EQ(table.text(),
              "BASE      STATE\n"
              "ruby:3.3  ok\n"
              "größe     a [31mred \n");
}

TEST(Table, SaysTheSameLinesOfRowsThatItDoesNotHold) {
    Table held({"BASE", "STATE"}), measured({"BASE", "STATE"});
    const std::vector<std::vector<std::string>> rows{{"größe", "", "far"}, {"a\tb", "ok"}};
    for (const auto& row : rows) {
        held.add(row);
        measured.measure(row);
    }
    std::string text = measured.line({"BASE", "STATE"});
    for (const auto& row : rows) text += measured.line(row);
    EXPECT_EQ(text, held.text());
    EXPECT_EQ(text,
              "BASE   STATE\n"
              "größe         far\n"
              "a b    ok\n");
}

}  // namespace
}  // namespace basewatch::cli
