#include "foundation/secret.hpp"
#include "presets/render.hpp"
#include "settings/header_values.hpp"

namespace basewatch::presets {

std::string describe(const net::HttpRequest& request) {
    std::string text = request.method + " " + request.url.redacted() + "\n";
    for (const auto& [name, value] : request.headers)
        text += name + ": " + (settings::sounds_secret(name) ? "[redacted]" : value) + "\n";
    text += "\n" + request.body;
    // Once more over the whole: a secret may stand in the body, or in a header of any name.
    return redact(text);
}

}  // namespace basewatch::presets
