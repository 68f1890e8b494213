#include "store/invariants.hpp"

#include "store/connection.hpp"
#include "store/schema.hpp"

#include <array>

namespace basewatch::store {

namespace {

constexpr std::size_t most_of_a_kind = 20;

// Each row of the question is a fault; its first column says where.
struct Promise {
    const char* broken;
    const char* question;
};

constexpr std::array promises{
    Promise{
        "an event of a change that does not exist",
        "SELECT id FROM events WHERE change_id IS NOT NULL AND change_id NOT IN (SELECT id FROM changes)"},
    Promise{"an event that is not JSON", "SELECT id FROM events WHERE NOT json_valid(json)"},
    Promise{"a delivery without its event",
            "SELECT id FROM deliveries WHERE event_id NOT IN (SELECT id FROM events)"},
    Promise{"a rebuild without its event",
            "SELECT id FROM rebuilds WHERE event_id IS NOT NULL AND event_id NOT IN (SELECT id FROM events)"},
    Promise{"two deliveries of one event to one target for one dependent",
            "SELECT max(id) FROM deliveries GROUP BY event_id, target, dependent HAVING count(*) > 1"},
    Promise{"an open delivery without a due time",
            "SELECT id FROM deliveries WHERE state IN ('pending', 'sending', 'waiting') AND due_at <= 0"},
    Promise{"a delivery that counts other attempts than were recorded",
            "SELECT id FROM deliveries WHERE attempts <> "
            "(SELECT count(*) FROM attempts WHERE attempts.delivery_id = deliveries.id)"},
    Promise{"a delivery that began anew after attempts that were not made",
            "SELECT id FROM deliveries WHERE attempts_before > attempts OR "
            "(replayed_at IS NULL AND attempts_before <> 0)"},
    Promise{"a delivery that arrived without an attempt",
            "SELECT id FROM deliveries WHERE state = 'delivered' AND attempts = 0"},
    Promise{"a message that was tried and may still grow",
            "SELECT id FROM deliveries WHERE joinable = 1 AND (state = 'sending' OR attempts > 0)"},
    Promise{"a message whose events are not numbered one after the other",
            "SELECT delivery_id FROM joined_events GROUP BY delivery_id "
            "HAVING min(position) <> 0 OR max(position) <> count(*) - 1"},
    Promise{"a message of more events than one holds",
            "SELECT delivery_id FROM joined_events GROUP BY delivery_id HAVING count(*) >= 100"},
    Promise{"a build that is told together with another",
            "SELECT id FROM deliveries WHERE dependent <> '' AND "
            "(joinable = 1 OR id IN (SELECT delivery_id FROM joined_events))"},
    Promise{"a delivery under an id that is kept for another",
            "SELECT own_id FROM joined_events WHERE own_id IN (SELECT id FROM deliveries)"},
    Promise{"a message that was tried and waits for others to join it",
            "SELECT id FROM deliveries WHERE (held_by = 'group' OR held_by LIKE 'group of rule %') AND "
            "(state = 'sending' OR attempts > attempts_before)"},
    Promise{"an event that is told twice to one target",
            "SELECT max(d.id) FROM (SELECT id, event_id, target, dependent FROM deliveries UNION ALL "
            "SELECT j.delivery_id, j.event_id, o.target, o.dependent FROM joined_events j "
            "JOIN deliveries o ON o.id = j.delivery_id) d "
            "GROUP BY d.event_id, d.target, d.dependent HAVING count(*) > 1"},
    Promise{"a base that is not at its newest observation",
            "SELECT reference FROM bases WHERE observation IS NOT NULL AND observation IS NOT "
            "(SELECT max(seq) FROM observations WHERE observations.base = bases.reference)"},
    Promise{"an observation that is marked as replaced while its base is at it",
            "SELECT base FROM observations WHERE replaced_at IS NOT NULL AND "
            "seq IN (SELECT observation FROM bases)"},
    Promise{"an observation that no base is at and that never ages",
            "SELECT base FROM observations WHERE replaced_at IS NULL AND "
            "seq NOT IN (SELECT observation FROM bases WHERE observation IS NOT NULL)"},
    Promise{
        "the same digest observed twice in a row",
        "SELECT base FROM (SELECT base, digest, lag(digest) OVER (PARTITION BY base ORDER BY seq) AS former "
        "FROM observations) WHERE digest = former"},
    // Several changes may come from one observation; a silent new beginning may stand between two.
    Promise{
        "a change that does not go on where the one before it ended",
        "SELECT id FROM (SELECT id, base, before_digest, after_digest, "
        "lag(before_digest) OVER past AS former_before, lag(after_digest) OVER past AS former_after "
        "FROM changes WHERE kind IN ('content', 'reverted', 'metadata', 'platform_added', "
        "'platform_removed') "
        "WINDOW past AS (PARTITION BY base ORDER BY seq)) AS c WHERE "
        "NOT (former_after IS NOT NULL AND before_digest = former_after) AND "
        "NOT (former_before IS NOT NULL AND before_digest = former_before AND after_digest = former_after) "
        "AND "
        "NOT EXISTS (SELECT 1 FROM observations o WHERE o.base = c.base AND o.digest = c.before_digest AND "
        "(o.baseline = 1 OR c.former_after IS NULL))"},
    Promise{"a digest that is held although its base is at it, or that has no base",
            "SELECT s.base FROM settling s LEFT JOIN bases b ON b.reference = s.base "
            "LEFT JOIN observations o ON o.seq = b.observation "
            "WHERE b.seq IS NULL OR (s.digest <> '' AND s.digest = o.digest)"},
    Promise{"a base that moved on from its last change without another one",
            "SELECT b.reference FROM bases b JOIN observations o ON o.seq = b.observation "
            "JOIN changes c ON c.seq = (SELECT max(seq) FROM changes WHERE changes.base = b.reference AND "
            "kind IN ('content', 'reverted', 'metadata', 'platform_added', 'platform_removed')) "
            "WHERE o.digest <> c.after_digest AND o.baseline = 0"},
    Promise{"a count that is wrong",
            "SELECT name FROM tallies WHERE count <> CASE name "
            "WHEN 'bases' THEN (SELECT count(*) FROM bases) "
            "WHEN 'changes' THEN (SELECT count(*) FROM changes) "
            "WHEN 'events' THEN (SELECT count(*) FROM events) "
            "WHEN 'rebuilds' THEN (SELECT count(*) FROM rebuilds) "
            "ELSE (SELECT count(*) FROM deliveries WHERE state = tallies.name) END"},
};

void check_promises(Connection& connection, std::vector<std::string>& broken) {
    for (const auto& promise : promises) {
        Query row(connection, promise.question);
        for (std::size_t i = 0; i < most_of_a_kind && row.next(); ++i)
            broken.push_back(std::string(promise.broken) + ": " + row.text());
    }
}

void check_file(Connection& connection, std::vector<std::string>& broken) {
    {
        Query row(connection, "PRAGMA integrity_check(20)");
        while (row.next()) {
            auto said = row.text();
            if (said != "ok") broken.push_back("the file is damaged: " + said);
        }
    }
    Query row(connection, "PRAGMA foreign_key_check");
    for (std::size_t i = 0; i < most_of_a_kind && row.next(); ++i)
        broken.push_back("a row of " + row.text() + " refers to one that does not exist");
}

}  // namespace

std::vector<std::string> broken_invariants(const std::string& path) {
    std::vector<std::string> broken;
    try {
        Connection connection(path, SQLite::OPEN_READONLY);
        auto version = connection.database().execAndGet("PRAGMA user_version").getInt64();
        if (version != static_cast<std::int64_t>(migrations().size()))
            return {"the file has schema version " + std::to_string(version) +
                    ", which this program does not use"};
        connection.run("BEGIN");  // one moment, whatever is written meanwhile
        check_file(connection, broken);
        check_promises(connection, broken);
        connection.run("COMMIT");
    } catch (const SQLite::Exception& fault) {
        broken.push_back("the file cannot be read: " + error_of(path, fault).message());
    }
    return broken;
}

}  // namespace basewatch::store
