#pragma once
// One page of a tag list (distribution-spec, "Listing Tags") and where the next one is (RFC 8288). Written by
// strangers: read as a stream, so that a page of 16 MiB never becomes a tree of values. Pure.

#include "foundation/error.hpp"
#include "net/headers.hpp"
#include "net/url.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::registry {

struct TagPage {
    std::vector<std::string> tags;  // of images, in the registry's order
    std::size_t listed = 0;         // entries of the page, whatever they were
    std::string last;               // the last entry that can be a tag
};

// ErrorKind::bad_answer, without the text. `"tags": null` is the empty list of an old registry. What is no
// tag of an image (signatures, attestations, build caches, texts that cannot be a tag) is counted and left
// out.
Result<TagPage> parse_tag_page(std::string_view body);

// Whether a tag stands for an image: neither cosign's `sha256-….sig` and its like, nor a build cache.
bool is_image_tag(std::string_view tag);

// The target of the first link whose relation is `next`, in one field's value; nothing where there is none or
// the field breaks the grammar. At most 16 KiB.
std::optional<std::string> next_link(std::string_view field);

// The address of the next page. It is asked where this page was found, with the link's query: Quay names its
// own inner host, Artifactory forgets a part of the path, and nobody may lead our credentials elsewhere.
// Nothing at the end of the list; bad_answer for a link that leads nowhere.
Result<std::optional<net::Url>> next_page(const net::Url& page, const net::Headers& headers);

}  // namespace basewatch::registry
