#include "foundation/yaml_document.hpp"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <map>
#include <new>

namespace basewatch {

namespace {

using Document = YamlValue::Document;
using Node = Document::Node;
using Kind = YamlValue::Kind;

constexpr std::size_t most_bytes = 4u << 20;
// What a document may come to when its aliases are followed. A file of a hundred bytes can mean billions.
constexpr std::size_t most_values = 1'000'000;
constexpr std::size_t most_levels = 500;

constexpr std::string_view no_tags = "tags (`!…`) are not understood here: write the value without one";
constexpr std::string_view no_such_anchor =
    "an alias (`*name`) of an anchor (`&name`) that is not there; a text that begins with `*` needs quotes";

// libyaml, over a text that outlives it.
class Parser {
public:
    explicit Parser(std::string_view text) {
        if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    ~Parser() {
        yaml_event_delete(&event_);
        yaml_parser_delete(&parser_);
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    // The next event, valid until the one after it; nothing at a fault.
    const yaml_event_t* next() {
        yaml_event_delete(&event_);
        if (yaml_parser_parse(&parser_, &event_) != 0) return &event_;
        if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
        return nullptr;
    }

    std::string_view problem() const { return parser_.problem == nullptr ? "" : parser_.problem; }
    std::string_view context() const { return parser_.context == nullptr ? "" : parser_.context; }
    // Numbers of characters, from 0.
    std::size_t problem_at() const { return parser_.problem_mark.index; }
    std::size_t context_at() const { return parser_.context_mark.index; }

private:
    yaml_parser_t parser_{};
    yaml_event_t event_{};
};

// The words of libyaml are about its own insides; these are about the file.
std::string_view explained(std::string_view problem) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 18> words{{
        {"mapping values are not allowed", "a `:` where none can stand; a text with `: ` in it needs quotes"},
        {"found unexpected ':'", "a `:` where none can stand; a text with `: ` in it needs quotes"},
        {"mapping keys are not allowed", "a key where none can stand; look at the indentation"},
        {"did not find expected key", "the mapping is broken off here; look at the indentation of this line"},
        {"did not find expected ',' or '}'", "a `{` without its `}`, or a missing comma"},
        {"did not find expected '-' indicator",
         "the list is broken off here; look at the indentation of this line"},
        {"did not find expected ',' or ']'", "a `[` without its `]`, or a missing comma"},
        {"did not find expected node content",
         "no value can begin here: a bracket or comma too many, or a text that needs quotes"},
        {"did not find expected <document start>", "this belongs to nothing above; look at the indentation"},
        {"block sequence entries are not allowed", "a `- ` where no list can stand; look at the indentation"},
        {"found a tab character", "a tab in the indentation; YAML wants spaces"},
        {"found character that cannot start any token",
         "a text cannot begin with this character; put it in quotes"},
        {"found unknown escape character",
         "an escape that YAML does not know; a backslash in double quotes is written `\\\\`"},
        {"did not find expected hexdecimal number", "an escape that lacks hexadecimal digits"},
        {"found invalid Unicode character escape code", "an escape that stands for no character"},
        {"did not find expected comment or line break",
         "nothing can follow `|` or `>` on its line but `+`, `-`, a digit and a comment"},
        {"found an indentation indicator equal to 0", "an indentation of 0 behind `|` or `>`"},
        {"found incompatible YAML document", "another version of YAML than 1.2 and 1.1"},
    }};
    for (const auto& [theirs, ours] : words)
        if (problem.starts_with(theirs)) return ours;
    return problem;
}

bool tab_in_indentation(const Document& document, int line) {
    std::string_view text = document.text;
    std::size_t start = document.lines[static_cast<std::size_t>(line) - 1];
    auto blank = text.substr(start, text.find_first_not_of(" \t", start) - start);
    return blank.find('\t') != std::string_view::npos;
}

void tell(const Parser& parser, const Document& document, Problems& problems) {
    auto problem = parser.problem();
    auto context = parser.context();
    std::size_t at = document.character_at(parser.problem_at());
    std::size_t begun = document.character_at(parser.context_at());
    auto where = document.mark_at(at);
    auto say = [&](std::size_t place, std::string_view what) {
        problems.error(document.mark_at(place), "not YAML: " + std::string(what));
    };
    if (context == "while scanning a quoted scalar" && problem.starts_with("found unexpected"))
        return say(begun, "a quote that is never closed");
    if (tab_in_indentation(document, where.line))
        return say(at, "a tab in the indentation; YAML wants spaces");
    if (context.ends_with(" a tag") || problem == "found undefined tag handle")
        return problems.error(where, std::string(no_tags));
    if (context == "while scanning an alias") return say(begun, no_such_anchor);
    if (context == "while scanning an anchor")
        return say(begun,
                   "the name of an anchor (`&name`) is of letters, digits, `_` and `-`; a text that begins "
                   "with `&` needs quotes");
    if (context == "while scanning a directive")
        return say(begun, "a text that begins with `%` needs quotes");
    if (context == "while scanning a simple key")
        return say(begun, "a line without its `:`; a `key: value` belongs here");
    bool closes = at < document.text.size() && (document.text[at] == ']' || document.text[at] == '}');
    if (closes && !problem.starts_with("did not find expected ','"))
        return say(at, "a `]` or `}` that closes nothing");
    say(at, explained(problem));
}

std::string_view view(const unsigned char* text) {
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// Makes the nodes of one document out of libyaml's events, up to the first fault.
class Builder {
public:
    Builder(Document& document, Problems& problems) : document_(document), problems_(problems) {}

    void take(const yaml_event_t& event);
    bool failed() const { return failed_; }

private:
    struct Open {
        Node* node;
        std::vector<const Node*>* parts;
        std::size_t weight = 1;
    };

    void fail(std::size_t at, std::string what) {
        problems_.error(document_.mark_at(at), std::move(what));
        failed_ = true;
    }
    void alias(const yaml_event_t& event);
    void scalar(const yaml_event_t& event);
    void open(const yaml_event_t& event, Kind kind, const unsigned char* anchor, const unsigned char* tag);
    void close();
    Node& add(const yaml_event_t& event, Kind kind, const unsigned char* anchor);
    // The node is whole: it goes into what is open, as an item, a key or a value.
    void finish(const Node& node);
    std::string_view kept(std::size_t at, std::string_view text);
    std::size_t place(const yaml_event_t& event) const {
        return document_.character_at(event.start_mark.index);
    }

    Document& document_;
    Problems& problems_;
    std::vector<Open> open_;
    std::map<std::string, const Node*, std::less<>> anchors_;
    int documents_ = 0;
    bool failed_ = false;
};

void Builder::take(const yaml_event_t& event) {
    switch (event.type) {
        case YAML_DOCUMENT_START_EVENT:
            if (++documents_ == 2)
                fail(place(event),
                     "a second document begins here; write one document, and more files in conf.d");
            break;
        case YAML_ALIAS_EVENT:
            return alias(event);
        case YAML_SCALAR_EVENT:
            return scalar(event);
        case YAML_SEQUENCE_START_EVENT:
            return open(event, Kind::list, event.data.sequence_start.anchor, event.data.sequence_start.tag);
        case YAML_MAPPING_START_EVENT:
            return open(event, Kind::map, event.data.mapping_start.anchor, event.data.mapping_start.tag);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
            return close();
        default:
            break;
    }
}

Node& Builder::add(const yaml_event_t& event, Kind kind, const unsigned char* anchor) {
    auto& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.at = static_cast<std::uint32_t>(place(event));
    if (anchor != nullptr) anchors_[std::string(view(anchor))] = &node;
    return node;
}

void Builder::alias(const yaml_event_t& event) {
    auto known = anchors_.find(view(event.data.alias.anchor));
    if (known == anchors_.end()) return fail(place(event), "not YAML: " + std::string(no_such_anchor));
    if (known->second->weight == 0) return fail(place(event), "this alias stands inside its own anchor");
    finish(*known->second);
    std::size_t total = 0;
    for (const auto& open : open_) total = std::max(total, open.weight);
    if (!failed_ && total > most_values)
        fail(place(event),
             "the aliases of this file stand for more than 1,000,000 values; write it out, shorter");
}

// The text itself where it stands in the file as it is, which saves a copy of nearly all.
std::string_view Builder::kept(std::size_t at, std::string_view text) {
    std::string_view whole = document_.text;
    at = document_.value_at(at);
    for (std::size_t begin : {at, at + 1})
        if (begin < whole.size() && whole.substr(begin, text.size()) == text)
            return whole.substr(begin, text.size());
    return document_.texts.emplace_back(text);
}

void Builder::scalar(const yaml_event_t& event) {
    const auto& value = event.data.scalar;
    if (value.tag != nullptr) return fail(place(event), std::string(no_tags));
    std::string_view text(reinterpret_cast<const char*>(value.value), value.length);
    bool quoted = value.style != YAML_PLAIN_SCALAR_STYLE;
    // YAML 1.2, section 10.3.2.
    bool null =
        !quoted && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
    auto& node = add(event, null ? Kind::null : Kind::scalar, value.anchor);
    node.weight = 1;
    node.quoted = quoted;
    if (!null) node.scalar = kept(node.at, text);
    finish(node);
}

void Builder::open(const yaml_event_t& event, Kind kind, const unsigned char* anchor,
                   const unsigned char* tag) {
    if (tag != nullptr) return fail(place(event), std::string(no_tags));
    if (open_.size() == most_levels) return fail(place(event), "not YAML: nested too deeply");
    auto& node = add(event, kind, anchor);
    auto& parts = document_.parts.emplace_back();
    node.parts = &parts;
    open_.push_back({&node, &parts});
}

void Builder::close() {
    auto whole = open_.back();
    open_.pop_back();
    whole.node->weight = static_cast<std::uint32_t>(whole.weight);
    finish(*whole.node);
}

void Builder::finish(const Node& node) {
    if (open_.empty()) {
        document_.root = &node;
        return;
    }
    auto& into = open_.back();
    bool key = into.node->kind == Kind::map && into.parts->size() % 2 == 0;
    if (key && node.kind != Kind::scalar) return fail(node.at, "a key must be a single word or text");
    into.weight += node.weight;
    into.parts->push_back(&node);
}

}  // namespace

std::optional<YamlValue> parse_yaml(std::string_view file, std::string_view text, Problems& problems) {
    if (text.size() > most_bytes) {
        problems.error({std::string(file), 1, 1},
                       "the file is larger than 4 MiB; divide it into files in conf.d");
        return std::nullopt;
    }
    auto document = std::make_shared<Document>(file, text);
    if (!readable(*document, problems)) return std::nullopt;
    Parser parser(document->text);
    Builder builder(*document, problems);
    for (bool more = true; more && !builder.failed();) {
        const auto* event = parser.next();
        if (event == nullptr) {
            tell(parser, *document, problems);
            return std::nullopt;
        }
        builder.take(*event);
        more = event->type != YAML_STREAM_END_EVENT;
    }
    if (builder.failed()) return std::nullopt;
    if (document->root == nullptr) document->root = &document->nodes.emplace_back();
    const auto* root = document->root;
    return YamlValue(std::move(document), root);
}

}  // namespace basewatch
