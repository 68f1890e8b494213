#include "registry/bulk_page.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace basewatch::registry {

namespace {

using nlohmann::json;

constexpr std::size_t longest_tag = 128;

class Collected {
public:
    void add(const std::optional<std::string>& tag, const std::optional<std::string>& digest) {
        if (!tag || tag->empty() || tag->size() > longest_tag || !digest) return;
        auto parsed = model::Digest::parse(*digest);
        if (!parsed || twofold_.contains(*tag)) return;
        auto [known, fresh] = page.tags.try_emplace(*tag, *parsed);
        if (fresh || known->second == *parsed) return;
        page.tags.erase(known);
        twofold_.insert(*tag);
    }
    BulkPage page;

private:
    std::set<std::string> twofold_;
};

std::optional<std::string> text_of(const json& value) {
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

void add_rows(Collected& into, const json& rows, std::string_view digest) {
    into.page.rows = rows.size();
    for (const auto& row : rows) into.add(string_member(row, "name"), string_member(row, digest));
}

void add_artifacts(Collected& into, const json& artifacts) {
    into.page.rows = artifacts.size();
    for (const auto& artifact : artifacts)
        if (const auto* tags = array_member(artifact, "tags"))
            for (const auto& tag : *tags)
                into.add(string_member(tag, "name"), string_member(artifact, "digest"));
}

void add_manifests(Collected& into, const json& manifests) {
    into.page.rows = manifests.size();
    for (const auto& [digest, manifest] : manifests.items())
        if (const auto* tags = array_member(manifest, "tag"))
            for (const auto& tag : *tags) into.add(text_of(tag), digest);
}

// What is between the slashes of a path, encoded.
std::string encoded(std::string_view text) {
    return percent_encode(text);
}

}  // namespace

Result<BulkPage> parse_bulk_page(BulkApi api, std::string_view body) {
    auto read = parse_json(body, JsonLimits{most_bulk_page, 16});
    Error wrong(ErrorKind::bad_answer, "the list of tags and digests is not what it should be");
    if (!read) return wrong;
    Collected collected;
    auto& page = collected.page;
    const json* rows = nullptr;
    switch (api) {
        case BulkApi::quay:
            rows = array_member(*read, "tags");
            if (rows == nullptr) return wrong;
            add_rows(collected, *rows, "manifest_digest");
            page.more = boolean_member(*read, "has_additional").value_or(page.rows >= bulk_page_size);
            break;
        case BulkApi::docker_hub: {
            rows = array_member(*read, "results");
            if (rows == nullptr) return wrong;
            add_rows(collected, *rows, "digest");
            page.more = string_member(*read, "next").has_value();
            break;
        }
        case BulkApi::harbor:
            if (!read->is_array()) return wrong;
            add_artifacts(collected, *read);
            page.more = page.rows >= bulk_page_size;
            break;
        case BulkApi::google:
            rows = object_member(*read, "manifest");
            if (rows == nullptr) return wrong;
            add_manifests(collected, *rows);
            break;
        case BulkApi::none:
            return wrong;
    }
    return std::move(page);
}

std::string bulk_target(BulkApi api, const std::string& repository, std::size_t page) {
    auto size = std::to_string(bulk_page_size), number = std::to_string(page);
    switch (api) {
        case BulkApi::quay:
            return "/api/v1/repository/" + repository + "/tag/?limit=" + size + "&page=" + number +
                   "&onlyActiveTags=true";
        case BulkApi::docker_hub:
            return "/v2/repositories/" + repository + "/tags?page_size=" + size + "&page=" + number +
                   "&ordering=last_updated";
        case BulkApi::harbor: {
            auto slash = std::min(repository.find('/'), repository.size());
            auto inside = repository.substr(std::min(slash + 1, repository.size()));
            return "/api/v2.0/projects/" + encoded(repository.substr(0, slash)) + "/repositories/" +
                   encoded(encoded(inside)) + "/artifacts?with_tag=true&page_size=" + size +
                   "&page=" + number;
        }
        case BulkApi::google:
            return "/v2/" + repository + "/tags/list";
        case BulkApi::none:
            break;
    }
    return "/";
}

}  // namespace basewatch::registry
