#pragma once
// The pattern of a rule's base: a glob over normalised references, `*` any run of characters but `/`, `**`
// any run, `?` one character but `/`. Its host and name are filled up as a reference's are: `ruby:*` means
// `docker.io/library/ruby:*`. A pattern that begins with `**` stands as it is. One without a tag that does
// not end in `*` means `latest`, as a name does.

#include "foundation/error.hpp"

#include <string>
#include <string_view>

namespace basewatch::settings {

// invalid, saying what would be right.
Result<std::string> normalised_pattern(std::string_view text);

}  // namespace basewatch::settings
