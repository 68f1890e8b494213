#include "registry/worth_bulk.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_pages = 50;

}  // namespace

bool worth_bulk(settings::Bulk wanted, BulkApi api, std::size_t tags, std::size_t pages) {
    if (api == BulkApi::none || tags == 0) return false;
    return std::max<std::size_t>(pages, 1) <= bulk_pages_allowed(wanted, tags);
}

std::size_t bulk_pages_allowed(settings::Bulk wanted, std::size_t tags) {
    if (wanted == settings::Bulk::never) return 0;
    if (wanted == settings::Bulk::always) return most_pages;
    return std::min(tags / heads_per_page, most_pages);
}

}  // namespace basewatch::registry
