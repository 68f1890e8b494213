#include "foundation/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace basewatch {

namespace {

using Node = YamlValue::Document::Node;

constexpr std::size_t most_bytes = 4u << 20;
// What a document may come to when its aliases are followed. A file of a hundred bytes can mean billions.
constexpr std::size_t most_values = 1'000'000;

// The length of the UTF-8 sequence at the front, or 0 where there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!tail(1) || !tail(2)) return 0;
        return (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        return (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F) ? 0 : 4;
    }
    return 0;
}

// The words of yaml-cpp are about its own insides; these are about the file.
std::string explained(const std::string& message) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> words{{
        {"illegal map value", "a `:` where none can stand; a text with `: ` in it needs quotes"},
        {"illegal map key", "a key where none can stand; look at the indentation"},
        {"end of map not found", "the mapping is broken off here; look at the indentation of this line"},
        {"end of map flow not found", "a `{` without its `}`, or a missing comma"},
        {"end of sequence not found", "the list is broken off here; look at the indentation of this line"},
        {"end of sequence flow not found", "a `[` without its `]`, or a missing comma"},
        {"illegal EOF in scalar", "a quote that is never closed"},
        {"illegal flow end", "a `]` or `}` that closes nothing"},
        {"illegal block entry", "a `- ` where no list can stand; look at the indentation"},
        {"illegal tab", "a tab in the indentation; YAML wants spaces"},
        {"the referenced anchor is not defined",
         "an alias (`*name`) of an anchor (`&name`) that is not there; "
         "a text that begins with `*` needs quotes"},
        {"bad file", "nested too deeply"},
    }};
    for (const auto& [theirs, ours] : words)
        if (message.starts_with(theirs)) return std::string(ours);
    return message;
}

// Whether the quoted text that begins at `at` ends. yaml-cpp takes the end of a file for the end of a quote,
// when a line break stands before it.
bool is_closed(std::string_view text, std::size_t at) {
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return true;
    const char quote = text[at];
    for (++at; at < text.size(); ++at) {
        if (quote == '"' && text[at] == '\\') {
            ++at;
        } else if (text[at] == quote) {
            if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return true;
            ++at;
        }
    }
    return false;
}

bool tab_in_indentation(const YamlValue::Document& document, int line) {
    std::string_view text = document.text;
    std::size_t start = document.offset(line, 0);
    auto blank = text.substr(start, text.find_first_not_of(" \t", start) - start);
    return blank.find('\t') != std::string_view::npos;
}

// Makes the nodes of one document out of yaml-cpp's events. After the first fault it only listens.
class Builder final : public YAML::EventHandler {
public:
    Builder(YamlValue::Document& document, Problems& problems) : document_(document), problems_(problems) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ == 2)
            fail(place(mark), "a second document begins here; write one document, and more files in conf.d");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (auto* node = add(mark, anchor, YamlValue::Kind::null)) finish(node);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlValue::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlValue::Kind::map);
    }
    void OnMapEnd() override { close(); }

    bool failed() const { return failed_; }
    int documents() const { return documents_; }

private:
    struct Open {
        Node* node;
        const Node* key = nullptr;  // of a map: its value comes next
    };

    Mark place(const YAML::Mark& mark) const { return document_.mark(mark.line, mark.column); }
    void fail(const Mark& where, std::string what) {
        if (!failed_) problems_.error(where, std::move(what));
        failed_ = true;
    }
    Node* add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlValue::Kind kind);
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlValue::Kind kind);
    void close();
    // The node is whole: it goes into what is open, as an item, a key or a value.
    void finish(const Node* node);
    void refuse_tag(const YAML::Mark& mark, const std::string& tag);

    YamlValue::Document& document_;
    Problems& problems_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, const Node*> anchors_;
    int documents_ = 0;
    bool failed_ = false;
};

Node* Builder::add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlValue::Kind kind) {
    if (failed_) return nullptr;
    auto& node = document_.nodes.emplace_back();
    node.kind = kind;
    node.line = mark.line;
    node.column = mark.column;
    node.weight = kind == YamlValue::Kind::list || kind == YamlValue::Kind::map ? 0 : 1;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    return &node;
}

