#pragma once
// Reading YAML 1.2 that people wrote by hand (JSON is a subset). Every value knows where it stands, a mapping
// is read key by key and then asked what was left over, and all faults of a file are collected so that one
// run tells them all. Each fault says where, what, and what would be right.
//
// libyaml does the syntax. What a plain scalar means (a number, a time, true) is decided by who reads it, a
// key that stands twice is found by the mapping reader.

#include "foundation/error.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basewatch {

// A place in a file, counted from 1.
struct Mark {
    std::string file;
    int line = 0;
    int column = 0;
    std::string text() const;  // `basewatch.yaml:12:5`
    auto operator<=>(const Mark&) const = default;
};

struct Problem {
    Mark where;
    std::string what;
    bool warning = false;
};

// What was found wrong, in the order of the file.
class Problems {
public:
    void error(const Mark& where, std::string what);
    void warning(const Mark& where, std::string what);
    bool failed() const;  // an error, not only warnings
    std::size_t errors() const;
    std::vector<Problem> sorted() const;

private:
    std::vector<Problem> found_;
};

// A value in a parsed document. Cheap to copy; keeps its document alive.
class YamlValue {
public:
    enum class Kind { null, scalar, list, map };
    struct Entry;

    Kind kind() const;
    Mark mark() const;
    std::string_view scalar() const;  // the text of a scalar; empty for anything else; lives in the document
    bool quoted() const;              // "1.10" and 1.10 are the same text; this tells them apart
    Mark text_mark() const;           // where a scalar's text begins: behind the quote, below the `|`
    std::vector<YamlValue> items() const;  // of a list
    std::vector<Entry> entries() const;    // of a map, duplicates included

    // What it is, for messages: `a list`, `a mapping`, `nothing`, `"text"`.
    std::string described() const;

    struct Document;
    YamlValue(std::shared_ptr<const Document> document, const void* node)
        : document_(std::move(document)), node_(node) {}

private:
    std::shared_ptr<const Document> document_;
    const void* node_;
};

struct YamlValue::Entry {
    std::string key;
    Mark where;
    YamlValue value;
};

// Parses one document. `file` is only for the marks. Syntax errors, several documents, anchors that loop or
// stand for more than 1,000,000 values, more than 500 levels, tags, bytes that are no UTF-8 and documents
// over 4 MiB go to `problems`, and nothing is returned. A document in which nothing stands is a value of the
// kind `null`.
std::optional<YamlValue> parse_yaml(std::string_view file, std::string_view text, Problems& problems);

// Typed readings: each reports what is wrong with `name` and returns nothing.
std::optional<std::string> yaml_string(const YamlValue& value, std::string_view name, Problems& problems);
std::optional<bool> yaml_boolean(const YamlValue& value, std::string_view name, Problems& problems);
std::optional<std::int64_t> yaml_integer(const YamlValue& value, std::string_view name, std::int64_t least,
                                         std::int64_t most, Problems& problems);
// One scalar, or a list of them.
std::vector<YamlValue> yaml_one_or_many(const YamlValue& value);

// Reads a mapping strictly.
class YamlMap {
public:
    // `what` is how messages name the mapping: "target slack". A value that is no mapping is reported and
    // reads as an empty one.
    YamlMap(const YamlValue& value, std::string what, Problems& problems);

    // The value of a key, the first where it stands twice; the key counts as known from then on, there or
    // not.
    std::optional<YamlValue> take(std::string_view key);
    // As take(), and reports it missing.
    std::optional<YamlValue> require(std::string_view key);
    // Keys that the contract names and this version does not build: there, they are refused with
    // "not in this version".
    void refuse(std::initializer_list<std::string_view> keys);
    // Reports every key that nobody took, with the nearest known one, and every key that stands twice.
    void finish();

    const Mark& mark() const { return mark_; }
    // The place of a key, or of the mapping where the key is not there.
    Mark where(std::string_view key) const;
    const std::string& what() const { return what_; }

private:
    std::string what_;
    Mark mark_;
    Problems& problems_;
    std::vector<YamlValue::Entry> entries_;
    std::set<std::string, std::less<>> known_;
    std::set<std::string, std::less<>> refused_;
};

}  // namespace basewatch
