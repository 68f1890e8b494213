#include "model/tag_version.hpp"

#include <algorithm>
#include <array>

namespace basewatch::model {

namespace {

constexpr std::size_t most_numbers = 6;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool numeric(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view take(std::string_view& text, bool (*wanted)(char)) {
    auto end = std::find_if_not(text.begin(), text.end(), wanted);
    auto found = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(found.size());
    return found;
}

std::string without_zeros(std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return std::string(digits);
}

// Numbers of any length: the longer is the larger.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a.compare(b) <=> 0;
}

std::strong_ordering compare_prereleases(const std::vector<std::string>& a,
                                         const std::vector<std::string>& b) {
    if (a.empty() || b.empty()) return b.size() <=> a.size();  // a release comes after its pre-releases
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        bool left = numeric(a[i]), right = numeric(b[i]);
        auto order = left && right   ? compare_numbers(a[i], b[i])
                     : left != right ? (left ? std::strong_ordering::less : std::strong_ordering::greater)
                                     : a[i].compare(b[i]) <=> 0;
        if (order != 0) return order;
    }
    return a.size() <=> b.size();
}

bool names_prerelease(std::string_view word) {
    static constexpr std::array<std::string_view, 15> words{
        "a", "alpha",     "b",       "beta", "c",       "canary", "dev",     "ea",
        "m", "milestone", "nightly", "pre",  "preview", "rc",     "snapshot"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return made;
}

// `rc.1`, `rc1`, `alpha-2`… off the front of the text; nothing, and the text as it was, where there is none.
std::vector<std::string> take_prerelease(std::string_view& text) {
    auto rest = text;
    auto word = lower(take(rest, is_letter));
    if (!names_prerelease(word)) return {};
    std::vector<std::string> parts{word};
    if (rest.size() > 1 && (rest[0] == '.' || rest[0] == '-') && is_digit(rest[1])) rest.remove_prefix(1);
    while (!rest.empty() && is_digit(rest[0])) {
        parts.push_back(without_zeros(take(rest, is_digit)));
        if (rest.size() > 1 && rest[0] == '.' && is_digit(rest[1])) rest.remove_prefix(1);
    }
    // `1.2-debian`, `1.2-alpine`: a word that goes on was no pre-release.
    if (!rest.empty() && rest[0] != '-' && rest[0] != '_') return {};
    text = rest;
    return parts;
}

bool is_date(std::string_view number) {
    return number.size() == 8 && (number.starts_with("19") || number.starts_with("20"));
}

std::vector<std::string> take_numbers(std::string_view& text) {
    std::vector<std::string> numbers;
    while (!text.empty() && is_digit(text[0])) {
        numbers.push_back(without_zeros(take(text, is_digit)));
        if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) break;
        text.remove_prefix(1);
    }
    return numbers;
}

}  // namespace

std::optional<TagVersion> TagVersion::parse(std::string_view tag) {
    TagVersion read;
    if (tag.size() > 128) return std::nullopt;
    if (tag.size() > 1 && (tag[0] == 'v' || tag[0] == 'V')) tag.remove_prefix(1);
    read.numbers = take_numbers(tag);
    if (read.numbers.empty() || read.numbers.size() > most_numbers) return std::nullopt;
    // A commit's hash may happen to be all digits.
    if (read.numbers.size() == 1 && read.numbers[0].size() > 6 && !is_date(read.numbers[0]))
        return std::nullopt;
    if (!tag.empty() && is_letter(tag[0])) {
        // Right after the numbers only what cannot be a hash, such as 1e10.
        if (read.numbers.size() < 2) return std::nullopt;
        read.prerelease = take_prerelease(tag);
        if (read.prerelease.empty()) return std::nullopt;
    } else if (tag.starts_with('-')) {
        auto rest = tag.substr(1);
        read.prerelease = take_prerelease(rest);
        if (!read.prerelease.empty()) tag = rest;
    }
    if (tag.starts_with('_')) tag.remove_prefix(std::min(tag.find('-'), tag.size()));
    if (tag.empty()) return read;
    if (tag[0] != '-' || tag.size() == 1) return std::nullopt;
    read.flavour = tag.substr(1);
    return read;
}

std::weak_ordering TagVersion::operator<=>(const TagVersion& other) const {
    static const std::string zero = "0";
    for (std::size_t i = 0; i < std::max(numbers.size(), other.numbers.size()); ++i) {
        const auto& left = i < numbers.size() ? numbers[i] : zero;
        const auto& right = i < other.numbers.size() ? other.numbers[i] : zero;
        if (auto order = compare_numbers(left, right); order != 0) return order;
    }
    return compare_prereleases(prerelease, other.prerelease);
}

bool TagVersion::dated() const {
    return !numbers.empty() && numbers[0].size() >= 4;
}

bool newer_version(const TagVersion& current, const TagVersion& candidate) {
    if (candidate.flavour != current.flavour || candidate.dated() != current.dated()) return false;
    if (candidate.numbers.size() != current.numbers.size()) return false;
    // 2024.1 and 20240101 are dates of two kinds.
    if (current.dated() && candidate.numbers[0].size() != current.numbers[0].size()) return false;
    if (!candidate.prerelease.empty() && current.prerelease.empty()) return false;
    return candidate > current;
}

}  // namespace basewatch::model
