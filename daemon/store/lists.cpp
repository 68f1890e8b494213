// What the API and the client verbs read: pages of lists, newest first, single rows, counts.

#include "store/rows.hpp"
#include "store/worker.hpp"

#include <charconv>

namespace basewatch::store {

namespace {

constexpr std::size_t longest_page = 1000;

// A cursor is the list's letter and the number of the page's last row. Anything else was never given out.
std::string cursor_text(char list, std::int64_t seq) {
    return list + std::to_string(seq);
}

struct Place {
    std::int64_t below = INT64_MAX;
    std::size_t limit = 0;
};

Result<Place> place_of(const PageRequest& page, char list) {
    if (page.limit == 0 || page.limit > longest_page)
        return Error(ErrorKind::invalid, "a page has between 1 and 1000 rows");
    Place place;
    place.limit = page.limit;
    if (page.cursor.empty()) return place;
    const auto* end = page.cursor.data() + page.cursor.size();
    auto [stop, fault] = std::from_chars(page.cursor.data() + 1, end, place.below);
    bool whole = fault == std::errc() && stop == end && place.below > 0;
    if (!whole || cursor_text(list, place.below) != page.cursor)
        return Error(ErrorKind::invalid, "this cursor was not given out by this list");
    return place;
}

// A question for a page: `where` narrows it and its values are bound by `bind`, then come place and limit.
template <class Row, class Bind, class Read>
Result<Page<Row>> page_of(Connection& connection, const PageRequest& request, char list,
                          const std::string& columns, const std::string& table, const std::string& where,
                          Bind bind, Read read) {
    auto place = place_of(request, list);
    if (!place) return place.error();
    Query query(connection, "SELECT seq, " + columns + " FROM " + table + " WHERE " + where +
                                "seq < ? ORDER BY seq DESC LIMIT ?");
    bind(query);
    query.bind_all(place->below, place->limit + 1);  // one more tells whether there is more
    Page<Row> page;
    std::int64_t last = 0;
    while (query.next()) {
        auto seq = query.integer();
        if (page.rows.size() == place->limit) {
            page.cursor = cursor_text(list, last);
            break;
        }
        page.rows.push_back(read(query));
        last = seq;
    }
    return page;
}

Result<Page<model::Change>> changes_page(Connection& connection, const PageRequest& page,
                                         const std::optional<model::Reference>& base) {
    return page_of<model::Change>(
        connection, page, 'c', change_columns, "changes", base ? "base = ? AND " : "",
        [&](Query& query) {
            if (base) query.bind(*base);
        },
        read_change);
}

Result<Page<model::Event>> events_page(Connection& connection, const PageRequest& page) {
    return page_of<model::Event>(
        connection, page, 'e', event_columns, "events", "", [](Query&) {}, read_event);
}

// The state stands in the text, not in a parameter, so that the indexes on some states can be used.
Result<Page<model::Delivery>> deliveries_page(Connection& connection, const PageRequest& page,
                                              const DeliveryFilter& filter) {
    std::string where;
    std::vector<std::string> values;
    if (!filter.event_id.empty()) {
        where += "(event_id = ? OR id IN (SELECT delivery_id FROM joined_events WHERE event_id = ?)) AND ";
        values = {filter.event_id, filter.event_id};
    }
    if (!filter.target.empty()) where += "target = ? AND ", values.push_back(filter.target);
    if (!filter.dependent.empty())
        where += "dependent = ? AND dependent <> '' AND ", values.push_back(filter.dependent);
    if (!filter.reason.empty()) where += "reason = ? AND ", values.push_back(filter.reason);
    if (!filter.state.empty()) {
        auto state = model::delivery_state(filter.state);
        if (!state)
            return Error(ErrorKind::invalid,
                         "a delivery's state is pending, sending, waiting, delivered or dead");
        where += "state = '" + std::string(model::to_string(*state)) + "' AND ";
    }
    return page_of<model::Delivery>(
        connection, page, 'd', delivery_columns, "deliveries", where,
        [&](Query& query) {
            for (const auto& value : values) query.bind(value);
        },
        read_delivery);
}

void read_causes(Connection& connection, model::Rebuild& rebuild) {
    Query row(connection, "SELECT event_id FROM rebuild_causes WHERE rebuild_id = ? ORDER BY position",
              rebuild.id);
    while (row.next()) rebuild.causes.push_back(row.text());
}

Result<Page<model::Rebuild>> rebuilds_page(Connection& connection, const PageRequest& request,
                                           const std::optional<model::Reference>& dependent) {
    auto page = page_of<model::Rebuild>(
        connection, request, 'r', rebuild_columns, "rebuilds", dependent ? "dependent = ? AND " : "",
        [&](Query& query) {
            if (dependent) query.bind(*dependent);
        },
        read_rebuild);
    if (page)
        for (auto& rebuild : page->rows) read_causes(connection, rebuild);
    return page;
}

// One row by its id.
template <class Row, class Read>
Result<Row> one(Connection& connection, const std::string& columns, const std::string& table,
                const std::string& what, const std::string& id, Read read) {
    Query query(connection, "SELECT " + columns + " FROM " + table + " WHERE id = ?", id);
    if (!query.next()) return Error(ErrorKind::not_found, "there is no " + what + " " + id);
    return read(query);
}

Result<std::vector<model::Event>> events_behind(Connection& connection, const std::string& change_id) {
    std::vector<model::Event> events;
    Query row(connection,
              std::string("SELECT ") + event_columns + " FROM events WHERE change_id = ? ORDER BY seq",
              change_id);
    while (row.next()) events.push_back(read_event(row));
    return events;
}

Result<std::vector<model::Attempt>> attempts_of(Connection& connection, const std::string& delivery_id) {
    std::vector<model::Attempt> attempts;
    Query row(connection,
              "SELECT number, started_at, duration, status, remote, reason, detail, answer, next, due_at, "
              "replay FROM "
              "attempts WHERE delivery_id = ? ORDER BY number",
              delivery_id);
    while (row.next()) {
        model::Attempt attempt;
        attempt.delivery_id = delivery_id;
        attempt.number = row.small_integer();
        attempt.started_at = row.time();
        attempt.duration = Milliseconds(row.integer());
        attempt.status = row.small_integer();
        attempt.remote = row.text();
        attempt.reason = row.text();
        attempt.detail = row.text();
        attempt.answer = row.text();
        auto next = model::delivery_state(row.text());
        if (!next) throw Unreadable("an attempt's outcome that is none");
        attempt.next = *next;
        attempt.due_at = row.optional_time();
        attempt.replay = row.flag();
        attempts.push_back(std::move(attempt));
    }
    return attempts;
}

Result<Counts> count(Connection& connection) {
    Counts counts;
    Query row(connection, "SELECT name, count FROM tallies");
    while (row.next()) {
        auto name = row.text();
        auto number = row.integer();
        if (model::delivery_state(name)) counts.deliveries[name] = number;
        if (name == "bases") counts.bases = number;
        if (name == "changes") counts.changes = number;
        if (name == "events") counts.events = number;
        if (name == "rebuilds") counts.rebuilds = number;
    }
    return counts;
}

}  // namespace

Async<Result<Page<model::Change>>> Store::changes(PageRequest page, std::optional<model::Reference> base) {
    return worker_->read<Page<model::Change>>([page = std::move(page), base = std::move(base)](
                                                  Connection& db) { return changes_page(db, page, base); });
}

Async<Result<Page<model::Event>>> Store::events(PageRequest page) {
    return worker_->read<Page<model::Event>>(
        [page = std::move(page)](Connection& db) { return events_page(db, page); });
}

Async<Result<Page<model::Delivery>>> Store::deliveries(PageRequest page, DeliveryFilter filter) {
    return worker_->read<Page<model::Delivery>>(
        [page = std::move(page), filter = std::move(filter)](Connection& db) {
            return deliveries_page(db, page, filter);
        });
}

Async<Result<Page<model::Rebuild>>> Store::rebuilds(PageRequest page,
                                                    std::optional<model::Reference> dependent) {
    return worker_->read<Page<model::Rebuild>>(
        [page = std::move(page), dependent = std::move(dependent)](Connection& db) {
            return rebuilds_page(db, page, dependent);
        });
}

Async<Result<model::Change>> Store::change(std::string id) {
    return worker_->read<model::Change>([id = std::move(id)](Connection& db) {
        return one<model::Change>(db, change_columns, "changes", "change", id, read_change);
    });
}

Async<Result<model::Event>> Store::event(std::string id) {
    return worker_->read<model::Event>([id = std::move(id)](Connection& db) {
        return one<model::Event>(db, event_columns, "events", "event", id, read_event);
    });
}

Async<Result<std::vector<model::Event>>> Store::events_of_change(std::string change_id) {
    return worker_->read<std::vector<model::Event>>(
        [id = std::move(change_id)](Connection& db) { return events_behind(db, id); });
}

Async<Result<model::Delivery>> Store::delivery(std::string id) {
    return worker_->read<model::Delivery>([id = std::move(id)](Connection& db) {
        return one<model::Delivery>(db, delivery_columns, "deliveries", "delivery", id, read_delivery);
    });
}

Async<Result<model::Rebuild>> Store::rebuild(std::string id) {
    return worker_->read<model::Rebuild>([id = std::move(id)](Connection& db) {
        auto rebuild = one<model::Rebuild>(db, rebuild_columns, "rebuilds", "rebuild", id, read_rebuild);
        if (rebuild) read_causes(db, *rebuild);
        return rebuild;
    });
}

Async<Result<std::vector<model::Attempt>>> Store::attempts(std::string delivery_id) {
    return worker_->read<std::vector<model::Attempt>>(
        [id = std::move(delivery_id)](Connection& db) { return attempts_of(db, id); });
}

Async<Result<Counts>> Store::counts() {
    return worker_->read<Counts>(count);
}

}  // namespace basewatch::store
