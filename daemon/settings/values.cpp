#include "settings/values.hpp"

#include "foundation/suggest.hpp"
#include "foundation/time.hpp"

#include <algorithm>
#include <charconv>

namespace basewatch::settings {

namespace {

std::string ticked(std::string_view text) {
    return "`" + std::string(text) + "`";
}

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<int> whole_number(std::string_view text) {
    int number = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

std::optional<StatusRange> parse_statuses(std::string_view text) {
    auto dash = text.find('-');
    auto first = whole_number(text.substr(0, dash));
    auto last = dash == std::string_view::npos ? first : whole_number(text.substr(dash + 1));
    if (!first || !last || *first < 100 || *last > 599 || *first > *last) return std::nullopt;
    return StatusRange{*first, *last};
}

}  // namespace

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool has_glob(std::string_view text) {
    return text.find_first_of("*?") != std::string_view::npos;
}

bool names_a_tag(std::string_view text) {
    auto slash = text.rfind('/');
    auto last = slash == std::string_view::npos ? text : text.substr(slash + 1);
    return last.find(':') != std::string_view::npos;
}

std::optional<Milliseconds> read_duration(const YamlValue& value, std::string_view name, Milliseconds least,
                                          Milliseconds most, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar) {
        auto duration = parse_duration(value.scalar());
        if (duration && *duration >= least && *duration <= most) return *duration;
        if (duration) {
            problems.error(value.mark(), ticked(name) + " must be from " + format_duration(least) + " to " +
                                             format_duration(most) + ", not " + std::string(value.scalar()));
            return std::nullopt;
        }
    }
    problems.error(
        value.mark(),
        ticked(name) + " must be a duration such as 100ms, 90s, 15m, 6h or 7d, not " + value.described());
    return std::nullopt;
}

std::optional<Rate> parse_rate(std::string_view text) {
    auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto count = whole_number(text.substr(0, slash));
    if (!count || *count < 1 || *count > 1'000'000) return std::nullopt;
    auto unit = text.substr(slash + 1);
    if (unit == "s") return Rate{static_cast<double>(*count)};
    if (unit == "m") return Rate{*count / 60.0};
    if (unit == "h") return Rate{*count / 3600.0};
    return std::nullopt;
}

std::optional<Rate> read_rate(const YamlValue& value, std::string_view name, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar)
        if (auto rate = parse_rate(value.scalar())) return rate;
    problems.error(value.mark(),
                   ticked(name) + " must be a rate such as 20/s, 100/m or 60/h, not " + value.described());
    return std::nullopt;
}

std::optional<std::size_t> read_word(const YamlValue& value, std::string_view name,
                                     std::initializer_list<std::string_view> words, Problems& problems,
                                     std::initializer_list<std::string_view> later) {
    std::string what = ticked(name);
    if (value.kind() == YamlValue::Kind::scalar) {
        auto text = value.scalar();
        auto found = std::ranges::find(words, text);
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
        if (std::ranges::find(later, text) != later.end()) {
            problems.error(value.mark(), ticked(text) + " in " + what + " is not in this version: remove it");
            return std::nullopt;
        }
        if (auto near = nearest_word(text, words)) {
            problems.error(value.mark(), what + " cannot be " + value.described() + ": did you mean " +
                                             ticked(*near) + "?");
            return std::nullopt;
        }
    }
    std::string known;
    for (auto word : words) known += (known.empty() ? "" : ", ") + std::string(word);
    problems.error(value.mark(), what + " must be one of " + known + ", not " + value.described());
    return std::nullopt;
}

std::optional<std::string> read_line(const YamlValue& value, std::string_view name, std::size_t longest,
                                     Problems& problems) {
    auto text = yaml_string(value, name, problems);
    if (!text) return std::nullopt;
    if (!text->empty() && text->size() <= longest && !has_control_character(*text)) return text;
    problems.error(value.mark(), ticked(name) + " must be one line of 1 to " + std::to_string(longest) +
                                     " characters, not " + value.described());
    return std::nullopt;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && is_alnum(text.front()) &&
           std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

std::optional<Program> read_program(YamlMap& map, std::string_view key, std::string_view sample,
                                    Problems& problems) {
    auto value = map.take(key);
    if (!value) return std::nullopt;
    auto text = yaml_string(*value, key, problems);
    if (!text) return std::nullopt;
    if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
        problems.error(value->mark(), "`" + std::string(key) + "` of " + map.what() +
                                          " is empty: write a jq program such as " + std::string(sample) +
                                          ", or remove the key");
        return std::nullopt;
    }
    return Program{std::move(*text), value->text_mark()};
}

