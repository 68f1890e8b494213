#include "presets/way.hpp"

#include "presets/address.hpp"
#include "presets/program.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace basewatch::presets {

namespace {

// A key that not every way has, and the ways that have it. A key that is not listed fits all.
struct WayKey {
    std::string_view name;
    bool http, program;
    std::string_view what;  // it says
};

constexpr std::array way_keys{
    WayKey{"url", true, false, "an address"},
    WayKey{"method", true, false, "a request"},
    WayKey{"headers", true, false, "a request"},
    WayKey{"token", true, false, "a request"},
    WayKey{"username", true, false, "a request"},
    WayKey{"secret", true, false, "a request"},
    WayKey{"signature", true, false, "a request"},
    WayKey{"signature_header", true, false, "a request"},
    WayKey{"auth", true, false, "a request"},
    WayKey{"ca_file", true, false, "a connection"},
    WayKey{"client_cert", true, false, "a connection"},
    WayKey{"client_key", true, false, "a connection"},
    WayKey{"encoding", true, false, "a request"},
    WayKey{"success", true, false, "an answer over HTTP"},
    WayKey{"already", true, false, "an answer over HTTP"},
    WayKey{"success_body", true, false, "an answer over HTTP"},
    WayKey{"success_content_type", true, false, "an answer over HTTP"},
    WayKey{"command", false, true, "a program to run"},
};

bool has(const WayKey& key, Way way) {
    return way == Way::program ? key.program : key.http;
}

std::string what_is_right(const WayKey& key, const Preset& preset) {
    std::string text = "`" + std::string(key.name) + "` is about " + std::string(key.what) + ", and preset " +
                       preset.name + (preset.way == Way::program ? " runs a program" : " sends a request");
    if (key.program) return text + ": it is for preset exec";
    return text + ": remove it";
}

}  // namespace

std::vector<std::pair<Mark, std::string>> misplaced_keys(const settings::TargetSettings& target,
                                                         const Preset& preset) {
    std::vector<std::pair<Mark, std::string>> found;
    for (const auto& key : way_keys) {
        auto at = target.keys.find(std::string(key.name));
        if (at != target.keys.end() && !has(key, preset.way))
            found.emplace_back(at->second, what_is_right(key, preset));
    }
    return found;
}

std::vector<std::string> places(const Target& target) {
    if (target.way == Way::program) return places_of_command(target.command);
    return target.fields.url ? places(target.fields.url->reveal()) : std::vector<std::string>();
}

}  // namespace basewatch::presets
