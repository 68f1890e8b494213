#include "jq/fault_text.hpp"

#include "jq/prelude.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

namespace basewatch::jq {

namespace {

constexpr std::size_t most_shown = 200;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// The words of libjq 1.6's own messages at run time.
const std::set<std::string_view>& own_words() {
    static const std::set<std::string_view> words{
        "Cannot",     "Comparison", "Equality",    "Invalid",    "Object",
        "Out",        "Path",       "Regex",       "Repeat",     "Unfinished",
        "Unmatched",  "a",          "add",         "added",      "an",
        "and",        "arguments",  "array",       "arrays",     "as",
        "at",         "attempt",    "base64",      "be",         "because",
        "boolean",    "both",       "bounds",      "break",      "byte",
        "bytes",      "can",        "cannot",      "check",      "checked",
        "codepoint",  "column",     "containment", "converting", "csv",
        "data",       "date",       "datetime",    "deep",       "delete",
        "deleted",    "divided",    "divisor",     "does",       "element",
        "endswith",   "EOF",        "epoch",       "error",      "errror",
        "escaped",    "explode",    "expression",  "failure",    "field",
        "fields",     "for",        "format",      "formatted",  "found",
        "gmtime",     "has",        "have",        "imploded",   "implode",
        "in",         "index",      "input",       "inputs",     "integer",
        "into",       "invalid",    "is",          "it",         "its",
        "iterate",    "iterated",   "JSON",        "key",        "keys",
        "large",      "length",     "line",        "literal",    "localtime",
        "long",       "match",      "matched",     "mktime",     "modifier",
        "module",     "multiplied", "must",        "name",       "near",
        "negated",    "negative",   "no",          "not",        "null",
        "number",     "numeric",    "object",      "objects",    "of",
        "only",       "or",         "over",        "parsed",     "parsing",
        "pairs",      "path",       "ranges",      "remainder",  "requires",
        "result",     "row",        "searched",    "seconds",    "separator",
        "separators", "set",        "shell",       "since",      "slice",
        "sorted",     "specified",  "split",       "startswith", "strflocaltime",
        "strftime",   "string",     "strings",     "strptime",   "subtracted",
        "t",          "term",       "they",        "to",         "too",
        "trailing",   "try",        "trying",      "tsv",        "unicode",
        "unknown",    "update",     "use",         "valid",      "value",
        "values",     "when",       "while",       "with",       "wrong",
        "zero"};
    return words;
}

std::set<std::string_view> words_of(std::string_view text) {
    std::set<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_word(text[end])) ++end;
        if (end > at) words.insert(text.substr(at, end - at));
        at = std::max(end, at + 1);
    }
    return words;
}

// One line, cut behind a whole character.
std::string shortened(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    if (text.size() <= most_shown) return text;
    std::size_t end = most_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// bison's names of tokens, in the words of people. Longer ones first.
constexpr std::pair<std::string_view, std::string_view> token_words[] = {
    {", expecting QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END", " inside a string"},
    {"INVALID_CHARACTER", "a character"},
    {"QQSTRING_START", "a string"},
    {"QQSTRING_TEXT", "text"},
    {"QQSTRING_INTERP_START", "\\("},
    {"QQSTRING_INTERP_END", "the end of \\( … )"},
    {"QQSTRING_END", "the end of a string"},
    {"$end", "the end of the program"},
    {"IDENT", "a name"},
    {"FIELD", "a field"},
    {"LITERAL", "a number"},
    {"FORMAT", "a format"},
    {" (Unix shell quoting issues?)", ""},
};

struct Message {
    std::size_t line = 0;
    std::string text;
};

// `jq: error: TEXT at <top-level>, line N:` and then the source, which nobody needs to see again.
std::vector<Message> split_messages(std::string_view all) {
    static constexpr std::string_view start = "jq: error: ", place = " at <top-level>, line ";
    std::vector<Message> messages;
    for (std::size_t at = all.find(start); at != std::string_view::npos; at = all.find(start, at)) {
        at += start.size();
        std::size_t end = all.find(place, at);
        std::size_t line_end = all.find('\n', at);
        if (end == std::string_view::npos || (line_end != std::string_view::npos && line_end < end)) {
            messages.push_back({0, std::string(all.substr(
                                       at, line_end == std::string_view::npos ? line_end : line_end - at))});
            continue;
        }
        Message message{0, std::string(all.substr(at, end - at))};
        auto digits = all.substr(end + place.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), message.line);
        messages.push_back(std::move(message));
        at = end;
    }
    return messages;
}

