# Writes the preset files as one C++ file of string literals: cmake -DFILES=a;b -DOUTPUT=c.cpp -P embed.cmake
# A raw literal ends at `)preset"` only, which no preset holds; a literal's length is no compiler's problem.
set(text "// Made from config/presets/*.yaml at build time.\n#include \"presets/built_in_files.hpp\"\n\n#include <array>\n\n")
string(APPEND text "namespace basewatch::presets {\n\nnamespace {\n\n")
list(LENGTH FILES count)
string(APPEND text "constexpr std::array<BuiltInFile, ${count}> files{{\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} content)
  string(APPEND text "    {\"${name}\", R\"preset(${content})preset\"},\n")
endforeach()
string(APPEND text "}};\n\n}  // namespace\n\nstd::span<const BuiltInFile> built_in_files() {\n    return files;\n}\n\n}  // namespace basewatch::presets\n")
file(WRITE ${OUTPUT} "${text}")
