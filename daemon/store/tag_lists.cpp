// Which tags the repositories are known with.

#include "store/rows.hpp"
#include "store/store.hpp"
#include "store/worker.hpp"

#include <algorithm>
#include <unordered_set>

namespace basewatch::store {

namespace {

std::string tags_text(const std::vector<std::string>& tags) {
    std::string text;
    for (const auto& tag : tags) (text += tag) += '\n';
    return text;
}

std::vector<std::string> tags_of(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        auto end = text.find('\n');
        tags.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return tags;
}

Result<TagList> known_list(Connection& connection, const std::string& repository) {
    TagList list;
    Query row(connection, "SELECT revision, listed_at, tags FROM tag_lists WHERE repository = ?", repository);
    if (!row.next()) return list;
    list.revision = row.integer();
    list.listed_at = row.time();
    list.tags = tags_of(row.text());
    return list;
}

void put_list(Connection& connection, const std::string& repository, const TagList& list) {
    Query(connection,
          "INSERT INTO tag_lists (repository, revision, listed_at, tags) VALUES (?, ?, ?, ?) "
          "ON CONFLICT (repository) DO UPDATE SET revision = excluded.revision, "
          "listed_at = excluded.listed_at, tags = excluded.tags",
          repository, list.revision, list.listed_at, tags_text(list.tags))
        .run();
}

std::int64_t revision_of(Connection& connection, const std::string& repository) {
    Query row(connection, "SELECT revision FROM tag_lists WHERE repository = ?", repository);
    return row.next() ? row.integer() : 0;
}

Result<void> put_found(Connection& connection, const TagsFound& found) {
    if (revision_of(connection, found.repository) != found.revision)
        return Error(ErrorKind::conflict, "the tags of " + found.repository + " were written meanwhile");
    for (const auto& finding : found.findings) {
        auto put = put_finding(connection, finding);
        if (!put) return put.error();
    }
    for (const auto& base : found.dropped) forget_base(connection, base.text(), found.listed_at);
    put_list(connection, found.repository, {found.revision + 1, found.listed_at, found.tags});
    return {};
}

Result<void> forget_other_lists(Connection& connection, const std::unordered_set<std::string>& kept) {
    for (const auto& other : names_but(connection, "SELECT repository FROM tag_lists", kept))
        Query(connection, "DELETE FROM tag_lists WHERE repository = ?", other).run();
    return {};
}

}  // namespace

void take_off_list(Connection& connection, const model::Reference& base) {
    auto list = known_list(connection, base.name());
    auto gone = std::remove(list->tags.begin(), list->tags.end(), base.tag());
    if (gone == list->tags.end()) return;
    list->tags.erase(gone, list->tags.end());
    ++list->revision;
    put_list(connection, base.name(), *list);
}

void forget_base(Connection& connection, const std::string& base, Time at) {
    Query(connection,
          "UPDATE observations SET replaced_at = ? WHERE seq = "
          "(SELECT observation FROM bases WHERE reference = ?)",
          at, base)
        .run();
    Query(connection, "DELETE FROM bases WHERE reference = ?", base).run();
    Query(connection, "DELETE FROM settling WHERE base = ?", base).run();
}

Async<Result<void>> Store::record_tags(TagsFound found) {
    return worker_->write<void>(
        [found = std::move(found)](Connection& connection) { return put_found(connection, found); });
}

Async<Result<TagList>> Store::tag_list(std::string repository) {
    return worker_->read<TagList>([repository = std::move(repository)](Connection& connection) {
        return known_list(connection, repository);
    });
}

Async<Result<void>> Store::forget_tag_lists_but(std::vector<std::string> repositories) {
    std::unordered_set<std::string> kept(repositories.begin(), repositories.end());
    return worker_->write<void>(
        [kept = std::move(kept)](Connection& connection) { return forget_other_lists(connection, kept); });
}

}  // namespace basewatch::store