std::string located(std::size_t line, std::string_view text) {
    if (line == 0) return std::string(text);
    return "line " + std::to_string(line) + ": " + std::string(text);
}

// `not available` where the program used something that the prelude took away.
std::string about_forbidden(const Message& message, std::string_view program) {
    if (message.text.starts_with(forbidden_mark)) {
        auto name = message.text.substr(forbidden_mark.size());
        name = name.substr(0, name.find('/'));
        return located(line_of_use(program, name), "`" + shortened(name) + "` is not available here");
    }
    for (std::string_view word : {"import", "include", "module"})
        if (message.text.starts_with("syntax error, unexpected " + std::string(word)))
            return located(message.line, "`" + std::string(word) + "` is not available here");
    return {};
}

// Walks over a program and calls `found(at, length, line)` for every word that is code. Strings may hold code
// again: `"\(…)"`.
template <class Found>
void for_each_word(std::string_view program, Found found) {
    std::size_t line = 1;
    std::vector<int> parentheses;  // open ones of each interpolation that we are inside of
    bool in_string = false;
    for (std::size_t at = 0; at < program.size(); ++at) {
        char c = program[at];
        if (c == '\n') ++line;
        if (in_string) {
            if (c == '\\' && at + 1 < program.size()) {
                if (program[++at] == '(') {
                    parentheses.push_back(1);
                    in_string = false;
                }
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        if (c == '"') {
            in_string = true;
        } else if (c == '#') {
            while (at + 1 < program.size() && program[at + 1] != '\n') ++at;
        } else if (c == '(' && !parentheses.empty()) {
            ++parentheses.back();
        } else if (c == ')' && !parentheses.empty()) {
            if (--parentheses.back() == 0) {
                parentheses.pop_back();
                in_string = true;
            }
        } else if (is_word(c)) {
            std::size_t end = at;
            while (end < program.size() && is_word(program[end])) ++end;
            found(at, end - at, line);
            at = end - 1;
        }
    }
}

}  // namespace

std::size_t line_of_use(std::string_view program, std::string_view name) {
    std::size_t first = 0;
    for_each_word(program, [&](std::size_t at, std::size_t length, std::size_t line) {
        if (first != 0 || program.substr(at, length) != name) return;
        if (at > 0 && (program[at - 1] == '.' || program[at - 1] == '$' || program[at - 1] == '@')) return;
        std::size_t behind = program.find_first_not_of(" \t\r\n", at + length);
        if (behind != std::string_view::npos && program[behind] == ':') return;
        first = line;
    });
    return first;
}

std::string compile_fault(std::string_view messages, std::string_view program) {
    auto faults = split_messages(messages);
    if (faults.empty() || faults.front().text.empty()) return "the program does not compile";
    for (auto& fault : faults)
        if (auto text = about_forbidden(fault, program); !text.empty()) return text;
    // A line break at the end of the program makes libjq count one line more than a person sees.
    auto lines = static_cast<std::size_t>(std::count(program.begin(), program.end(), '\n')) + 1;
    if (program.ends_with('\n') && lines > 1) --lines;
    for (auto& fault : faults) {
        fault.line = std::min(fault.line, lines);
        for (auto [from, to] : token_words) replace_all(fault.text, from, to);
    }
    std::string text = faults.front().text;
    if (faults.size() > 1 && faults[1].text.starts_with("Possibly")) text += "; " + faults[1].text;
    return located(faults.front().line, shortened(std::move(text)));
}

std::string run_fault(std::string_view message, std::string_view program) {
    if (message.empty()) return "the program raised an error";
    auto known = words_of(program);
    std::string shown;
    bool hidden = false;
    // Punctuation between two hidden words is part of what is hidden.
    std::string between;
    for (std::size_t at = 0; at < message.size();) {
        std::size_t end = at;
        while (end < message.size() && is_word(message[end])) ++end;
        if (end == at) {
            between += message[at++];
            continue;
        }
        auto word = message.substr(at, end - at);
        bool visible = own_words().contains(word) || known.contains(word);
        if (visible || !hidden) shown += between;
        if (visible) shown += word;
        if (!visible && !hidden) shown += "…";
        hidden = !visible;
        between.clear();
        at = end;
    }
    return shortened(shown + between);
}

}  // namespace basewatch::jq
