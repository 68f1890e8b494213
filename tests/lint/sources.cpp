#include "lint/sources.hpp"

#include "support/temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace basewatch::lint {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// Everything that can be reached from `room`.
void collect(const std::map<std::string, std::set<std::string>>& direct, const std::string& room,
             std::set<std::string>& reached) {
    auto found = direct.find(room);
    if (found == direct.end()) return;
    for (const auto& lower : found->second)
        if (reached.insert(lower).second) collect(direct, lower, reached);
}

}  // namespace

std::string Source::extension() const {
    return std::filesystem::path(path).extension().string();
}

std::string Source::room() const {
    constexpr std::string_view top = "daemon/";
    if (!path.starts_with(top)) return "";
    auto end = path.find('/', top.size());
    return end == std::string::npos ? "" : path.substr(top.size(), end - top.size());
}

std::vector<Source> read_sources(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& extensions) {
    namespace fs = std::filesystem;
    std::vector<Source> sources;
    for (const auto& folder : folders) {
        fs::path top = fs::path(PROJECT_DIR) / folder;
        if (!fs::exists(top)) continue;
        for (auto entry = fs::recursive_directory_iterator(top); entry != fs::end(entry); ++entry) {
            if (entry->path().filename() == "node_modules") entry.disable_recursion_pending();
            auto extension = entry->path().extension().string();
            if (!entry->is_regular_file() ||
                std::find(extensions.begin(), extensions.end(), extension) == extensions.end())
                continue;
            sources.push_back({fs::relative(entry->path(), PROJECT_DIR).string(),
                               lines_of(test::read_file(entry->path().string()))});
        }
    }
    std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return sources;
}

std::string code_of(const std::string& line) {
    std::string code;
    char quote = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        if (quote != 0) {
            if (c == '\\')
                ++at;
            else if (c == quote)
                quote = 0;
            continue;
        }
        if (c == '/' && at + 1 < line.size() && line[at + 1] == '/') break;
        // A ' between digits only separates them.
        bool separator = c == '\'' && at > 0 && std::isdigit(static_cast<unsigned char>(line[at - 1])) != 0;
        if ((c == '"' || c == '\'') && !separator) quote = c;
        code += c;
    }
    return code;
}

std::string included(const std::string& line) {
    constexpr std::string_view directive = "#include ";
    if (!line.starts_with(directive)) return "";
    std::string name = line.substr(directive.size());
    auto end = name.find_first_of("\">", 1);
    return end == std::string::npos ? "" : name.substr(0, end + 1);
}

std::map<std::string, std::set<std::string>> allowed_rooms(const std::string& cmake_lists) {
    std::map<std::string, std::set<std::string>> direct;
    for (std::size_t at = cmake_lists.find("\nroom("); at != std::string::npos;
         at = cmake_lists.find("\nroom(", at + 1)) {
        auto start = at + std::string_view("\nroom(").size();
        std::istringstream words(cmake_lists.substr(start, cmake_lists.find(')', start) - start));
        std::string room, word;
        words >> room;
        auto& lower = direct[room];
        bool rooms = false;
        while (words >> word) {
            if (word == "ROOMS" || word == "LIBRARIES")
                rooms = word == "ROOMS";
            else if (rooms)
                lower.insert(word);
        }
    }
    std::map<std::string, std::set<std::string>> allowed;
    for (const auto& [room, lower] : direct) collect(direct, room, allowed[room]);
    return allowed;
}

}  // namespace basewatch::lint
