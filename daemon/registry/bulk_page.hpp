#pragma once
// A page of what a registry's own API says about many tags at once: Quay's tags, Harbor's artifacts, Docker
// Hub's tags, and the list of GCR and Artifact Registry, which has a `manifest` map beside the names. Each
// gives the digest of what the tag points to (the index, where there is one). Written by strangers, and a
// hint only. Pure.

#include "foundation/error.hpp"
#include "model/digest.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace basewatch::registry {

enum class BulkApi { none, quay, harbor, docker_hub, google };

struct BulkPage {
    std::map<std::string, model::Digest> tags;
    std::size_t rows = 0;  // of the page, whatever they were
    bool more = false;     // it says that there is another page, or is as full as a page can be
};

inline constexpr std::size_t most_bulk_page = 4u << 20;
inline constexpr std::size_t bulk_page_size = 100;

// bad_answer, without the text. Rows without a tag or a digest are counted and left out; a tag that stands
// there with two digests is left out too.
Result<BulkPage> parse_bulk_page(BulkApi api, std::string_view body);

// The path and query of a page (from 1) of `repository`. Harbor wants what stands behind the project encoded
// twice.
std::string bulk_target(BulkApi api, const std::string& repository, std::size_t page);

}  // namespace basewatch::registry
