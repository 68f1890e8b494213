// The verbs that ask a running daemon to do something.
#include "cli/daemon_client.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

using nlohmann::json;

int check_now(const Common& common, const std::string& reference) {
    json body{{"reference", reference}};
    auto show = [](const json& answer) {
        std::string line = cell(answer, "reference") + ": " + cell(answer, "outcome");
        std::string before = digest_cell(answer, "old"), after = digest_cell(answer, "new");
        if (!before.empty() && before != after) line += " " + before + " -> " + after;
        if (before == after && !after.empty()) line += " " + after;
        std::string error = cell(answer, "error");
        if (!error.empty()) line += ": " + error;
        print(printable(line) + "\n");
        return done;
    };
    auto judge = [](const json& answer) { return cell(answer, "error").empty() ? done : failed; };
    return ask(common, "POST", "/api/v1/checks", {}, to_text(body), show, judge);
}

int rebuild(const Common& common, const std::string& dependent, const std::string& base,
            const std::string& reason) {
    json body{{"reason", reason}};
    if (!dependent.empty()) body["dependent"] = dependent;
    if (!base.empty()) body["base"] = base;
    return ask(common, "POST", "/api/v1/rebuilds", {}, to_text(body), [](const json& answer) {
        int code = show_items(
            answer, {column("REBUILD", "id"), column("DEPENDENT", "dependent"), column("BASE", "base")},
            "nothing was asked for");
        auto queued = cell(answer, "deliveries");
        print(queued + (queued == "1" ? " delivery is queued\n" : " deliveries are queued\n"));
        return code;
    });
}

int steer(const Common& common, const std::string& what, const std::string& subject) {
    json body{{"subject", subject}};
    return ask(common, "POST", "/api/v1/" + what, {}, to_text(body), [&](const json& answer) {
        print(printable(cell(answer, "subject")) +
              (what == "pause" ? " is paused\n" : " is sent to again\n"));
        return done;
    });
}

namespace {

// A time as RFC 3339 has it, or so long from now: `2h`, `3d`.
Result<std::string> until_of(const std::string& text) {
    if (auto wait = parse_duration(text)) {
        auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
        return rfc3339(std::chrono::ceil<std::chrono::seconds>(now + *wait));
    }
    if (auto time = parse_rfc3339(text)) return rfc3339(*time);
    return unreadable_time("--until", text);
}

}  // namespace

Error unreadable_time(const std::string& option, const std::string& text) {
    return Error(ErrorKind::invalid, "`" + option + " " + text +
                                         "`: write a duration such as 2h or 3d, or a time such as "
                                         "2026-11-23T17:40:00Z");
}

int mute(const Common& common, const std::string& subject, const std::string& until) {
    auto time = until_of(until);
    if (!time) {
        complain(time.error().message());
        return wrong_usage;
    }
    json body{{"subject", subject}, {"until", *time}};
    return ask(common, "POST", "/api/v1/mute", {}, to_text(body), [](const json& answer) {
        print(printable(cell(answer, "subject")) + " is muted until " + cell(answer, "until") + "\n");
        return done;
    });
}

}  // namespace basewatch::cli
