#pragma once
// Reading the small files that a configuration is made of: itself, and the secrets that it names. Only
// regular files, so that nothing waits on a pipe, and only up to a bound.

#include "foundation/error.hpp"

#include <string>

namespace basewatch::settings {

// invalid with what is wrong ("no such file"), too_large over `most` bytes; the path is not in the words.
Result<std::string> read_small_file(const std::string& path, std::size_t most);

// A relative path in a configuration file is meant from the folder of that file.
std::string path_from(const std::string& file, const std::string& path);

}  // namespace basewatch::settings
