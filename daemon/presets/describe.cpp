#include "foundation/secret.hpp"
#include "presets/render.hpp"

#include <algorithm>
#include <array>

namespace basewatch::presets {

namespace {

// Headers whose values are secrets wherever they come from.
bool sounds_secret(std::string_view name) {
    std::string small(name);
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    static constexpr std::array<std::string_view, 7> words{"authorization", "cookie",   "token",     "secret",
                                                           "key",           "password", "credential"};
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

}  // namespace

std::string describe(const net::HttpRequest& request) {
    std::string text = request.method + " " + request.url.redacted() + "\n";
    for (const auto& [name, value] : request.headers)
        text += name + ": " + (sounds_secret(name) ? "[redacted]" : value) + "\n";
    text += "\n" + request.body;
    // Once more over the whole: a secret may stand in the body, or in a header of any name.
    return redact(text);
}

}  // namespace basewatch::presets
