// What every base points to, and what it pointed to before.

#include "store/rows.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace basewatch::store {

namespace {

// Few bases have any, so they are read apart.
void add_settling(Connection& connection, std::int64_t after, BasePage& page) {
    std::unordered_map<std::string, model::Settling> found;
    Query row(connection,
              std::string("SELECT base, ") + settling_columns +
                  " FROM settling WHERE base IN (SELECT reference FROM bases WHERE seq > ? AND seq <= ?)",
              after, page.last);
    while (row.next()) {
        std::string base = row.text();
        found.emplace(std::move(base), read_settling(row));
    }
    if (found.empty()) return;
    for (auto& base : page.rows)
        if (auto settling = found.find(base.reference.text()); settling != found.end())
            base.settling = std::move(settling->second);
}

Result<BasePage> bases_behind(Connection& connection, std::int64_t after, std::size_t most) {
    BasePage page;
    Query row(
        connection,
        "SELECT b.seq, b.reference, b.profile, b.checked_at, b.failing_since, b.failures, b.last_error, "
        "b.last_error_kind, b.told_unreachable, b.missing, b.missing_since, o.seq IS NOT NULL, o.digest, "
        "o.media_type, o.observed_at, "
        "o.detailed, o.platforms FROM bases b LEFT JOIN observations o ON o.seq = b.observation "
        "WHERE b.seq > ? ORDER BY b.seq LIMIT ?",
        after, most);
    while (row.next()) {
        page.last = row.integer();
        auto& base = page.rows.emplace_back();
        base.reference = row.reference();
        base.profile = row.small_integer();
        base.checked_at = row.time();
        base.failing_since = row.optional_time();
        base.failures = row.small_integer();
        base.last_error = row.text();
        base.last_error_kind = row.text();
        base.told_unreachable = row.flag();
        base.missing = row.small_integer();
        base.missing_since = row.optional_time();
        if (row.flag()) base.current = read_observation(row);
    }
    add_settling(connection, after, page);
    return page;
}

const Failing& failing_of(const CheckMark& mark) {
    static const Failing nothing;
    return mark.failing ? *mark.failing : nothing;
}

std::optional<Time> failing_since(const CheckMark& mark) {
    return mark.failing ? std::optional(mark.failing->since) : std::nullopt;
}

// A base that fails before it is ever observed gets a row too: since when is worth keeping.
void add_marked(Connection& connection, const CheckMark& mark) {
    const auto& failing = failing_of(mark);
    Query(connection,
          "INSERT INTO bases (reference, profile, checked_at, failing_since, failures, last_error, "
          "last_error_kind, told_unreachable, missing, missing_since) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
          mark.base, model::accept_profile, mark.checked_at, failing_since(mark), failing.failures,
          failing.last_error, failing.last_error_kind, failing.missing, failing.missing_since)
        .run();
}

// In the order in which the rows stand in the file: in any other, each of thousands writes a page of its own,
// again and again.
Result<void> mark(Connection& connection, const std::vector<CheckMark>& marks) {
    std::vector<std::pair<std::int64_t, const CheckMark*>> places;
    places.reserve(marks.size());
    for (const auto& mark : marks) {
        Query row(connection, "SELECT seq FROM bases WHERE reference = ?", mark.base);
        if (row.next())
            places.emplace_back(row.integer(), &mark);
        else
            add_marked(connection, mark);
    }
    std::sort(places.begin(), places.end());
    for (const auto& [seq, mark] : places) {
        const auto& failing = failing_of(*mark);
        Query(connection,
              "UPDATE bases SET checked_at = ?, failing_since = ?, failures = ?, last_error = ?, "
              "last_error_kind = ?, missing = ?, missing_since = ? WHERE seq = ?",
              mark->checked_at, failing_since(*mark), failing.failures, failing.last_error,
              failing.last_error_kind, failing.missing, failing.missing_since, seq)
            .run();
    }
    return {};
}

Result<std::vector<SeenContent>> earlier(Connection& connection, const model::Reference& base,
                                         std::size_t limit) {
    std::vector<SeenContent> seen;
    Query row(connection,
              "SELECT digest, platforms, observed_at FROM observations WHERE base = ?1 AND seq NOT IN "
              "(SELECT observation FROM bases WHERE reference = ?1 AND observation IS NOT NULL) "
              "ORDER BY seq DESC LIMIT ?2",
              base, limit);
    while (row.next()) {
        SeenContent one;
        one.digest = row.digest();
        one.platforms = manifests_of(row.text());
        one.observed_at = row.time();
        seen.push_back(std::move(one));
    }
    return seen;
}

Result<std::vector<std::pair<model::Digest, model::ImageContent>>> known_images(
    Connection& connection, const std::vector<model::Digest>& digests) {
    std::vector<std::pair<model::Digest, model::ImageContent>> known;
    for (const auto& digest : digests) {
        Query row(connection,
                  "SELECT platform, diff_ids, inherited_config, labels, created FROM images WHERE digest = ?",
                  digest);
        if (!row.next()) continue;
        model::ImageContent image;
        image.platform = platform_of(row.text());
        image.diff_ids = strings_of(row.text());
        image.inherited_config = row.text();
        image.labels = map_of(row.text());
        image.created = row.text();
        known.emplace_back(digest, std::move(image));
    }
    return known;
}

Result<void> forget_others(Connection& connection, const std::vector<model::Reference>& watched, Time at) {
    std::unordered_set<std::string> kept;
    for (const auto& reference : watched) kept.insert(reference.text());
    for (const auto& other : names_but(connection, "SELECT reference FROM bases", kept))
        forget_base(connection, other, at);
    return {};
}

}  // namespace

