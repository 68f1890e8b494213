#include "model/version_range.hpp"

#include <algorithm>

namespace basewatch::model {

namespace {

constexpr std::size_t longest_range = 500;

Error invalid(std::string_view part, std::string_view why) {
    return Error(ErrorKind::invalid, "`" + std::string(part) + "` " + std::string(why));
}

// The first version after every one that begins with the first `count` numbers.
TagVersion after(const TagVersion& version, std::size_t count) {
    TagVersion next;
    next.numbers.assign(version.numbers.begin(),
                        version.numbers.begin() + static_cast<std::ptrdiff_t>(count));
    auto& number = next.numbers.back();
    std::size_t i = number.size();
    while (i > 0 && number[i - 1] == '9') number[--i] = '0';
    if (i == 0) {
        number.insert(number.begin(), '1');
    } else {
        ++number[i - 1];
    }
    return next;
}

struct Partial {
    TagVersion version;  // without numbers for `*`
    bool open = false;   // `*`, `1.x`, `1.2`: fewer than three numbers, the rest left open
};

Result<Partial> read_partial(std::string_view text) {
    static constexpr std::string_view advice = "is no version: write it as in 3.2, 3.2.1-rc.1, 3.x or *";
    static constexpr std::string_view wildcards = "xX*";
    auto whole = text;
    auto wild = [](std::string_view part) {
        return part.size() == 1 && wildcards.find(part[0]) != std::string_view::npos;
    };
    while (text.size() > 2 && wild(text.substr(text.size() - 1)) && text[text.size() - 2] == '.')
        text.remove_suffix(2);
    if (wild(text)) return Partial{{}, true};
    auto version = TagVersion::parse(text);
    if (!version || text.find('_') != text.npos) return invalid(whole, advice);
    if (!version->flavour.empty())
        return invalid(whole, "has a suffix that is no pre-release: choose flavours by `glob` or `regex`");
    bool open = text.size() != whole.size() || (version->numbers.size() < 3 && version->prerelease.empty());
    return Partial{std::move(*version), open};
}

}  // namespace

bool VersionRange::Bound::holds(const TagVersion& other) const {
    switch (side) {
        case Side::below:
            return other < version;
        case Side::up_to:
            return other <= version;
        case Side::above:
            return other > version;
        case Side::from:
            return other >= version;
    }
    return false;
}

Result<void> VersionRange::read_comparator(std::string_view text, Bounds& into) {
    std::string_view whole = text, sign = "=";
    for (std::string_view known : {">=", "<=", ">", "<", "=", "^", "~"}) {
        if (!text.starts_with(known)) continue;
        sign = known;
        text.remove_prefix(known.size());
        break;
    }
    if (text.empty()) return invalid(whole, "has no version behind it");
    auto read = read_partial(text);
    if (!read) return read.error();
    const auto& version = read->version;
    using Side = Bound::Side;
    auto add = [&](Side side, TagVersion bound) { into.push_back({side, std::move(bound)}); };
    std::size_t count = version.numbers.size();
    if (count == 0) {
        if (sign == ">" || sign == "<") return invalid(whole, "holds no version at all");
        return {};
    }
    if (sign == ">=") {
        add(Side::from, version);
    } else if (sign == "<") {
        add(Side::below, version);
    } else if (sign == ">") {
        read->open ? add(Side::from, after(version, count)) : add(Side::above, version);
    } else if (sign == "<=") {
        read->open ? add(Side::below, after(version, count)) : add(Side::up_to, version);
    } else if (sign == "^") {
        // Up to the next change of the first number that is not zero.
        std::size_t fixed = 1;
        while (fixed < count && version.numbers[fixed - 1] == "0") ++fixed;
        add(Side::from, version);
        add(Side::below, after(version, fixed));
    } else if (sign == "~") {
        add(Side::from, version);
        add(Side::below, after(version, std::min<std::size_t>(count, 2)));
    } else {
        add(Side::from, version);
        read->open ? add(Side::below, after(version, count)) : add(Side::up_to, version);
    }
    return {};
}

Result<VersionRange::Bounds> VersionRange::read_alternative(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = text.find_first_not_of(' '); at < text.size();) {
        auto end = std::min(text.find(' ', at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = std::min(text.find_first_not_of(' ', end), text.size());
    }
    if (words.empty())
        return Error(ErrorKind::invalid, "an alternative of the range is empty: write * for any");
    Bounds bounds;
    for (std::size_t i = 0; i < words.size(); ++i) {
        // `>= 3.2`, and `1.2 - 2.3` for both ends.
        bool bare = words[i].find_first_not_of("<>=^~") == std::string::npos;
        if (bare && i + 1 < words.size()) {
            words[i + 1].insert(0, words[i]);
            continue;
        }
        bool hyphen = i + 2 < words.size() && words[i + 1] == "-";
        auto from = read_comparator(hyphen ? ">=" + words[i] : words[i], bounds);
        if (!from) return from.error();
        if (!hyphen) continue;
        auto to = read_comparator("<=" + words[i + 2], bounds);
        if (!to) return to.error();
        i += 2;
    }
    return bounds;
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
    if (text.size() > longest_range)
        return Error(ErrorKind::invalid,
                     "the range is longer than " + std::to_string(longest_range) + " bytes");
    VersionRange range;
    for (;;) {
        auto end = text.find("||");
        auto bounds = read_alternative(text.substr(0, end));
        if (!bounds) return bounds.error();
        range.alternatives_.push_back(std::move(*bounds));
        if (end == text.npos) return range;
        text.remove_prefix(end + 2);
    }
}

bool VersionRange::contains(const TagVersion& version) const {
    auto among = [&](const Bounds& bounds) {
        bool named = version.prerelease.empty();
        for (const auto& bound : bounds) {
            // A date is above every other version, and is not what `>=3.2` means.
            if (bound.version.dated() != version.dated() || !bound.holds(version)) return false;
            named |= !bound.version.prerelease.empty() && bound.version.numbers == version.numbers;
        }
        return named;
    };
    return std::any_of(alternatives_.begin(), alternatives_.end(), among);
}

}  // namespace basewatch::model
