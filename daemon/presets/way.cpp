#include "presets/way.hpp"

#include "net/mail_sender.hpp"
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
    bool http, program, mail;
    std::string_view what;  // it says
};

constexpr std::array way_keys{
    WayKey{"url", true, false, true, "where to send to"},
    WayKey{"username", true, false, true, "whom to log in as"},
    WayKey{"method", true, false, false, "a request"},
    WayKey{"headers", true, false, false, "a request"},
    WayKey{"token", true, false, false, "a request"},
    WayKey{"secret", true, false, false, "a request"},
    WayKey{"signature", true, false, false, "a request"},
    WayKey{"signature_header", true, false, false, "a request"},
    WayKey{"auth", true, false, false, "a request"},
    WayKey{"ca_file", true, false, true, "a connection"},
    WayKey{"client_cert", true, false, true, "a connection"},
    WayKey{"client_key", true, false, true, "a connection"},
    WayKey{"encoding", true, false, false, "a request"},
    WayKey{"content_type", true, false, false, "a request"},
    WayKey{"success", true, false, false, "an answer over HTTP"},
    WayKey{"already", true, false, false, "an answer over HTTP"},
    WayKey{"success_body", true, false, false, "an answer over HTTP"},
    WayKey{"success_content_type", true, false, false, "an answer over HTTP"},
    WayKey{"command", false, true, false, "a program to run"},
    WayKey{"from", false, false, true, "a mail"},
    WayKey{"to", false, false, true, "a mail"},
    WayKey{"password", false, false, true, "a mail server"},
    WayKey{"tls", false, false, true, "a mail server"},
};

bool has(const WayKey& key, Way way) {
    return way == Way::program ? key.program : way == Way::mail ? key.mail : key.http;
}

std::string what_is_right(const WayKey& key, const Preset& preset) {
    std::string does = preset.way == Way::program ? "runs a program"
                       : preset.way == Way::mail  ? "sends a mail"
                                                  : "sends a request";
    std::string text = "`" + std::string(key.name) + "` is about " + std::string(key.what) + ", and preset " +
                       preset.name + " " + does;
    if (key.name == "password" && preset.way == Way::http) return text + ": write `token`";
    if (key.name == "token" && preset.way == Way::mail) return text + ": write `password`";
    if (!key.http && key.program) return text + ": it is for preset exec";
    if (!key.http && key.mail) return text + ": it is for preset smtp";
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
    if (target.way == Way::mail) return {};
    return target.fields.url ? places(target.fields.url->reveal()) : std::vector<std::string>();
}

Result<void> usable(Way way) {
    return way == Way::mail ? net::MailSender::usable() : Result<void>();
}

}  // namespace basewatch::presets
