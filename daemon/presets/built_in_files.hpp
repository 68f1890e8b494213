#pragma once
// The files of config/presets as they were when this was built, in the order of their names.

#include <span>
#include <string_view>

namespace basewatch::presets {

struct BuiltInFile {
    std::string_view name;  // without `.yaml`
    std::string_view text;
};

std::span<const BuiltInFile> built_in_files();

}  // namespace basewatch::presets
