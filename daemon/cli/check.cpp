#include "api/views.hpp"
#include "app/parts.hpp"
#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "foundation/time.hpp"
#include "rules/tag_filter.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>

namespace basewatch::cli {

namespace {

using Outcome = watch::CheckReport::Outcome;

// What is kept of a report until all can be printed.
struct Checked {
    Outcome outcome = Outcome::failed;
    std::string base;
    std::string detail;  // for people, or with --json the whole report
};

// There may be 100,000 of them, so they stand one behind the other.
class AllChecked {
public:
    void reserve(std::size_t count) { places_.reserve(count); }
    void put(std::size_t place, const Checked& checked) {
        // The patterns may have come to stand for more.
        if (place >= places_.size()) places_.resize(place + 1);
        std::size_t size = checked.base.size() + checked.detail.size();
        if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < size)
            texts_.emplace_back().reserve(std::max(size, block));
        auto& text = texts_.back();
        places_[place] = {text.data() + text.size(), static_cast<std::uint32_t>(checked.base.size()),
                          static_cast<std::uint32_t>(checked.detail.size()), checked.outcome};
        text.append(checked.base).append(checked.detail);
    }
    void add(const Checked& checked) { put(places_.size(), checked); }

    std::size_t size() const { return places_.size(); }
    Checked at(std::size_t place) const {
        const auto& [text, base, detail, outcome] = places_[place];
        return {outcome, std::string(text, base), std::string(text + base, detail)};
    }
    bool any(Outcome outcome) const {
        return std::ranges::any_of(places_, [&](const Place& one) { return one.outcome == outcome; });
    }

private:
    static constexpr std::size_t block = 65'536;
    struct Place {
        const char* text = "";
        std::uint32_t base = 0;    // bytes
        std::uint32_t detail = 0;  // bytes, behind those
        Outcome outcome = Outcome::failed;
    };
    std::vector<Place> places_;
    std::deque<std::string> texts_;  // never grown beyond what was reserved
};

struct Sweep {
    AllChecked checked;  // in the table's order
    std::vector<watch::PatternReport> patterns;
    dispatch::Dispatcher::DrainReport deliveries;
    std::string fault;
};

bool may_be_found(const watch::WatchTable& table, const std::string& name) {
    auto reference = model::Reference::parse(name);
    return reference &&
           std::any_of(table.patterns.begin(), table.patterns.end(), [&](const watch::Pattern& pattern) {
               return pattern.each.base.name() == reference->name() && pattern.chosen.fits(reference->tag());
           });
}

// Keeps the bases that were asked for; false, told, when one of them is not watched.
bool narrow(app::Configuration& configuration, const std::vector<std::string>& references) {
    if (references.empty()) return true;
    std::vector<std::string> wanted;
    for (const auto& text : references) {
        auto reference = read_reference(text);
        if (!reference) return false;
        wanted.push_back(watch::tag_of(*reference).text());
    }
    for (const auto& name : wanted) {
        const auto& bases = configuration.watch->bases;
        bool watched = std::any_of(bases.begin(), bases.end(),
                                   [&](const watch::Watched& one) { return one.base.text() == name; }) ||
                       may_be_found(*configuration.watch, name);
        if (!watched) complain(name + " is not watched: name it under `watch:` or in a rule");
        if (!watched) return false;
    }
    return true;
}

// Where a pin of the base is not what its tag points to.
std::string pins_in_words(const watch::CheckReport& report, const rules::PlanningTable& planning) {
    std::string text;
    for (const auto& pin : rules::pins_of(report.base.text(), planning))
        if (!report.after.empty() && pin.digest != report.after)
            text += "; the pin " + pin.digest.short_text() + " (" + pin.by + ") is behind";
    return text;
}

std::string in_words(const watch::CheckReport& report) {
    if (report.outcome == Outcome::failed) return report.error;
    if (report.outcome == Outcome::baseline) return "first sight: " + report.after.short_text();
    if (report.outcome == Outcome::unchanged) return report.after.short_text();
    if (report.outcome == Outcome::held)
        return report.before.short_text() + " -> " + report.after.short_text() + ", held until " +
               rfc3339(report.held_until) + ": " + report.held_because;
    std::string kinds;
    for (const auto& change : report.changes) {
        kinds += (kinds.empty() ? "" : ", ") + std::string(model::to_string(change.kind));
        for (const auto& tag : change.newer_tags) kinds += " " + tag;
    }
    if (report.before == report.after || report.before.empty() || report.after.empty())
        return kinds + ": " + (report.after.empty() ? report.before : report.after).short_text();
    return kinds + ": " + report.before.short_text() + " -> " + report.after.short_text();
}

Checked kept_of(const watch::CheckReport& report, const rules::PlanningTable& planning, bool json) {
    if (!json)
        return {report.outcome, report.base.familiar(), in_words(report) + pins_in_words(report, planning)};
    auto row = api::view(report);
    if (auto late = api::behind(rules::pins_of(report.base.text(), planning), report.after))
        row["pin"] = *late ? "behind" : "current";
    return {report.outcome, report.base.familiar(), row.dump()};
}

Async<Sweep> sweep(app::Parts& parts, app::Configuration& configuration, std::vector<std::string> references,
                   bool json) {
    Sweep swept;
    auto planning = configuration.watch->planning;
    auto used = co_await parts.use(configuration);
    if (!used) {
        swept.fault = used.error().message();
        co_return swept;
    }
    if (references.empty()) {
        swept.checked.reserve(parts.watcher.progress().watched);
        auto keep = [&](std::size_t place, const watch::CheckReport& report) {
            swept.checked.put(place, kept_of(report, *planning, json));
        };
        co_await parts.watcher.check_all(model::DetectedBy::request, keep);
    } else {
        for (const auto& text : references) {
            auto report =
                co_await parts.watcher.check_now(*model::Reference::parse(text), model::DetectedBy::request);
            if (!report) swept.fault = report.error().message();
            if (report) swept.checked.add(kept_of(*report, *planning, json));
        }
    }
    swept.patterns = parts.watcher.patterns();
    swept.deliveries = co_await parts.dispatcher.drain_once();
    co_return swept;
}

void show(const Common& common, const Sweep& swept, const std::string& state_file) {
    if (common.json) {
        nlohmann::ordered_json body{{"state_file", state_file}, {"checks", nlohmann::ordered_json::array()}};
        for (std::size_t i = 0; i < swept.checked.size(); ++i)
            body["checks"].push_back(nlohmann::ordered_json::parse(swept.checked.at(i).detail));
        body["patterns"] = nlohmann::ordered_json::array();
        for (const auto& pattern : swept.patterns) body["patterns"].push_back(api::view(pattern));
        body["deliveries"] = {{"delivered", swept.deliveries.delivered},
                              {"failed", swept.deliveries.failed},
                              {"failures", swept.deliveries.failures}};
        print(body.dump(2) + "\n");
        return;
    }
    const std::vector<std::string> heading{"BASE", "OUTCOME", "DETAIL"};
    auto row = [&](std::size_t place) -> std::vector<std::string> {
        auto checked = swept.checked.at(place);
        return {checked.base, std::string(api::outcome_name(checked.outcome)), checked.detail};
    };
    Table table(heading);
    for (std::size_t i = 0; i < swept.checked.size(); ++i) table.measure(row(i));
    print(table.line(heading));
    for (std::size_t i = 0; i < swept.checked.size(); ++i) print(table.line(row(i)));
    Table patterns({"REPOSITORY", "PATTERN", "BASES", "OF TAGS", "ERROR"});
    for (const auto& pattern : swept.patterns)
        patterns.add({pattern.repository.name(), rules::in_words(pattern.tags),
                      std::to_string(pattern.bases.size()), std::to_string(pattern.listed), pattern.error});
    if (!patterns.empty()) print("\n" + patterns.text());
    print("state: " + state_file + "; deliveries: " + std::to_string(swept.deliveries.delivered) +
          " delivered, " + std::to_string(swept.deliveries.failed) + " failed\n");
    for (const auto& failure : swept.deliveries.failures) complain(failure);
}

}  // namespace

int check(const Common& common, const std::vector<std::string>& references, bool fail_on_change) {
    auto configuration = read_configuration(common);
    if (!configuration || !narrow(*configuration, references)) return wrong_usage;
    app::Outside outside(configuration->settings.registries);
    const std::string& state_file = configuration->settings.daemon.state;
    auto store = store::Store::open(state_file, outside.loop.get_executor());
    if (!store) {
        bool held = store.error().kind() == ErrorKind::conflict;
        complain(store.error().message() +
                 (held ? "; while a daemon runs, use `basewatch check-now REF`" : ""));
        return failed;
    }
    app::Parts parts(outside, std::move(*store));
    auto swept = outside.wait_for(sweep(parts, *configuration, references, common.json));
    show(common, swept, state_file);
    if (!swept.fault.empty()) complain(swept.fault);
    bool unlisted = std::any_of(swept.patterns.begin(), swept.patterns.end(),
                                [](const auto& pattern) { return !pattern.error.empty(); });
    if (!swept.fault.empty() || unlisted || swept.checked.any(Outcome::failed) || swept.deliveries.failed > 0)
        return failed;
    return fail_on_change && swept.checked.any(Outcome::changed) ? something_changed : done;
}

}  // namespace basewatch::cli
