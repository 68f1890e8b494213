#include "registry/challenge.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_bytes = 16u << 10;
constexpr std::size_t most_challenges = 16;
constexpr std::size_t most_parameters = 32;

bool token_character(char c) {
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
}

// What an unquoted value, or a token68, may hold: registries write `realm=/` without quotes.
bool bare_character(char c) {
    return token_character(c) || c == '/' || c == ':' || c == '@' || c == '?' || c == '&';
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

// Reads the field from left to right. Each step either moves on or says that the grammar is broken.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool spaces() {
        auto start = at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        return at_ != start;
    }
    bool commas() {
        auto start = at_;
        for (;;) {
            spaces();
            if (!take(',')) break;
        }
        return at_ != start;
    }
    bool take(char wanted) {
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    bool ended() const { return at_ == text_.size(); }
    bool at(char wanted) const { return at_ < text_.size() && text_[at_] == wanted; }
    std::size_t place() const { return at_; }
    void back_to(std::size_t place) { at_ = place; }

    std::string run(bool (*allowed)(char)) {
        auto start = at_;
        while (at_ < text_.size() && allowed(text_[at_])) ++at_;
        return std::string(text_.substr(start, at_ - start));
    }

    // A quoted-string with its escapes undone; nothing when it does not end.
    std::optional<std::string> quoted() {
        if (!take('"')) return std::nullopt;
        std::string value;
        while (at_ < text_.size()) {
            char c = text_[at_++];
            if (c == '"') return value;
            if (c == '\\') {
                if (ended()) return std::nullopt;
                c = text_[at_++];
            }
            if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return std::nullopt;
            value += c;
        }
        return std::nullopt;
    }

    // A scheme or a parameter's name; some servers quote even those.
    std::optional<std::string> word() {
        if (at('"')) return quoted();
        std::string found = run(token_character);
        if (found.empty()) return std::nullopt;
        return found;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

class Parser {
public:
    explicit Parser(std::string_view field) : reader_(field) {}

    // False: the grammar is broken.
    bool run() {
        reader_.commas();
        if (reader_.ended()) return false;
        while (!reader_.ended()) {
            if (!element()) return false;
            reader_.spaces();
            if (!reader_.ended() && !reader_.commas()) return false;
        }
        return found_.size() <= most_challenges;
    }
    std::vector<Challenge> take() { return std::move(found_); }

private:
    // `scheme`, `scheme name=value`, `scheme token68`, or another `name=value` of the scheme before.
    bool element() {
        auto word = reader_.word();
        if (!word || word->empty()) return false;
        bool spaced = reader_.spaces();
        if (reader_.at('=')) return !found_.empty() && value_of(*word);
        if (found_.size() == most_challenges) return false;
        Challenge challenge;
        challenge.scheme = lower(*word);
        found_.push_back(std::move(challenge));
        if (reader_.ended() || reader_.at(',')) return true;
        return spaced && (token68() || first_parameter());
    }

    bool first_parameter() {
        auto name = reader_.word();
        reader_.spaces();
        return name && reader_.at('=') && value_of(*name);
    }

    // `abc==` up to a comma or the end; anything else puts the reader back.
    bool token68() {
        auto start = reader_.place();
        std::string value = reader_.run(bare_character);
        bool padded = reader_.at('=');
        while (reader_.take('=')) value += '=';
        auto end = reader_.place();
        reader_.spaces();
        if (!value.empty() && (reader_.ended() || reader_.at(','))) {
            // `realm=` with nothing behind it is a broken parameter and no token68.
            if (padded && value.find('=') == value.size() - 1 && lower(value) == "realm=") return false;
            reader_.back_to(end);
            found_.back().token68 = std::move(value);
            return true;
        }
        reader_.back_to(start);
        return false;
    }

    bool value_of(const std::string& name) {
        if (!reader_.take('=')) return false;
        reader_.spaces();
        std::string value;
        if (reader_.at('"')) {
            auto quoted = reader_.quoted();
            if (!quoted) return false;
            value = std::move(*quoted);
        } else {
            value = reader_.run([](char c) { return bare_character(c) || c == '='; });
            if (value.empty()) return false;
        }
        auto& challenge = found_.back();
        if (!challenge.token68.empty() || challenge.parameters.size() == most_parameters) return false;
        // A name twice is refused: two readers that pick different ones are an attack.
        return challenge.parameters.emplace(lower(name), std::move(value)).second;
    }

    Reader reader_;
    std::vector<Challenge> found_;
};

// `repository:NAME:actions` with NAME kept; nothing where the text has another shape.
std::optional<std::string> repository_scope(std::string_view scope) {
    static constexpr std::string_view prefix = "repository:";
    if (!scope.starts_with(prefix)) return std::nullopt;
    auto end = scope.rfind(':');
    if (end <= prefix.size()) return std::nullopt;
    return std::string(scope.substr(0, end)) + ":pull";
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string Challenge::parameter(const std::string& name) const {
    auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
}

Result<std::vector<Challenge>> parse_challenges(std::string_view field) {
    if (field.size() > most_bytes)
        return Error(ErrorKind::bad_answer, "the WWW-Authenticate header is too long");
    Parser parser(field);
    if (!parser.run()) return Error(ErrorKind::bad_answer, "the WWW-Authenticate header cannot be read");
    return parser.take();
}

std::vector<Challenge> challenges_of(const net::Headers& headers) {
    std::vector<Challenge> all;
    for (auto field : headers.all("WWW-Authenticate")) {
        auto parsed = parse_challenges(field);
        if (!parsed) continue;
        for (auto& challenge : *parsed) all.push_back(std::move(challenge));
        if (all.size() >= most_challenges) break;
    }
    return all;
}

std::optional<Challenge> choose_challenge(const std::vector<Challenge>& offered, bool have_password) {
    for (const auto& challenge : offered)
        if (challenge.scheme == "bearer" && !challenge.parameter("realm").empty()) return challenge;
    if (!have_password) return std::nullopt;
    for (const auto& challenge : offered)
        if (challenge.scheme == "basic") return challenge;
    return std::nullopt;
}

std::string scope_to_ask(const std::string& challenged, const std::string& repository) {
    std::string ours = "repository:" + repository + ":pull";
    std::string first = challenged.substr(0, challenged.find(' '));
    if (first.empty() || first == "*" || first.size() > 512 || !printable(first)) return ours;
    if (auto theirs = repository_scope(first)) return *theirs;
    // A scope that is no repository's, as in `aws`, is the registry's own invention and it alone knows it.
    return first.starts_with("repository") || first.starts_with("registry:") ? ours : first;
}

}  // namespace basewatch::registry
