#pragma once
// The readings that the configuration has beyond YAML's own: durations, rates, words out of a few, names,
// ranges of statuses. Each tells what is wrong with `name`, what would be right, and returns nothing.

#include "foundation/clock.hpp"
#include "foundation/yaml.hpp"
#include "model/reference.hpp"
#include "settings/registry_settings.hpp"
#include "settings/target_settings.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::settings {

std::optional<Milliseconds> read_duration(const YamlValue& value, std::string_view name, Milliseconds least,
                                          Milliseconds most, Problems& problems);

// `20/s`, `100/m`, `60/h`.
std::optional<Rate> parse_rate(std::string_view text);
std::optional<Rate> read_rate(const YamlValue& value, std::string_view name, Problems& problems);

// The index of the word that stands there. `later` are words that the contract knows and this version does
// not build.
std::optional<std::size_t> read_word(const YamlValue& value, std::string_view name,
                                     std::initializer_list<std::string_view> words, Problems& problems,
                                     std::initializer_list<std::string_view> later = {});

// A text without control characters, of 1 to `longest` bytes.
std::optional<std::string> read_line(const YamlValue& value, std::string_view name, std::size_t longest,
                                     Problems& problems);
// A jq program and where its first line stands. `sample` is one that would be right.
struct Program {
    std::string text;
    Mark at;
};
std::optional<Program> read_program(YamlMap& map, std::string_view key, std::string_view sample,
                                    Problems& problems);
// What a target or a token is called: letters, digits and . _ -
std::optional<std::string> read_name(const YamlValue& value, std::string_view name, Problems& problems);
bool is_name(std::string_view text);

// `200`, `200-299`, or a list of them.
std::vector<StatusRange> read_statuses(const YamlValue& value, std::string_view name, Problems& problems);

// A mapping of words to plain texts: `with`, `options`.
std::map<std::string, std::string> read_texts(const YamlValue& value, const std::string& what,
                                              Problems& problems);

// A reference to a tag: one with a digest is refused, because what is pinned never moves.
std::optional<model::Reference> read_tag_reference(const YamlValue& value, std::string_view name,
                                                   Problems& problems);
// A base: a reference to a tag, perhaps pinned (`ruby:3.3@sha256:…`). The tag is what is watched; a digest
// without one never moves, and is refused.
struct PinnedReference {
    model::Reference base;  // to the tag
    model::Digest pin;      // empty: none
};
std::optional<PinnedReference> read_base_reference(const YamlValue& value, std::string_view name,
                                                   Problems& problems);
// Whether the text names a tag itself, rather than leaving it to `latest`.
bool names_a_tag(std::string_view text);
// `*` or `?` in it.
bool has_glob(std::string_view text);

// Why an http or https address cannot be one ("must begin with …"), in words that never hold it: its path may
// be a secret. `places` are {name}, filled in later.
std::optional<std::string> fault_of_address(std::string_view url, bool places);

bool has_control_character(std::string_view text);

}  // namespace basewatch::settings