std::optional<std::string> read_name(const YamlValue& value, std::string_view name, Problems& problems) {
    auto text = yaml_string(value, name, problems);
    if (!text) return std::nullopt;
    if (is_name(*text)) return text;
    problems.error(
        value.mark(),
        ticked(name) + " must be 1 to 64 letters, digits, or . _ - (not in front), not " + value.described());
    return std::nullopt;
}

std::vector<StatusRange> read_statuses(const YamlValue& value, std::string_view name, Problems& problems) {
    std::vector<StatusRange> out;
    auto items = yaml_one_or_many(value);
    if (items.empty()) problems.error(value.mark(), ticked(name) + " is an empty list: write [200-299]");
    for (const auto& item : items) {
        auto range = item.kind() == YamlValue::Kind::scalar ? parse_statuses(item.scalar()) : std::nullopt;
        if (range) {
            out.push_back(*range);
        } else {
            problems.error(item.mark(), ticked(name) +
                                            " must hold HTTP statuses (100 to 599) such as 204 or "
                                            "200-299, not " +
                                            item.described());
        }
    }
    return out;
}

std::map<std::string, std::string> read_texts(const YamlValue& value, const std::string& what,
                                              Problems& problems) {
    std::map<std::string, std::string> out;
    YamlMap map(value, what, problems);
    if (value.kind() != YamlValue::Kind::map) return out;
    for (const auto& entry : value.entries()) {
        auto text = map.take(entry.key);
        if (!is_name(entry.key))
            problems.error(entry.where,
                           "a name in " + what + " must be letters, digits, or . _ - (not in front)");
        if (entry.value.kind() == YamlValue::Kind::scalar) {
            out.emplace(entry.key, entry.value.scalar());
        } else {
            problems.error(entry.value.mark(), ticked(entry.key) + " in " + what + " must be a text, not " +
                                                   entry.value.described());
        }
    }
    map.finish();
    return out;
}

namespace {

std::optional<model::Reference> read_any_reference(const YamlValue& value, std::string_view name,
                                                   Problems& problems) {
    auto text = yaml_string(value, name, problems);
    if (!text) return std::nullopt;
    if (has_glob(*text)) {
        problems.error(
            value.mark(),
            ticked(name) + (name == "watch" ? ": a pattern such as " + value.described() +
                                                  " is written as {image: REPOSITORY, tags: {glob: \"3.*\"}}"
                                            : ": patterns such as " + value.described() +
                                                  " are not in this version: name one tag"));
        return std::nullopt;
    }
    auto reference = model::Reference::parse(*text);
    if (!reference) {
        problems.error(value.mark(), ticked(name) + ": " + reference.error().message());
        return std::nullopt;
    }
    return *reference;
}

}  // namespace

std::optional<model::Reference> read_tag_reference(const YamlValue& value, std::string_view name,
                                                   Problems& problems) {
    auto reference = read_any_reference(value, name, problems);
    if (!reference || !reference->digest()) return reference;
    problems.error(value.mark(),
                   ticked(name) + ": a reference with a digest never moves: name the tag, " +
                       (reference->tag().empty() ? reference->name() + ":TAG"
                                                 : reference->with_tag(reference->tag()).text()));
    return std::nullopt;
}

std::optional<PinnedReference> read_base_reference(const YamlValue& value, std::string_view name,
                                                   Problems& problems) {
    auto reference = read_any_reference(value, name, problems);
    if (!reference) return std::nullopt;
    if (!reference->digest()) return PinnedReference{*reference, {}};
    if (!reference->tag().empty())
        return PinnedReference{reference->with_tag(reference->tag()), *reference->digest()};
    problems.error(value.mark(), ticked(name) +
                                     ": a digest alone never moves, and there is nothing to watch: " +
                                     "name the tag beside it, " + reference->name() + ":TAG@" +
                                     reference->digest()->text());
    return std::nullopt;
}

std::optional<std::string> fault_of_address(std::string_view url, bool places) {
    std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    if (scheme == 0) return "must begin with https:// or http://";
    if (url.size() == scheme || url[scheme] == '/' || url[scheme] == ':') return "names no host";
    for (char c : url)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F)
            return "holds a space, a line break or a character beyond ASCII: percent-encode it";
    for (std::size_t at = places ? url.find_first_of("{}") : std::string_view::npos;
         at != std::string_view::npos;) {
        auto end = url[at] == '{' ? url.find('}', at) : std::string_view::npos;
        if (end == std::string_view::npos || !is_name(url.substr(at + 1, end - at - 1)))
            return "has a `{` or `}` that is no place such as {project}; percent-encode it (%7B, %7D) if it "
                   "is "
                   "meant";
        at = url.find_first_of("{}", end + 1);
    }
    return std::nullopt;
}

}  // namespace basewatch::settings
