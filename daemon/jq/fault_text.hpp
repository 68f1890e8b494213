#pragma once
// libjq's faults, in words for the person who wrote the program. They show the program's own words and jq's,
// never a value of the input: inputs hold tokens, and faults are stored and logged. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace basewatch::jq {

// Of a program that does not compile: `line 3: nope/0 is not defined`. `messages` is what the error callback
// was told, one message after the other.
std::string compile_fault(std::string_view messages, std::string_view program);

// Of a program that failed. libjq says no line then. Each run of characters that is neither a word of jq's
// own messages nor a word of the program is shown as `…`; at most 200 bytes.
std::string run_fault(std::string_view message, std::string_view program);

// The line, from 1, where `name` is first used as code: not in a string, a comment, as `.name` or as a key;
// 0 when it is not.
std::size_t line_of_use(std::string_view program, std::string_view name);

}  // namespace basewatch::jq
