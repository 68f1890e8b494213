#pragma once
// "did you mean": the known word nearest to a misspelt one.

#include <optional>
#include <span>
#include <string_view>

namespace basewatch {

// The candidate within an edit distance of a third of its length (transpositions count one), nearest first.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates);

}  // namespace basewatch
