#pragma once
// Whether a registry's own list of tags and digests is asked before HEADs. A page is far more work for a
// registry than a HEAD, and what it says is a hint, so it has to stand for several of them. Pure.

#include "registry/bulk_page.hpp"
#include "settings/registry_settings.hpp"

namespace basewatch::registry {

// A page has to spare at least so many HEADs.
inline constexpr std::size_t heads_per_page = 4;

// `tags`: watched in the repository. `pages`: what its list took last time; 0 where that is not known.
bool worth_bulk(settings::Bulk wanted, BulkApi api, std::size_t tags, std::size_t pages);

// How many pages are read at most.
std::size_t bulk_pages_allowed(settings::Bulk wanted, std::size_t tags);

}  // namespace basewatch::registry
