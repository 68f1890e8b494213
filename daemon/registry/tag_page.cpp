#include "registry/tag_page.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

using Json = nlohmann::json;

constexpr std::size_t deepest = 64;
constexpr std::size_t longest_tag = 128;
constexpr std::size_t most_link = 16u << 10;

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool word_character(char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool can_be_tag(std::string_view text) {
    return !text.empty() && text.size() <= longest_tag && word_character(text[0]) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return word_character(c) || c == '.' || c == '-'; });
}

// Keeps `tags` of the outermost object and lets everything else pass.
class Reader final : public nlohmann::json_sax<Json> {
public:
    bool null() override {
        if (depth_ == 1 && own_) return begin_list();
        return scalar();
    }
    bool boolean(bool) override { return scalar(); }
    bool number_integer(number_integer_t) override { return scalar(); }
    bool number_unsigned(number_unsigned_t) override { return scalar(); }
    bool number_float(number_float_t, const string_t&) override { return scalar(); }
    bool binary(binary_t&) override { return false; }
    bool string(string_t& value) override {
        if (!listing_ || depth_ != 2) return scalar();
        ++page.listed;
        if (!can_be_tag(value)) return true;
        page.last = value;
        if (is_image_tag(value)) page.tags.push_back(std::move(value));
        return true;
    }
    bool start_object(std::size_t) override {
        if (own_ || listing_) return fail("its `tags` are no list of texts");
        return deeper();
    }
    bool start_array(std::size_t) override {
        if (depth_ == 0) return fail("it is no JSON object");
        if (listing_) return fail("its `tags` are no list of texts");
        if (own_) {
            if (!begin_list()) return false;
            listing_ = true;
        }
        return deeper();
    }
    bool end_object() override { return --depth_, true; }
    bool end_array() override {
        if (--depth_ == 1) listing_ = false;
        return true;
    }
    bool key(string_t& name) override {
        own_ = depth_ == 1 && name == "tags";
        return !own_ || !seen_ || fail("it lists its tags twice");
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        return fail("not JSON at byte " + std::to_string(position));
    }

    bool complete() const { return seen_; }

    TagPage page;
    std::string fault;

private:
    bool fail(std::string why) {
        if (fault.empty()) fault = std::move(why);
        return false;
    }
    bool scalar() {
        if (depth_ == 0) return fail("it is no JSON object");
        return (!own_ && !listing_) || fail("its `tags` are no list of texts");
    }
    bool begin_list() {
        own_ = false;
        return seen_ = true;
    }
    bool deeper() { return ++depth_ <= deepest || fail("nested deeper than " + std::to_string(deepest)); }

    std::size_t depth_ = 0;
    bool own_ = false;      // the value to come is that of `tags`
    bool listing_ = false;  // inside that list
    bool seen_ = false;
};

// Link fields, read from left to right.
class Links {
public:
    explicit Links(std::string_view text) : text_(text) {}

    std::optional<std::string> next() {
        for (;;) {
            while (take(',')) continue;
            if (!take('<')) return std::nullopt;
            auto end = text_.find('>');
            if (end == text_.npos) return std::nullopt;
            std::string target(text_.substr(0, end));
            text_.remove_prefix(end + 1);
            std::optional<std::string> relation;
            while (take(';')) {
                auto name = word();
                auto value = take('=') ? parameter() : std::optional<std::string>("");
                if (!value) return std::nullopt;
                // Of several, the first counts (RFC 8288 §3.3).
                if (!relation && net::equal_without_case(name, "rel")) relation = std::move(value);
            }
            if (relation && names_next(*relation)) return target;
            spaces();
            if (!text_.empty() && text_[0] != ',') return std::nullopt;
        }
    }

private:
    void spaces() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }
    bool take(char wanted) {
        spaces();
        if (text_.empty() || text_[0] != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::string_view word() {
        spaces();
        auto end = std::min(text_.find_first_of(" \t,;=\""), text_.size());
        auto found = text_.substr(0, end);
        text_.remove_prefix(end);
        return found;
    }
    std::optional<std::string> parameter() {
        if (!take('"')) return std::string(word());
        std::string value;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            if (text_[i] == '"') {
                text_.remove_prefix(i + 1);
                return value;
            }
            if (text_[i] == '\\') ++i;
            if (i == text_.size()) break;
            value += text_[i];
        }
        return std::nullopt;
    }
    // `rel` holds one relation or several with spaces between them.
    static bool names_next(std::string_view relations) {
        while (!relations.empty()) {
            auto end = std::min(relations.find(' '), relations.size());
            if (net::equal_without_case(relations.substr(0, end), "next")) return true;
            relations.remove_prefix(std::min(end + 1, relations.size()));
        }
        return false;
    }

    std::string_view text_;
};

}  // namespace

Result<TagPage> parse_tag_page(std::string_view body) {
    Reader reader;
    bool read = Json::sax_parse(body.begin(), body.end(), &reader);
    if (!read)
        return Error(ErrorKind::bad_answer,
                     "no tag list: " + (reader.fault.empty() ? std::string("not JSON") : reader.fault));
    if (!reader.complete()) return Error(ErrorKind::bad_answer, "no tag list: it has no `tags`");
    return std::move(reader.page);
}

bool is_image_tag(std::string_view tag) {
    if (tag == "buildcache" || tag.ends_with("-buildcache") || tag.ends_with("-attestation")) return false;
    static constexpr std::string_view prefix = "sha256-";
    if (!tag.starts_with(prefix) || tag.size() < prefix.size() + 64) return true;
    auto hash = tag.substr(prefix.size(), 64), rest = tag.substr(prefix.size() + 64);
    bool hex =
        std::all_of(hash.begin(), hash.end(), [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); });
    return !hex || !(rest.empty() || rest == ".sig" || rest == ".att" || rest == ".sbom");
}

std::optional<std::string> next_link(std::string_view field) {
    if (field.size() > most_link) return std::nullopt;
    return Links(field).next();
}

Result<std::optional<net::Url>> next_page(const net::Url& page, const net::Headers& headers) {
    for (auto field : headers.all("Link")) {
        auto link = next_link(field);
        if (!link) continue;
        auto target = page.resolve(*link);
        auto query = target ? target->target.find('?') : std::string::npos;
        if (query == std::string::npos)
            return Error(ErrorKind::bad_answer, "the link to the next page of tags leads nowhere");
        net::Url next = page;
        next.target = page.target.substr(0, page.target.find('?')) + target->target.substr(query);
        return std::optional(std::move(next));
    }
    return std::optional<net::Url>();
}

}  // namespace basewatch::registry
