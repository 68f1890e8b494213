// The verbs that send again what was sent, or given up, before.
#include "cli/daemon_client.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <unistd.h>

namespace basewatch::cli {

namespace {

using nlohmann::json;

constexpr const char* path = "/api/v1/replays";

// `2h` is two hours ago.
Result<std::string> moment(const std::string& option, const std::string& text) {
    if (text.empty()) return text;
    auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    if (auto ago = parse_duration(text)) return rfc3339(now - *ago);
    if (parse_rfc3339(text)) return text;
    return unreadable_time(option, text);
}

Result<json> body_of(const ReplayOptions& options) {
    auto since = moment("--since", options.since), until = moment("--until", options.until);
    if (!since) return since.error();
    if (!until) return until.error();
    json body = json::object();
    auto put = [&](const char* name, const std::string& text) {
        if (!text.empty()) body[name] = text;
    };
    put("since", *since);
    put("until", *until);
    put("target", options.target);
    put("change", options.change);
    put("delivery", options.delivery);
    if (!options.states.empty()) body["states"] = options.states;
    return body;
}

std::string counts(const json& answer, std::string_view name) {
    std::string text;
    if (const auto* object = object_member(answer, name))
        for (const auto& [key, count] : object->items())
            text += (text.empty() ? "" : ", ") + printable(key) + " " + to_text(count);
    return text;
}

int show(const json& answer, const std::string& verb) {
    std::string number = cell(answer, "deliveries");
    print(number + (number == "1" ? " delivery " : " deliveries ") + verb + "\n");
    if (number != "0")
        print("  to " + counts(answer, "targets") + "\n  of " + counts(answer, "states") + "\n");
    std::string skipped = counts(answer, "skipped");
    if (!skipped.empty())
        print("left alone, because the target is paused, disabled or no longer configured: " + skipped +
              "\n");
    return done;
}

bool agreed() {
    print("Send them again? [y/N] ");
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

}  // namespace

int retry(const Common& common, const std::string& delivery) {
    return ask(
        common, "POST", "/api/v1/deliveries/" + percent_encode(delivery) + "/retry", {}, "{}",
        [](const json& answer) {
            print(printable(cell(answer, "id") + " is sent again to " + cell(answer, "target")) + "\n");
            return done;
        });
}

int replay(const Common& common, const ReplayOptions& options) {
    auto wish = body_of(options);
    if (!wish) {
        complain(wish.error().message());
        return wrong_usage;
    }
    json body = std::move(*wish);
    json looking = body;
    looking["dry_run"] = true;
    if (options.dry_run)
        return ask(common, "POST", path, {}, to_text(looking),
                   [](const json& answer) { return show(answer, "would be sent again"); });
    // A person sees the number first.
    if (!options.yes && !common.json && isatty(STDIN_FILENO) == 1) {
        bool none = false;
        int code = ask(common, "POST", path, {}, to_text(looking), [&](const json& answer) {
            none = cell(answer, "deliveries") == "0";
            return show(answer, "would be sent again");
        });
        if (code != done || none) return code;
        if (!agreed()) return failed;
    }
    return ask(common, "POST", path, {}, to_text(body),
               [](const json& answer) { return show(answer, "queued to be sent again"); });
}

}  // namespace basewatch::cli
