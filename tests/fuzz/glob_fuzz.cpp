// Patterns and texts that nobody would write: nothing may crash or take long, and a few truths hold whatever
// they are. The first byte says how much of the input is the pattern.

#include "rules/match.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using basewatch::rules::glob_matches;
    if (size == 0 || size > 4096) return 0;
    std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
    std::size_t cut = input.empty() ? 0 : data[0] * input.size() / 255;
    std::string pattern(input.substr(0, cut)), text(input.substr(cut));

    bool matches = glob_matches(pattern, text);
    if (!basewatch::rules::is_glob(pattern) && matches != (pattern == text)) std::abort();
    if (!glob_matches("**", text)) std::abort();
    if (matches && !glob_matches(pattern + "**", text + "/more")) std::abort();
    if (matches && !glob_matches("**" + pattern, text)) std::abort();
    if (glob_matches("*", text) != (text.find('/') == std::string::npos)) std::abort();
    return 0;
}