std::vector<std::string> names_but(Connection& connection, const char* question,
                                   const std::unordered_set<std::string>& kept) {
    std::vector<std::string> others;
    Query row(connection, question);
    while (row.next())
        if (auto name = row.text(); !kept.contains(name)) others.push_back(std::move(name));
    return others;
}

Async<Result<std::vector<model::BaseState>>> Store::bases() {
    return worker_->read<std::vector<model::BaseState>>(
        [](Connection& connection) -> Result<std::vector<model::BaseState>> {
            auto page = bases_behind(connection, 0, std::numeric_limits<std::int64_t>::max());
            if (!page) return page.error();
            return std::move(page->rows);
        });
}

Async<Result<BasePage>> Store::base_page(std::int64_t after, std::size_t most) {
    return worker_->read<BasePage>(
        [after, most](Connection& connection) { return bases_behind(connection, after, most); });
}

Async<Result<void>> Store::mark_checked(std::vector<CheckMark> marks, std::vector<model::HostMemory> hosts) {
    return worker_->write<void>(
        [marks = std::move(marks), hosts = std::move(hosts)](Connection& connection) -> Result<void> {
            for (const auto& memory : hosts) put_host(connection, memory);
            return mark(connection, marks);
        });
}

Async<Result<std::vector<SeenContent>>> Store::history(model::Reference base, std::size_t limit) {
    return worker_->read<std::vector<SeenContent>>(
        [base = std::move(base), limit](Connection& connection) { return earlier(connection, base, limit); });
}

Async<Result<std::vector<std::pair<model::Digest, model::ImageContent>>>> Store::images(
    std::vector<model::Digest> digests) {
    return worker_->read<std::vector<std::pair<model::Digest, model::ImageContent>>>(
        [digests = std::move(digests)](Connection& connection) { return known_images(connection, digests); });
}

Async<Result<void>> Store::forget_bases_but(std::vector<model::Reference> watched, Time at) {
    return worker_->write<void>([watched = std::move(watched), at](Connection& connection) {
        return forget_others(connection, watched, at);
    });
}

}  // namespace basewatch::store
