#pragma once
// A number with its word, for people: `1 base`, `2 bases`, `0 deliveries`.

#include <cstddef>
#include <string>
#include <string_view>

namespace basewatch {

// `many` where the plural is not the word with an s.
inline std::string counted(std::size_t count, std::string_view one, std::string_view many = "") {
    auto text = std::to_string(count) + " ";
    if (count == 1 || many.empty()) return text.append(one).append(count == 1 ? "" : "s");
    return text.append(many);
}

}  // namespace basewatch
