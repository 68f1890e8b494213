#include "foundation/suggest.hpp"

#include <algorithm>
#include <vector>

namespace basewatch {

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours count one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    if (word.size() > 64) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t least = 0;
    for (std::string_view candidate : candidates) {
        std::size_t distance = edit_distance(word, candidate);
        std::size_t most = std::max<std::size_t>(1, candidate.size() / 3);
        if (distance <= most && (!best || distance < least)) {
            best = candidate;
            least = distance;
        }
    }
    return best;
}

}  // namespace basewatch
