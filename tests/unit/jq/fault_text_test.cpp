// Faults of programs, in words for the person who wrote them, without a word of the input.

#include "jq/fault_text.hpp"

#include <gtest/gtest.h>

using namespace basewatch::jq;

namespace {

TEST(LineOfUse, FindsCodeAndOnlyCode) {
    struct {
        std::string_view program;
        std::string_view name;
        std::size_t line;
    } cases[] = {
        {"input", "input", 1},
        {".a\n| input", "input", 2},
        {".input\n| {input: 1}\n| $input\n| \"input\" # input\n", "input", 0},
        {"\"a \\(\n input)\"", "input", 2},
        {"\"a \\(\"input\") input\" | 1", "input", 0},
        {"\"\\\"\"\n|input", "input", 2},
        {"inputs", "input", 0},
        {"# input\ninput", "input", 2},
    };
    for (const auto& test : cases) EXPECT_EQ(line_of_use(test.program, test.name), test.line) << test.program;
}

TEST(CompileFault, SaysLineAndFault) {
    EXPECT_EQ(compile_fault(
                  "jq: error: nope/0 is not defined at <top-level>, line 2:\n| nope\njq: 1 compile error\n",
                  ".a\n| nope"),
              "line 2: nope/0 is not defined");
    EXPECT_EQ(
        compile_fault("jq: error: syntax error, unexpected $end (Unix shell quoting issues?) at <top-level>, "
                      "line 1:\nif . then 1\njq: error: Possibly unterminated 'if' statement at <top-level>, "
                      "line 1:\nif . then 1\njq: 2 compile errors\n",
                      "if . then 1"),
        "line 1: syntax error, unexpected the end of the program; Possibly unterminated 'if' statement");
    EXPECT_EQ(compile_fault("", "."), "the program does not compile");
}

TEST(CompileFault, ALineBehindTheLastIsTheLast) {
    EXPECT_EQ(
        compile_fault("jq: error: syntax error, unexpected $end (Unix shell quoting issues?) at <top-level>, "
                      "line 3:\n.[\n",
                      ".\n|.[\n"),
        "line 2: syntax error, unexpected the end of the program");
}

TEST(RunFault, ShowsWordsOfJqAndOfTheProgramOnly) {
    struct {
        std::string_view message;
        std::string_view program;
        std::string_view shown;
    } cases[] = {
        {"Cannot index number with string \"b\"", ".a.b", "Cannot index number with string \"b\""},
        {"Cannot index number with string \"hunter2\"", ".a[.key]", "Cannot index number with string \"…\""},
        {"string (\"hunter2-hu...) cannot be parsed as a number", ".a|tonumber",
         "string (\"…...) cannot be parsed as a number"},
        {"no project for shop/api:latest", "error(\"no project for \\(.x)\")", "no project for …"},
        {"hunter2 hunter3", "error(.x)", "…"},
        {"Invalid numeric literal at line 1, column 7 (while parsing 'p4ss w0rd')", "fromjson",
         "Invalid numeric literal at line …, column … (while parsing '…')"},
        {"", "error(null)", "the program raised an error"},
        {"line\nbreaks\x1b[0m", "\"line breaks 0m\"", "line breaks [0m"},
    };
    for (const auto& test : cases)
        EXPECT_EQ(run_fault(test.message, test.program), test.shown) << test.message;
}

TEST(RunFault, IsShort) {
    std::string word = "word ";
    std::string message;
    for (int i = 0; i < 1000; ++i) message += word;
    EXPECT_LE(run_fault(message, "\"word\"").size(), 210u);
}

}  // namespace
