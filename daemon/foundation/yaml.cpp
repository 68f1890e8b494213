#include "foundation/yaml.hpp"

#include "foundation/suggest.hpp"
#include "foundation/yaml_document.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

namespace basewatch {

namespace {

const YamlValue::Document::Node& at(const void* node) {
    return *static_cast<const YamlValue::Document::Node*>(node);
}

std::string ticked(std::string_view text) {
    return "`" + std::string(text) + "`";
}

// A text of a stranger's in a message of ours: short, and never cut within a character.
std::string shortened(std::string_view text) {
    constexpr std::size_t most = 60;
    std::string out;
    for (char c : text) {
        bool begins = (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
        if (begins && out.size() >= most) return out + "…";
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string listed(const std::vector<std::string_view>& words) {
    std::string out;
    for (auto word : words) out += (out.empty() ? "" : ", ") + std::string(word);
    return out;
}

}  // namespace

std::string Mark::text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void Problems::error(const Mark& where, std::string what) {
    found_.push_back({where, std::move(what), false});
}

void Problems::warning(const Mark& where, std::string what) {
    found_.push_back({where, std::move(what), true});
}

bool Problems::failed() const {
    return errors() != 0;
}

std::size_t Problems::errors() const {
    auto is_error = [](const Problem& problem) { return !problem.warning; };
    return static_cast<std::size_t>(std::count_if(found_.begin(), found_.end(), is_error));
}

std::vector<Problem> Problems::sorted() const {
    auto out = found_;
    std::sort(out.begin(), out.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.where, a.what) < std::tie(b.where, b.what);
    });
    // What stands behind an alias is read as often as it is named, and is wrong once.
    auto same = [](const Problem& a, const Problem& b) { return a.where == b.where && a.what == b.what; };
    out.erase(std::unique(out.begin(), out.end(), same), out.end());
    return out;
}

YamlValue::Kind YamlValue::kind() const {
    return at(node_).kind;
}

Mark YamlValue::mark() const {
    return document_->mark_at(at(node_).at);
}

std::string_view YamlValue::scalar() const {
    return at(node_).scalar;
}

bool YamlValue::quoted() const {
    return at(node_).quoted;
}

Mark YamlValue::text_mark() const {
    std::string_view text = document_->text;
    std::size_t here = document_->value_at(at(node_).at);
    if (here >= text.size() || !quoted()) return document_->mark_at(here);
    if (text[here] == '"' || text[here] == '\'') return document_->mark_at(here + 1);
    std::size_t below = text.find('\n', here);
    if (below == std::string_view::npos) return document_->mark_at(here);
    std::size_t first = text.find_first_not_of(" \r\n", below);
    return document_->mark_at(std::min(first, text.size()));
}

std::vector<YamlValue> YamlValue::items() const {
    std::vector<YamlValue> out;
    if (kind() != Kind::list) return out;
    out.reserve(at(node_).parts->size());
    for (const auto* item : *at(node_).parts) out.emplace_back(document_, item);
    return out;
}

std::vector<YamlValue::Entry> YamlValue::entries() const {
    std::vector<Entry> out;
    if (kind() != Kind::map) return out;
    const auto& parts = *at(node_).parts;
    out.reserve(parts.size() / 2);
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
        out.push_back({std::string(parts[i]->scalar), document_->mark_at(parts[i]->at),
                       YamlValue(document_, parts[i + 1])});
    return out;
}

std::string YamlValue::described() const {
    switch (kind()) {
        case Kind::null:
            return "nothing";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a mapping";
        case Kind::scalar:
            break;
    }
    return "\"" + shortened(scalar()) + "\"";
}

std::optional<std::string> yaml_string(const YamlValue& value, std::string_view name, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar) return std::string(value.scalar());
    problems.error(value.mark(), ticked(name) + " must be a text, not " + value.described());
    return std::nullopt;
}

std::optional<bool> yaml_boolean(const YamlValue& value, std::string_view name, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar && !value.quoted()) {
        if (value.scalar() == "true") return true;
        if (value.scalar() == "false") return false;
    }
    problems.error(value.mark(), ticked(name) + " must be true or false, not " + value.described());
    return std::nullopt;
}

std::optional<std::int64_t> yaml_integer(const YamlValue& value, std::string_view name, std::int64_t least,
                                         std::int64_t most, Problems& problems) {
    if (value.kind() == YamlValue::Kind::scalar && !value.quoted()) {
        auto text = value.scalar();
        std::int64_t number = 0;
        auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (fault == std::errc() && end == text.data() + text.size() && number >= least && number <= most)
            return number;
    }
    problems.error(value.mark(), ticked(name) + " must be a whole number from " + std::to_string(least) +
                                     " to " + std::to_string(most) + ", not " + value.described());
    return std::nullopt;
}

std::vector<YamlValue> yaml_one_or_many(const YamlValue& value) {
    if (value.kind() == YamlValue::Kind::list) return value.items();
    return {value};
}

YamlMap::YamlMap(const YamlValue& value, std::string what, Problems& problems)
    : what_(std::move(what)), mark_(value.mark()), problems_(problems) {
    if (value.kind() == YamlValue::Kind::map) {
        entries_ = value.entries();
    } else {
        problems_.error(mark_, what_ + " must be a mapping (`key: value` lines), not " + value.described());
    }
}

std::optional<YamlValue> YamlMap::take(std::string_view key) {
    known_.emplace(key);
    for (const auto& entry : entries_)
        if (entry.key == key) return entry.value;
    return std::nullopt;
}

std::optional<YamlValue> YamlMap::require(std::string_view key) {
    auto value = take(key);
    if (!value) problems_.error(mark_, what_ + " lacks " + ticked(key));
    return value;
}

Mark YamlMap::where(std::string_view key) const {
    for (const auto& entry : entries_)
        if (entry.key == key) return entry.where;
    return mark_;
}

void YamlMap::refuse(std::initializer_list<std::string_view> keys) {
    for (auto key : keys) {
        refused_.emplace(key);
        for (const auto& entry : entries_) {
            if (entry.key != key) continue;
            problems_.error(entry.where, ticked(key) + " in " + what_ + " is not in this version: remove it");
        }
    }
}

void YamlMap::finish() {
    std::vector<std::string_view> candidates(known_.begin(), known_.end());
    std::map<std::string_view, Mark> seen;
    for (const auto& entry : entries_) {
        if (refused_.contains(entry.key)) continue;
        auto [first, fresh] = seen.try_emplace(entry.key, entry.where);
        if (!fresh) {
            problems_.error(entry.where, "the key " + ticked(shortened(entry.key)) + " stands twice in " +
                                             what_ + ", first at " + first->second.text() +
                                             ": keep one of them");
            continue;
        }
        if (known_.contains(entry.key)) continue;
        std::string what = "unknown key " + ticked(shortened(entry.key)) + " in " + what_;
        if (auto near = nearest_word(entry.key, candidates)) {
            what += ": did you mean " + ticked(*near) + "?";
        } else if (!candidates.empty()) {
            what += "; known are " + listed(candidates);
        }
        problems_.error(entry.where, std::move(what));
    }
}

}  // namespace basewatch
