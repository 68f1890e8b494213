#pragma once
// Reading what registries serve: image indexes, manifests and image configurations of OCI and of Docker
// (image-spec image-index.md, manifest.md, config.md; distribution's manifest-v2-2.md). Written by strangers:
// a document that could be read in two ways is refused, as is one whose own media type is not the one it was
// served with. Pure.

#include "registry/registry_client.hpp"

#include <string>
#include <string_view>

namespace basewatch::registry {

// The Accept line, always the same and always in this order: the answer to a tag depends on it
// (model::accept_profile).
extern const std::string manifest_types;

// One of those four. `type` is without parameters, in lower case.
bool is_manifest_type(std::string_view type);

// Docker's first schema, whose digests do not stand for content; unsupported everywhere.
bool is_schema1(std::string_view type);

// ErrorKind::bad_answer, saying what is wrong. `content_type` as in the header; `digest` is what the bytes
// hash to, and is not checked here.
Result<Manifest> parse_manifest(std::string_view content_type, std::string_view body,
                                const model::Digest& digest);

// ErrorKind::bad_answer.
Result<model::ImageContent> parse_image_configuration(std::string_view body);

}  // namespace basewatch::registry
