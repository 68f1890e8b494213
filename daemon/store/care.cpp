// Forgetting: rows that are older than the retention go, oldest first and from the leaves to the root, so
// that what is left always hangs together.

#include "foundation/json.hpp"
#include "store/rows.hpp"
#include "store/worker.hpp"

#include <set>

namespace basewatch::store {

namespace {

// Each is bound with a time and a limit, and names the rows that may go.
struct Step {
    const char* find;
    const char* remove;
};

constexpr Step deliveries{
    "SELECT seq FROM deliveries WHERE state IN ('delivered', 'dead') AND created_at < ? "
    "ORDER BY created_at LIMIT ?",
    "DELETE FROM deliveries WHERE seq = ?"};
// A rebuild is as old as its asking, and open as long as its event has deliveries.
constexpr Step rebuilds{
    "SELECT seq FROM rebuilds WHERE requested_at < ? AND NOT EXISTS "
    "(SELECT 1 FROM deliveries WHERE deliveries.event_id = rebuilds.event_id) ORDER BY requested_at LIMIT ?",
    "DELETE FROM rebuilds WHERE seq = ?"};
constexpr Step events{
    "SELECT seq FROM events WHERE time < ? AND NOT EXISTS "
    "(SELECT 1 FROM deliveries WHERE deliveries.event_id = events.id) AND NOT EXISTS "
    "(SELECT 1 FROM rebuilds WHERE rebuilds.event_id = events.id) AND NOT EXISTS "
    "(SELECT 1 FROM joined_events WHERE joined_events.event_id = events.id) ORDER BY time LIMIT ?",
    "DELETE FROM events WHERE seq = ?"};
constexpr Step changes{
    "SELECT seq FROM changes WHERE detected_at < ? AND NOT EXISTS "
    "(SELECT 1 FROM events WHERE events.change_id = changes.id) ORDER BY detected_at LIMIT ?",
    "DELETE FROM changes WHERE seq = ?"};
// An observation ages from when it was replaced or its base forgotten: what a base pointed to for years is
// still its past a day later. One that a change tells of stays as long as the change.
constexpr Step observations{
    "SELECT seq FROM observations WHERE replaced_at < ? AND NOT EXISTS "
    "(SELECT 1 FROM bases WHERE bases.observation = observations.seq) AND NOT EXISTS "
    "(SELECT 1 FROM changes WHERE changes.base = observations.base AND "
    "changes.before_digest = observations.digest) ORDER BY replaced_at LIMIT ?",
    "DELETE FROM observations WHERE seq = ?"};

std::vector<std::int64_t> found(Connection& connection, const Step& step, Time time, std::size_t limit) {
    std::vector<std::int64_t> rows;
    Query row(connection, step.find, time, limit);
    while (row.next()) rows.push_back(row.integer());
    return rows;
}

void remove(Connection& connection, const Step& step, const std::vector<std::int64_t>& rows) {
    for (auto seq : rows) Query(connection, step.remove, seq).run();
}

std::set<std::string> manifests(Connection& connection, const std::vector<std::int64_t>& observations) {
    std::set<std::string> digests;
    for (auto seq : observations) {
        Query row(connection, "SELECT platforms FROM observations WHERE seq = ?", seq);
        if (!row.next()) continue;
        for (const auto& [platform, digest] : manifests_of(row.text())) digests.insert(digest.text());
    }
    return digests;
}

// What images are is kept as long as an observation names them; tags share them.
void forget_images(Connection& connection, std::set<std::string> digests) {
    if (digests.empty()) return;
    {
        Query row(connection,
                  "SELECT DISTINCT json_extract(manifest.value, '$[4]') FROM observations, "
                  "json_each(observations.platforms) AS manifest");
        while (!digests.empty() && row.next()) digests.erase(row.text());
    }
    for (const auto& digest : digests) Query(connection, "DELETE FROM images WHERE digest = ?", digest).run();
}

Result<std::int64_t> drop(Connection& connection, Time time, std::size_t limit) {
    std::size_t dropped = 0;
    for (const auto* step : {&deliveries, &rebuilds, &events, &changes}) {
        auto rows = found(connection, *step, time, limit - dropped);
        remove(connection, *step, rows);
        dropped += rows.size();
    }
    auto old = found(connection, observations, time, limit - dropped);
    auto orphans = manifests(connection, old);
    remove(connection, observations, old);
    forget_images(connection, std::move(orphans));
    return static_cast<std::int64_t>(dropped + old.size());
}

}  // namespace

Async<Result<std::int64_t>> Store::drop_older_than(Time time, std::size_t limit) {
    return worker_->write<std::int64_t>(
        [time, limit](Connection& connection) { return drop(connection, time, limit); });
}

}  // namespace basewatch::store
