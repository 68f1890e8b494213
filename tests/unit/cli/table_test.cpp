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

}  // namespace
}  // namespace basewatch::cli
