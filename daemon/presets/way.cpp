#include "presets/way.hpp"

#include "net/kafka_sender.hpp"
#include "net/mail_sender.hpp"
#include "net/nats_sender.hpp"
#include "presets/address.hpp"
#include "presets/program.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace basewatch::presets {

namespace {

constexpr unsigned bit(Way way) {
    return 1u << static_cast<unsigned>(way);
}
constexpr unsigned http = bit(Way::http), program = bit(Way::program), mail = bit(Way::mail),
                   kafka = bit(Way::kafka), nats = bit(Way::nats);

// A key that not every way has, and the ways that have it. A key that is not listed fits all.
struct WayKey {
    std::string_view name;
    unsigned ways;
    std::string_view what;  // it says
};

constexpr std::array way_keys{
    WayKey{"url", http | mail, "where to send to"},
    WayKey{"username", http | mail | kafka | nats, "whom to log in as"},
    WayKey{"method", http, "a request"},
    WayKey{"headers", http, "a request"},
    WayKey{"token", http | nats, "a request or a message to NATS"},
    WayKey{"secret", http | kafka | nats, "a message with headers"},
    WayKey{"signature", http | kafka | nats, "a message with headers"},
    WayKey{"signature_header", http | kafka | nats, "a message with headers"},
    WayKey{"auth", http, "a request"},
    WayKey{"ca_file", http | mail | kafka | nats, "a connection"},
    WayKey{"client_cert", http | mail | kafka | nats, "a connection"},
    WayKey{"client_key", http | mail | kafka | nats, "a connection"},
    WayKey{"encoding", http, "a request"},
    WayKey{"content_type", http | kafka | nats, "a message with headers"},
    WayKey{"success", http, "an answer over HTTP"},
    WayKey{"already", http, "an answer over HTTP"},
    WayKey{"success_body", http, "an answer over HTTP"},
    WayKey{"success_content_type", http, "an answer over HTTP"},
    WayKey{"command", program, "a program to run"},
    WayKey{"from", mail, "a mail"},
    WayKey{"to", mail, "a mail"},
    WayKey{"password", mail | kafka | nats, "a server"},
    WayKey{"brokers", kafka, "a message to Kafka"},
    WayKey{"topic", kafka, "a message to Kafka"},
    WayKey{"key", kafka, "a message to Kafka"},
    WayKey{"sasl", kafka, "a message to Kafka"},
    WayKey{"servers", nats, "a message to NATS"},
    WayKey{"subject", nats, "a message to NATS"},
    WayKey{"jetstream", nats, "a message to NATS"},
    WayKey{"nkey", nats, "a message to NATS"},
    WayKey{"nkey_file", nats, "a message to NATS"},
    WayKey{"credentials_file", nats, "a message to NATS"},
    WayKey{"tls", mail | kafka, "a server"},
};

std::string_view what_it_does(Way way) {
    switch (way) {
        case Way::program:
            return "runs a program";
        case Way::mail:
            return "sends a mail";
        case Way::kafka:
            return "sends a message to Kafka";
        case Way::nats:
            return "sends a message to NATS";
        case Way::http:
            break;
    }
    return "sends a request";
}

// The presets of the ways that have a key, where they are few.
std::string presets_of(unsigned ways) {
    std::string names;
    for (const auto& preset : built_in()) {
        if ((bit(preset.way) & ways) == 0) continue;
        names.append(names.empty() ? "preset " : " or ").append(preset.name);
    }
    return names;
}

std::string what_is_right(const WayKey& key, const Preset& preset) {
    auto text = "`" + std::string(key.name) + "` is about " + std::string(key.what) + ", and preset " +
                preset.name + " " + std::string(what_it_does(preset.way));
    if (key.name == "password" && preset.way == Way::http) return text + ": write `token`";
    if (key.name == "token" && preset.way != Way::program) return text + ": write `password`";
    if (key.name == "url" && preset.way == Way::nats) return text + ": write `servers`";
    if (key.name == "tls" && preset.way == Way::nats)
        return text + ": write tls:// or nats:// before the servers";
    if (key.name == "url" && preset.way == Way::kafka) return text + ": write `brokers`";
    return text + ((key.ways & http) == 0 ? ": it is for " + presets_of(key.ways) : ": remove it");
}

}  // namespace

std::vector<std::pair<Mark, std::string>> misplaced_keys(const settings::TargetSettings& target,
                                                         const Preset& preset) {
    std::vector<std::pair<Mark, std::string>> found;
    for (const auto& key : way_keys) {
        auto at = target.keys.find(std::string(key.name));
        if (at != target.keys.end() && (key.ways & bit(preset.way)) == 0)
            found.emplace_back(at->second, what_is_right(key, preset));
    }
    return found;
}

std::vector<std::string> places(const Target& target) {
    if (target.way == Way::program) return places_of_command(target.command);
    if (target.way == Way::nats) return places(target.nats.subject);
    if (target.way != Way::http) return {};
    return target.fields.url ? places(target.fields.url->reveal()) : std::vector<std::string>();
}

Result<void> usable(Way way) {
    if (way == Way::mail) return net::MailSender::usable();
    if (way == Way::nats) return net::NatsSender::usable();
    return way == Way::kafka ? net::KafkaSender::usable() : Result<void>();
}

}  // namespace basewatch::presets
