#include "api/service.hpp"

#include "api/bodies.hpp"
#include "api/explain.hpp"
#include "api/metrics.hpp"
#include "api/problem.hpp"
#include "api/replays.hpp"
#include "api/telling.hpp"
#include "api/views.hpp"
#include "foundation/json.hpp"
#include "foundation/time.hpp"
#include "rebuild/request.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace basewatch::api {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 1000;

net::ServerResponse text_answer(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Result<store::PageRequest> page_of(const net::ServerRequest& request) {
    store::PageRequest page;
    page.cursor = request.parameter("cursor").value_or("");
    if (auto limit = request.parameter("limit")) {
        auto [end, fault] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
        if (fault != std::errc() || end != limit->data() + limit->size() || page.limit < 1 ||
            page.limit > most_rows)
            return Error(ErrorKind::invalid, "`limit` is a number from 1 to " + std::to_string(most_rows));
    }
    return page;
}

// An optional reference among the query's parameters.
Result<std::optional<model::Reference>> reference_of(const net::ServerRequest& request,
                                                     std::string_view name) {
    auto text = request.parameter(name);
    if (!text) return std::optional<model::Reference>();
    auto reference = model::Reference::parse(*text);
    if (!reference) return reference.error();
    return std::optional<model::Reference>(*reference);
}

template <class Row>
net::ServerResponse page_answer(const Result<store::Page<Row>>& page) {
    if (!page) return problem(page.error());
    Json items = Json::array();
    for (const auto& row : page->rows) items.push_back(view(row));
    Json body{{"items", std::move(items)}};
    if (!page->cursor.empty()) body["cursor"] = page->cursor;
    return json_answer(body);
}

std::string reasons() {
    std::string text;
    for (auto reason : model::delivery_reasons) text.append(text.empty() ? "" : ", ").append(reason);
    return text;
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// With what its registry's mirrors say of it.
Json base_view(const model::BaseState& state, const watch::Watcher& watcher,
               const registry::RegistryClient& registry, const rules::PlanningTable& planning) {
    auto out = view(state, watcher.next_check(state.reference), watcher.asked_every(state.reference),
                    rules::pins_of(state.reference.text(), planning));
    if (auto lag = registry.mirror_lag(state.reference)) out["mirror"] = view(*lag);
    return out;
}

}  // namespace

// Whether a path is this entry's: `*` stands for one part, an id.
bool fits(std::string_view pattern, std::string_view path) {
    auto star = pattern.find('*');
    if (star == std::string_view::npos) return path == pattern;
    auto before = pattern.substr(0, star), after = pattern.substr(star + 1);
    if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
        return false;
    auto id = path.substr(star, path.size() - before.size() - after.size());
    return id.find('/') == std::string_view::npos;
}

struct Service::Entry {
    std::string_view method;
    std::string_view path;
    Scope needed;
    Route route;
};

const std::vector<Service::Entry>& Service::entries() {
    static const std::vector<Entry> table{
        {"GET", "/livez", Scope::none, &Service::live},
        {"GET", "/readyz", Scope::none, &Service::ready},
        {"GET", "/metrics", Scope::read, &Service::metrics},
        {"GET", "/api/v1/status", Scope::read, &Service::status},
        {"GET", "/api/v1/registries", Scope::read, &Service::registries},
        {"GET", "/api/v1/bases", Scope::read, &Service::bases},
        {"GET", "/api/v1/changes", Scope::read, &Service::changes},
        {"GET", "/api/v1/changes/*", Scope::read, &Service::one_change},
        {"GET", "/api/v1/deliveries", Scope::read, &Service::deliveries},
        {"GET", "/api/v1/deliveries/*", Scope::read, &Service::one_delivery},
        {"GET", "/api/v1/rebuilds", Scope::read, &Service::rebuilds},
        {"GET", "/api/v1/rebuilds/*", Scope::read, &Service::one_rebuild},
        {"GET", "/api/v1/rules", Scope::read, &Service::rules},
        {"GET", "/api/v1/targets", Scope::read, &Service::targets},
        {"GET", "/api/v1/explain", Scope::read, &Service::explain},
        {"POST", "/api/v1/checks", Scope::operate, &Service::check},
        {"POST", "/api/v1/rebuilds", Scope::operate, &Service::request_rebuild},
        {"POST", "/api/v1/deliveries/*/retry", Scope::operate, &Service::retry},
        {"POST", "/api/v1/replays", Scope::operate, &Service::replay},
        {"POST", "/api/v1/pause", Scope::operate, &Service::pause},
        {"POST", "/api/v1/resume", Scope::operate, &Service::resume},
        {"POST", "/api/v1/mute", Scope::operate, &Service::mute},
    };
    return table;
}

Service::Service(Clock& clock, store::Store& store, watch::Watcher& watcher, dispatch::Dispatcher& dispatcher,
                 registry::RegistryClient& registry, UlidSource& ids)
    : clock_(clock),
      store_(store),
      watcher_(watcher),
      dispatcher_(dispatcher),
      registry_(registry),
      ids_(ids),
      started_at_(clock.now()) {}

Async<net::ServerResponse> Service::answer(net::ServerRequest request) {
    auto table = table_;  // a reload while this request is answered changes nothing for it
    const Entry* found = nullptr;
    bool path_known = false;
    for (const auto& entry : entries()) {
        if (!fits(entry.path, request.path)) continue;
        path_known = true;
        if (entry.method == request.method || (entry.method == "GET" && request.method == "HEAD"))
            found = &entry;
    }
    // A stranger learns nothing about which paths there are.
    auto refusal = refuse(request, found != nullptr ? found->needed : Scope::read, table->access);
    if (refusal) co_return std::move(*refusal);
    if (found == nullptr && path_known)
        co_return problem(405, "Method not allowed", "this path does not take " + request.method);
    if (found == nullptr) co_return problem(404, "Not found", "this path is not in this version");
    auto response = co_await (this->*found->route)(std::move(request));
    co_return response;
}

Async<net::ServerResponse> Service::live(net::ServerRequest) {
    co_return text_answer(200, "ok\n");
}

Async<net::ServerResponse> Service::ready(net::ServerRequest) {
    if (!ready_) co_return text_answer(503, "not ready\n");
    auto answered = co_await store_.counts();
    if (!answered) co_return text_answer(503, "the state cannot be read\n");
    co_return store_.trouble() ? text_answer(503, "the state cannot be written\n") : text_answer(200, "ok\n");
}

Async<net::ServerResponse> Service::metrics(net::ServerRequest) {
    auto counts = co_await store_.counts();
    if (!counts) co_return problem(counts.error());
    MetricsInput input;
    input.started_at = started_at_;
    input.counts = std::move(*counts);
    input.commits = store_.commits();
    input.state_writable = !store_.trouble();
    input.progress = watcher_.progress();
    input.targets = dispatcher_.reports();
    input.hosts = registry_.reports();
    input.mirrors = registry_.mirrors();
    input.bases = input.progress.watched;
    input.failing_bases = input.progress.failing;
    co_return net::ServerResponse{
        200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics_text(input)};
}

Async<net::ServerResponse> Service::status(net::ServerRequest) {
    auto counts = co_await store_.counts();
    if (!counts) co_return problem(counts.error());
    auto mutes = co_await store_.mutes(clock_.now());
    if (!mutes) co_return problem(mutes.error());
    auto progress = watcher_.progress();
    Json body{
        {"version", BASEWATCH_VERSION},
        {"state", ready_ ? "ready" : "starting or stopping"},
        {"started_at", rfc3339(started_at_)},
        {"state_file", store_.path()},
        {"bases", {{"watched", progress.watched}, {"failing", progress.failing}, {"due", progress.due_now}}},
        {"checks", {{"made", progress.checks}, {"failed", progress.failures}}}};
    if (auto trouble = store_.trouble()) body["state_trouble"] = trouble->message();
    auto patterns = watcher_.patterns();
    auto failing = std::count_if(patterns.begin(), patterns.end(),
                                 [](const auto& pattern) { return pattern.failing_since.has_value(); });
    body["patterns"] = {{"watched", patterns.size()}, {"failing", failing}};
    if (const auto& pinned = table_->planning->pins; !pinned.empty()) {
        auto late = std::count_if(pinned.begin(), pinned.end(), [&](const auto& one) {
            auto base = model::Reference::parse(one.first);
            auto state = base ? watcher_.state(*base) : std::nullopt;
            return state && behind(one.second, state->current.digest).value_or(false);
        });
        body["bases"]["pinned"] = pinned.size();
        body["bases"]["pins_behind"] = late;
    }
    if (progress.checks > 0) body["checks"]["last"] = rfc3339(progress.last_check);
    body["changes"] = counts->changes;
    body["rebuilds"] = counts->rebuilds;
    Json deliveries = Json::object();
    for (const auto& [state, count] : counts->deliveries) deliveries[state] = count;
    body["deliveries"] = std::move(deliveries);
    Json mirrors = Json::array(), targets = Json::array();
    for (const auto& mirror : registry_.mirrors()) mirrors.push_back(view(mirror));
    for (const auto& target : dispatcher_.reports()) targets.push_back(view(target));
    Json muted = Json::array();
    for (const auto& mute : *mutes)
        muted.push_back({{"subject", mute.subject}, {"until", rfc3339(mute.until)}});
    body["mutes"] = std::move(muted);
    body["registries"] = registry_views();
    body["mirrors"] = std::move(mirrors);
    body["targets"] = std::move(targets);
    co_return json_answer(body);
}

Async<net::ServerResponse> Service::registries(net::ServerRequest) {
    co_return json_answer({{"items", registry_views()}});
}

nlohmann::ordered_json Service::registry_views() const {
    Json items = Json::array();
    auto paces = watcher_.paces();
    for (const auto& host : registry_.reports()) {
        auto pace = paces.find(host.host);
        items.push_back(view(host, pace == paces.end() ? std::nullopt : std::optional(pace->second)));
    }
    return items;
}

Async<net::ServerResponse> Service::bases(net::ServerRequest request) {
    auto page = page_of(request);
    if (!page) co_return problem(page.error());
    auto wanted = reference_of(request, "reference");
    if (!wanted) co_return problem(wanted.error());
    if (*wanted) {
        auto base = watcher_.watched_as(**wanted);
        if (!base) co_return problem(404, "Not found", (*wanted)->text() + " is not watched");
        co_return json_answer(base_view(*watcher_.state(*base), watcher_, registry_, *table_->planning));
    }
    // The cursor is the last reference of the page before, and the order is the references' own: as text
    // `base-image:1` would come before `base:1`.
    std::optional<model::Reference> last;
    if (!page->cursor.empty()) {
        auto parsed = model::Reference::parse(page->cursor);
        if (!parsed) co_return problem(400, "Bad request", "this cursor was not given out by this list");
        last = *parsed;
    }
    auto states = watcher_.states();
    std::sort(states.begin(), states.end(),
              [](const auto& a, const auto& b) { return a.reference < b.reference; });
    Json items = Json::array();
    std::string cursor;
    for (const auto& state : states) {
        if (last && state.reference <= *last) continue;
        if (items.size() == page->limit) {
            cursor = items.back()["reference"].get<std::string>();
            break;
        }
        items.push_back(base_view(state, watcher_, registry_, *table_->planning));
    }
    Json body{{"items", std::move(items)}};
    if (!cursor.empty()) body["cursor"] = cursor;
    if (!last) {
        body["patterns"] = Json::array();
        for (const auto& pattern : watcher_.patterns()) body["patterns"].push_back(view(pattern));
    }
    co_return json_answer(body);
}

Async<net::ServerResponse> Service::changes(net::ServerRequest request) {
    auto page = page_of(request);
    if (!page) co_return problem(page.error());
    auto base = reference_of(request, "reference");
    if (!base) co_return problem(base.error());
    auto wanted = *base;
    if (wanted) wanted = watcher_.watched_as(*wanted).value_or(*wanted);
    auto rows = co_await store_.changes(*page, wanted);
    co_return page_answer(rows);
}

Async<net::ServerResponse> Service::deliveries(net::ServerRequest request) {
    auto page = page_of(request);
    if (!page) co_return problem(page.error());
    store::DeliveryFilter filter;
    filter.target = request.parameter("target").value_or("");
    filter.event_id = request.parameter("event").value_or("");
    filter.state = request.parameter("state").value_or("");
    if (!filter.state.empty() && !model::delivery_state(filter.state))
        co_return problem(400, "Bad request", "`state` is one of pending, sending, waiting, delivered, dead");
    filter.reason = request.parameter("reason").value_or("");
    if (!filter.reason.empty() && !model::is_delivery_reason(filter.reason))
        co_return problem(400, "Bad request", "`reason` is one of " + reasons());
    auto dependent = reference_of(request, "dependent");
    if (!dependent) co_return problem(dependent.error());
    if (*dependent) filter.dependent = (*dependent)->text();
    auto rows = co_await store_.deliveries(*page, filter);
    auto targets = dispatcher_.reports();
    if (rows)
        for (auto& delivery : rows->rows) hold_by_target(delivery, targets);
    co_return page_answer(rows);
}

Async<net::ServerResponse> Service::rebuilds(net::ServerRequest request) {
    auto page = page_of(request);
    if (!page) co_return problem(page.error());
    auto dependent = reference_of(request, "dependent");
    if (!dependent) co_return problem(dependent.error());
    auto rows = co_await store_.rebuilds(*page, *dependent);
    co_return page_answer(rows);
}

Async<net::ServerResponse> Service::rules(net::ServerRequest) {
    auto rows = co_await store_.rules();
    if (!rows) co_return problem(rows.error());
    Json items = Json::array();
    for (const auto& rule : *rows) items.push_back(view(rule));
    co_return json_answer({{"items", std::move(items)}});
}

Async<net::ServerResponse> Service::targets(net::ServerRequest) {
    Json items = Json::array();
    for (const auto& target : dispatcher_.reports()) items.push_back(view(target));
    co_return json_answer({{"items", std::move(items)}});
}

Async<net::ServerResponse> Service::one_change(net::ServerRequest request) {
    auto change = co_await store_.change(last_part(request.path));
    co_return change ? json_answer(view(*change)) : problem(change.error());
}

Async<net::ServerResponse> Service::one_delivery(net::ServerRequest request) {
    std::string id = last_part(request.path);
    auto delivery = co_await store_.delivery(id);
    if (!delivery) co_return problem(delivery.error());
    auto attempts = co_await store_.attempts(id);
    if (!attempts) co_return problem(attempts.error());
    hold_by_target(*delivery, dispatcher_.reports());
    Json body = view(*delivery);
    body["log"] = Json::array();
    for (const auto& attempt : *attempts) body["log"].push_back(view(attempt));
    auto joined = co_await store_.joined_events(id);
    if (!joined) co_return problem(joined.error());
    if (!joined->empty()) body["joined_events"] = *joined;
    co_return json_answer(body);
}

Async<net::ServerResponse> Service::one_rebuild(net::ServerRequest request) {
    auto rebuild = co_await store_.rebuild(last_part(request.path));
    co_return rebuild ? json_answer(view(*rebuild)) : problem(rebuild.error());
}

Async<net::ServerResponse> Service::explain(net::ServerRequest request) {
    auto id = request.parameter("id");
    auto planning = table_->planning;
    if (id) {
        auto story = co_await explain_id(*id, store_, planning, dispatcher_.reports(), clock_.now());
        co_return story ? json_answer(**story) : problem(story.error());
    }
    auto reference = reference_of(request, "reference");
    if (!reference) co_return problem(reference.error());
    if (!*reference) co_return problem(400, "Bad request", "say what to explain: `?id=` or `?reference=`");
    auto story = co_await explain_reference(**reference, store_, watcher_, planning, dispatcher_.reports(),
                                            clock_.now());
    co_return story ? json_answer(**story) : problem(story.error());
}

Async<net::ServerResponse> Service::check(net::ServerRequest request) {
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    auto reference = model::Reference::parse(string_member(*body, "reference").value_or(""));
    if (!reference) co_return problem(reference.error());
    auto report = co_await watcher_.check_now(*reference, model::DetectedBy::request);
    co_return report ? json_answer(view(*report)) : problem(report.error());
}

Async<net::ServerResponse> Service::request_rebuild(net::ServerRequest request) {
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    rebuild::Wish wish{string_member(*body, "dependent").value_or(""),
                       string_member(*body, "base").value_or(""),
                       string_member(*body, "reason").value_or("")};
    auto planning = table_->planning;
    auto asked =
        co_await rebuild::request(std::move(wish), planning, watcher_.states(), store_, ids_, clock_.now());
    if (!asked) co_return problem(asked.error());
    dispatcher_.notify(asked->targets);
    Json items = Json::array();
    for (const auto& one : asked->rebuilds) items.push_back(view(one));
    co_return json_answer({{"items", std::move(items)}, {"deliveries", asked->deliveries}}, 202);
}

Async<net::ServerResponse> Service::retry(net::ServerRequest request) {
    auto who = caller(request, table_->access);
    auto path = request.path.substr(0, request.path.rfind('/'));
    auto answer = co_await answer_retry(last_part(path), std::move(who), dispatcher_);
    co_return answer ? json_answer(**answer, 202) : problem(answer.error());
}

Async<net::ServerResponse> Service::replay(net::ServerRequest request) {
    auto who = caller(request, table_->access);
    auto body = body_of(request);
    if (!body) co_return problem(body.error());
    auto wish = read_replay_wish(*body);
    if (!wish) co_return problem(wish.error());
    int status = wish->dry_run ? 200 : 202;
    auto answer = co_await answer_replay(std::move(*wish), std::move(who), dispatcher_);
    co_return answer ? json_answer(**answer, status) : problem(answer.error());
}

}  // namespace basewatch::api