void Builder::refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is yaml-cpp's word for a plain value without a tag, "!" for a quoted one, or for a lone `!`.
    std::size_t at = document_.value_at(mark.line, mark.column);
    bool lone = at < document_.text.size() && document_.text[at] == '!';
    if (!lone && (tag == "?" || tag == "!" || tag.empty())) return;
    fail(place(mark), "tags (`!…`) are not understood here: write the value without one");
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (failed_) return;
    auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return fail(place(mark), "an alias of an anchor that is not there");
    if (known->second->weight == 0) return fail(place(mark), "this alias stands inside its own anchor");
    finish(known->second);
    std::size_t total = 0;
    for (const auto& open : open_) total = std::max(total, open.node->growing);
    if (total > most_values)
        fail(place(mark),
             "the aliases of this file stand for more than 1,000,000 values; write it out, shorter");
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& value) {
    refuse_tag(mark, tag);
    auto* node = add(mark, anchor, YamlValue::Kind::scalar);
    if (node == nullptr) return;
    node->scalar = value;
    node->quoted = tag == "!";
    std::size_t at = document_.value_at(mark.line, mark.column);
    if (node->quoted && !is_closed(document_.text, at))
        return fail(document_.mark_at(at), "not YAML: a quote that is never closed");
    finish(node);
}

void Builder::open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                   YamlValue::Kind kind) {
    refuse_tag(mark, tag);
    auto* node = add(mark, anchor, kind);
    if (node != nullptr) open_.push_back({node});
}

void Builder::close() {
    if (failed_ || open_.empty()) return;
    Node* node = open_.back().node;
    open_.pop_back();
    node->weight = node->growing;
    finish(node);
}

void Builder::finish(const Node* node) {
    if (open_.empty()) {
        document_.root = node;
        return;
    }
    auto& [into, key] = open_.back();
    into->growing += node->weight;
    if (into->kind == YamlValue::Kind::list) {
        into->items.push_back(node);
    } else if (key == nullptr) {
        if (node->kind != YamlValue::Kind::scalar)
            return fail(document_.mark(node->line, node->column), "a key must be a single word or text");
        key = node;
    } else {
        into->entries.emplace_back(key, node);
        key = nullptr;
    }
}

// YAML 1.2 §5.1: the characters that a file may hold. yaml-cpp reads on over strange bytes, and takes a
// control character (0x04) for the end of the file.
bool readable(const YamlValue::Document& document, Problems& problems) {
    std::string_view text = document.text;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = utf8_length(text.substr(at));
        auto byte = static_cast<unsigned char>(text[at]);
        bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
        if (length != 0 && !control) {
            at += length;
            continue;
        }
        problems.error(document.mark_at(at), length == 0 ? "not UTF-8: save the file in that encoding"
                                                         : "a control character; write it as an escape "
                                                           "(\"\\x1b\") in double quotes if it is meant");
        return false;
    }
    return true;
}

}  // namespace

std::optional<YamlValue> parse_yaml(std::string_view file, std::string_view text, Problems& problems) {
    if (text.size() > most_bytes) {
        problems.error({std::string(file), 1, 1},
                       "the file is larger than 4 MiB; divide it into files in conf.d");
        return std::nullopt;
    }
    auto document = std::make_shared<YamlValue::Document>(file, text);
    if (!readable(*document, problems)) return std::nullopt;
    Builder builder(*document, problems);
    try {
        std::istringstream stream(document->text);
        YAML::Parser parser(stream);
        while (!builder.failed() && parser.HandleNextDocument(builder) && builder.documents() < 2) {
        }
    } catch (const YAML::Exception& fault) {
        std::string message = tab_in_indentation(*document, fault.mark.line) ? "illegal tab" : fault.msg;
        if (!builder.failed())
            problems.error(document->mark(fault.mark.line, fault.mark.column),
                           "not YAML: " + explained(message));
        return std::nullopt;
    }
    if (builder.failed()) return std::nullopt;
    if (document->root == nullptr) document->root = &document->nodes.emplace_back();
    const auto* root = document->root;
    return YamlValue(std::move(document), root);
}

}  // namespace basewatch
