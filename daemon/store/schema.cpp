#include "store/schema.hpp"

#include <array>

namespace basewatch::store {

namespace {

// Times are unix milliseconds. Rows are numbered by `seq` in the order in which they came, which is what
// lists are paged by; ids are what people and programs use.
constexpr const char* version_1 = R"sql(
PRAGMA application_id = 0x42617365;

-- What a base pointed to, one row per observation; the row with the highest seq of a base is its newest.
CREATE TABLE observations (
    seq INTEGER PRIMARY KEY,
    base TEXT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    detailed INTEGER NOT NULL,
    platforms TEXT NOT NULL,      -- JSON: [[os, architecture, variant, os.version, digest], …]
    baseline INTEGER NOT NULL,    -- 1: no change led here (first sight, or a silent new beginning)
    replaced_at INTEGER           -- when another one took its place
) STRICT;
CREATE INDEX observations_of_base ON observations (base);
CREATE INDEX observations_replaced ON observations (replaced_at) WHERE replaced_at IS NOT NULL;

CREATE TABLE bases (
    seq INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    observation INTEGER REFERENCES observations (seq),  -- NULL: never observed
    profile INTEGER NOT NULL,
    checked_at INTEGER NOT NULL,
    failing_since INTEGER,
    failures INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    last_error_kind TEXT NOT NULL,
    told_unreachable INTEGER NOT NULL
) STRICT;
CREATE INDEX bases_of_observation ON bases (observation);

CREATE TABLE images (
    seq INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,       -- JSON: [os, architecture, variant, os.version]
    diff_ids TEXT NOT NULL,       -- JSON
    inherited_config TEXT NOT NULL,
    labels TEXT NOT NULL,         -- JSON: [[name, value], …]
    created TEXT NOT NULL
) STRICT;

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    base TEXT NOT NULL,
    kind TEXT NOT NULL,
    assumed INTEGER NOT NULL,
    before_digest TEXT NOT NULL,
    before_media_type TEXT NOT NULL,
    before_observed_at INTEGER NOT NULL,
    before_detailed INTEGER NOT NULL,
    before_platforms TEXT NOT NULL,
    after_digest TEXT NOT NULL,
    after_media_type TEXT NOT NULL,
    after_observed_at INTEGER NOT NULL,
    after_detailed INTEGER NOT NULL,
    after_platforms TEXT NOT NULL,
    changed_platforms TEXT NOT NULL,  -- JSON
    differences TEXT NOT NULL,        -- JSON
    detected_by TEXT NOT NULL,
    detected_at INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_of_base ON changes (base);
CREATE INDEX changes_by_time ON changes (detected_at);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    time INTEGER NOT NULL,
    change_id TEXT REFERENCES changes (id),
    json TEXT NOT NULL            -- the bytes that are sent, never written twice
) STRICT;
CREATE INDEX events_of_change ON events (change_id) WHERE change_id IS NOT NULL;
CREATE INDEX events_by_time ON events (time);

CREATE TABLE rebuilds (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dependent TEXT NOT NULL,
    base TEXT NOT NULL,
    reason TEXT NOT NULL,
    event_id TEXT REFERENCES events (id),
    deadline INTEGER,
    requested_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX rebuilds_of_dependent ON rebuilds (dependent);
CREATE INDEX rebuilds_of_event ON rebuilds (event_id);
CREATE INDEX rebuilds_by_time ON rebuilds (requested_at);

-- The events behind a rebuild; they may be dropped before it.
CREATE TABLE rebuild_causes (
    rebuild_id TEXT NOT NULL REFERENCES rebuilds (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (rebuild_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    event_id TEXT NOT NULL REFERENCES events (id),
    target TEXT NOT NULL,
    dependent TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    UNIQUE (event_id, target, dependent)
) STRICT;
-- What is to be done stays quick to find however much is done.
CREATE INDEX deliveries_due ON deliveries (target, due_at) WHERE state IN ('pending', 'waiting');
CREATE INDEX deliveries_sending ON deliveries (target) WHERE state = 'sending';
CREATE INDEX deliveries_dead ON deliveries (state) WHERE state = 'dead';
CREATE INDEX deliveries_finished ON deliveries (created_at) WHERE state IN ('delivered', 'dead');
CREATE INDEX deliveries_of_target ON deliveries (target);
CREATE INDEX deliveries_of_dependent ON deliveries (dependent) WHERE dependent <> '';

CREATE TABLE attempts (
    seq INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    status INTEGER NOT NULL,
    remote TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    answer TEXT NOT NULL,
    next TEXT NOT NULL,
    due_at INTEGER,
    UNIQUE (delivery_id, number)
) STRICT;

CREATE TABLE rules (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('file', 'api')),
    body TEXT NOT NULL,           -- JSON
    UNIQUE (origin, name)
) STRICT;

-- How many there are: asked every few seconds, and counting a million rows takes long.
CREATE TABLE tallies (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO tallies VALUES ('bases', 0), ('changes', 0), ('events', 0), ('rebuilds', 0), ('pending', 0),
    ('sending', 0), ('waiting', 0), ('delivered', 0), ('dead', 0);
CREATE TRIGGER bases_added AFTER INSERT ON bases BEGIN
    UPDATE tallies SET count = count + 1 WHERE name = 'bases'; END;
CREATE TRIGGER bases_removed AFTER DELETE ON bases BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = 'bases'; END;
CREATE TRIGGER changes_added AFTER INSERT ON changes BEGIN
    UPDATE tallies SET count = count + 1 WHERE name = 'changes'; END;
CREATE TRIGGER changes_removed AFTER DELETE ON changes BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = 'changes'; END;
CREATE TRIGGER events_added AFTER INSERT ON events BEGIN
    UPDATE tallies SET count = count + 1 WHERE name = 'events'; END;
CREATE TRIGGER events_removed AFTER DELETE ON events BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = 'events'; END;
CREATE TRIGGER rebuilds_added AFTER INSERT ON rebuilds BEGIN
    UPDATE tallies SET count = count + 1 WHERE name = 'rebuilds'; END;
CREATE TRIGGER rebuilds_removed AFTER DELETE ON rebuilds BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = 'rebuilds'; END;
CREATE TRIGGER deliveries_added AFTER INSERT ON deliveries BEGIN
    UPDATE tallies SET count = count + 1 WHERE name = new.state; END;
CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON deliveries WHEN old.state <> new.state BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = old.state;
    UPDATE tallies SET count = count + 1 WHERE name = new.state; END;
CREATE TRIGGER deliveries_removed AFTER DELETE ON deliveries BEGIN
    UPDATE tallies SET count = count - 1 WHERE name = old.state; END;
)sql";

// What came after the first state that anybody kept; each part of the program has its block.
constexpr const char* version_2 = R"sql(
-- How each target fares, over restarts; a target that has always been well has no row.
CREATE TABLE target_health (
    target TEXT PRIMARY KEY,
    failing_since INTEGER,        -- the first failed attempt since the last that arrived
    failures INTEGER NOT NULL,
    disabled_at INTEGER,
    reason TEXT NOT NULL,
    paused_at INTEGER
) STRICT, WITHOUT ROWID;

-- What is held back of a base's answers, and which two of them take turns; a base without has no row.
CREATE TABLE settling (
    base TEXT PRIMARY KEY,
    digest TEXT NOT NULL,         -- '': nothing is held
    media_type TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    detailed INTEGER NOT NULL,
    platforms TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    because TEXT NOT NULL,
    left_digest TEXT NOT NULL,
    left_at INTEGER NOT NULL,
    one_digest TEXT NOT NULL,     -- '': they do not take turns
    other_digest TEXT NOT NULL,
    flapped_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a forgotten base pointed to is the past too, and ages from now on where nobody noted since when.
UPDATE observations SET replaced_at = unixepoch() * 1000 WHERE replaced_at IS NULL
    AND seq NOT IN (SELECT observation FROM bases WHERE observation IS NOT NULL);

-- Why a delivery failed last, as a class.
ALTER TABLE deliveries ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE attempts SET reason = 'blocked address' WHERE reason = 'blocked';
UPDATE deliveries SET reason = coalesce((SELECT a.reason FROM attempts a WHERE a.delivery_id = deliveries.id
    ORDER BY a.number DESC LIMIT 1), '') WHERE state IN ('waiting', 'dead');
UPDATE deliveries SET reason = 'target removed'
    WHERE state = 'dead' AND last_error = 'the target is no longer configured';

-- What somebody asked to be sent again. Lanes: 0 is served first, 9 (replays of many) when nothing else is due.
ALTER TABLE deliveries ADD COLUMN replayed_at INTEGER;
ALTER TABLE deliveries ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;

-- What rules said of a change by their `when`.
CREATE TABLE conditions (
    seq INTEGER PRIMARY KEY,
    change_id TEXT NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('wanted', 'unwanted', 'failed')),
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX conditions_of_change ON conditions (change_id);

-- What each registry's host taught us, how fast it may be asked, and what was read of what it counts.
CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    address TEXT NOT NULL,        -- that it was learned of: scheme and authority
    profile INTEGER NOT NULL,
    facts TEXT NOT NULL,          -- JSON: [{name, value, since, until}, …]
    rate_share REAL NOT NULL,     -- of the configured rate, at slowed_at
    slowed_at INTEGER NOT NULL,
    paused_until INTEGER,
    refusals INTEGER NOT NULL,
    shut_until INTEGER,           -- left alone after its failures
    shuts INTEGER NOT NULL,       -- in a row
    pulls_limit INTEGER,
    pulls_remaining INTEGER,
    pulls_heard_at INTEGER NOT NULL,
    pulls_window INTEGER NOT NULL,  -- seconds
    pulls_source TEXT NOT NULL,
    pulls_unlimited INTEGER NOT NULL,
    pulls TEXT NOT NULL           -- JSON: our own, [{last, count}, …]
) STRICT, WITHOUT ROWID;

-- The tags that a repository is known with; one that was never listed has no row.
CREATE TABLE tag_lists (
    seq INTEGER PRIMARY KEY,
    repository TEXT NOT NULL UNIQUE,  -- without a tag
    revision INTEGER NOT NULL,        -- counts what is written
    listed_at INTEGER NOT NULL,
    tags TEXT NOT NULL                -- in ASCII order, a line break behind each
) STRICT;

-- How often in a row a registry said that there is no such tag, and since when.
ALTER TABLE bases ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bases ADD COLUMN missing_since INTEGER;

ALTER TABLE changes ADD COLUMN newer_tags TEXT NOT NULL DEFAULT '[]';  -- JSON

-- Whose turn it is (0 security, 1 routine, 2 bulk), what holds a delivery back until it is due, and whether
-- other events may still join it: that ends when it is first claimed.
ALTER TABLE deliveries ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE deliveries ADD COLUMN held_by TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN joinable INTEGER NOT NULL DEFAULT 0;
-- Whose `group` it has at its target: a rule's, by name; '': the target's, or none.
ALTER TABLE deliveries ADD COLUMN group_rule TEXT NOT NULL DEFAULT '';
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (target, lane, priority, due_at)
    WHERE state IN ('pending', 'waiting');
CREATE INDEX deliveries_joinable ON deliveries (target, priority, group_rule) WHERE joinable = 1;
CREATE INDEX deliveries_held ON deliveries (held_by) WHERE held_by <> '';

-- What a message tells beside its own event, in the order in which it came, and the id that the event's own
-- delivery has where it cannot be told so any more.
CREATE TABLE joined_events (
    delivery_id TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL REFERENCES events (id),
    own_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (delivery_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX joined_events_of_event ON joined_events (event_id);

-- What nobody wants to hear of for a while: `target:NAME`, `base:REF`, `dependent:REF`, `change:ID`.
CREATE TABLE mutes (
    subject TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array scripts_in_order{version_1, version_2};

std::int64_t number(Connection& connection, const char* question) {
    return connection.database().execAndGet(question).getInt64();
}

Result<void> belongs_to_us(Connection& connection, std::int64_t version) {
    auto owner = number(connection, "PRAGMA application_id");
    bool empty = number(connection, "SELECT count(*) FROM sqlite_schema") == 0;
    bool fresh = version == 0 && owner == 0 && empty;
    bool ours = version > 0 && owner == application_id;
    if (fresh || ours) return {};
    return Error(ErrorKind::storage, connection.path() +
                                         " is an SQLite file of another program: name another file as "
                                         "`daemon.state`");
}

}  // namespace

std::span<const char* const> migrations() {
    return scripts_in_order;
}

Result<void> migrate(Connection& connection, std::span<const char* const> scripts) {
    auto version = number(connection, "PRAGMA user_version");
    auto ours = belongs_to_us(connection, version);
    if (!ours) return ours.error();
    auto newest = static_cast<std::int64_t>(scripts.size());
    if (version > newest)
        return Error(ErrorKind::storage,
                     "the state " + connection.path() + " has schema version " + std::to_string(version) +
                         " and this program knows versions up to " + std::to_string(newest) +
                         ": run the newer program that wrote it, or put an older backup back");
    for (; version < newest; ++version) {
        SQLite::Transaction step(connection.database(), SQLite::TransactionBehavior::IMMEDIATE);
        connection.database().exec(scripts[static_cast<std::size_t>(version)]);
        connection.database().exec("PRAGMA user_version = " + std::to_string(version + 1));
        step.commit();
    }
    return {};
}

}  // namespace basewatch::store
