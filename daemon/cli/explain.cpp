#include "cli/daemon_client.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace basewatch::cli {

namespace {

using nlohmann::json;

bool is_id(const std::string& text) {
    static constexpr std::array<std::string_view, 4> prefixes{"chg_", "evt_", "dlv_", "rbd_"};
    for (auto prefix : prefixes)
        if (text.starts_with(prefix)) return true;
    return false;
}

int show_story(const json& answer) {
    print(printable(cell(answer, "subject")) + "\n");
    if (const auto* story = array_member(answer, "story"))
        for (const auto& line : *story) {
            print("  " + cell(line, "time") + "  " + printable(cell(line, "what")) + "\n");
            const auto* detail = object_member(line, "detail");
            std::string more = detail == nullptr ? "" : cell(*detail, "detail");
            if (!more.empty()) print("      " + printable(more) + "\n");
        }
    if (const auto* now = array_member(answer, "now"); now != nullptr && !now->empty()) {
        print("now\n");
        for (const auto& line : *now)
            if (line.is_string()) print("  " + printable(line.get<std::string>()) + "\n");
    }
    return done;
}

}  // namespace

int explain(const Common& common, const std::string& what) {
    return ask(common, "GET", "/api/v1/explain", {{is_id(what) ? "id" : "reference", what}}, "", show_story);
}

}  // namespace basewatch::cli
