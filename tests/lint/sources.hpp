#pragma once
// The source tree as the lint reads it: files with their lines, and the rooms with the arrows that
// daemon/CMakeLists.txt allows.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::lint {

struct Source {
    std::string path;  // from the top of the tree
    std::vector<std::string> lines;

    std::string extension() const;
    // The room of a file below daemon/, empty for main.cpp.
    std::string room() const;
    bool below(std::string_view folder) const { return path.starts_with(std::string(folder) + "/"); }
};

// Every file with one of these extensions below these folders, in the order of their paths.
std::vector<Source> read_sources(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& extensions);

// A line without its comment and without what stands in quotes, so that what is said about a word is not
// taken for its use.
std::string code_of(const std::string& line);

// What an #include names, with its quotes or brackets; empty where the line is none.
std::string included(const std::string& line);

// For each room the rooms that it may include: those that its room() line names, and theirs.
std::map<std::string, std::set<std::string>> allowed_rooms(const std::string& cmake_lists);

}  // namespace basewatch::lint
