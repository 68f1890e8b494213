#include "settings/base_pattern.hpp"

#include "model/reference.hpp"

#include <algorithm>

namespace basewatch::settings {

namespace {

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool belongs(char c) {
    return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9') ||
           std::string_view("._-/:*?[]").find(c) != std::string_view::npos;
}

Error wrong(std::string_view text, const std::string& why) {
    return Error(ErrorKind::invalid, "\"" + std::string(text.substr(0, 120)) + "\" " + why);
}

}  // namespace

Result<std::string> normalised_pattern(std::string_view text) {
    if (text.size() > 512) return wrong(text, "is longer than 512 characters");
    if (text.find('@') != std::string_view::npos)
        return wrong(text, "holds a digest: a pattern is over tags, such as ruby:3.*");
    if (!std::ranges::all_of(text, belongs))
        return wrong(text,
                     "is no pattern: it is a reference with * (any run but /), ** (any run) or ? in it, "
                     "such as ruby:3.*-alpine");
    auto slash = text.find('/');
    auto first = text.substr(0, slash);
    std::string host;
    std::string_view rest = text;
    bool whole = text.starts_with("**");
    // A reference's own rule: the part in front of the first slash is a host when it looks like one.
    if (!whole && slash != std::string_view::npos &&
        (first == "localhost" || first.find_first_of(".:[") != std::string_view::npos)) {
        host = model::normalised_registry(first);
        rest = text.substr(slash + 1);
    } else if (!whole) {
        host = "docker.io";
    }
    auto last_slash = rest.rfind('/');
    auto colon = rest.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
    auto path = rest.substr(0, colon);
    if (path.empty() || path.front() == '/' || path.back() == '/' ||
        path.find("//") != std::string_view::npos)
        return wrong(text, "names no repository");
    if (path.find_first_of(":[]") != std::string_view::npos)
        return wrong(text, "has a `:` or a bracket in the name of a repository");
    if (std::ranges::any_of(path, is_upper))
        return wrong(text,
                     "has an upper-case letter in a repository's name, "
                     "and those are lower case");
    if (colon != std::string_view::npos && rest.find_first_of(":[]", colon + 1) != std::string_view::npos)
        return wrong(text, "has a `:` or a bracket in its tag");
    if (colon != std::string_view::npos && colon + 1 == rest.size()) return wrong(text, "has an empty tag");
    std::string out = host.empty() ? "" : host + "/";
    if (host == "docker.io" && last_slash == std::string_view::npos && !rest.starts_with("**"))
        out += "library/";
    out += rest;
    if (colon == std::string_view::npos && !text.ends_with('*')) out += ":latest";
    return out;
}

}  // namespace basewatch::settings
