#include "e2e/failpoints.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace basewatch::test {

std::vector<std::string> failpoints() {
    std::vector<std::string> names;
    constexpr std::string_view call = " failpoint(\"";
    for (const auto& file : std::filesystem::recursive_directory_iterator(PROJECT_DIR "/daemon")) {
        if (file.path().extension() != ".cpp") continue;
        std::ifstream stream(file.path());
        std::string text(std::istreambuf_iterator<char>(stream), {});
        for (auto at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
            auto name = at + call.size();
            names.push_back(text.substr(name, text.find('"', name) - name));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_of_tags(const std::string& failpoint) {
    return failpoint.starts_with("tags-") || failpoint.starts_with("tag-");
}

std::string failpoint_name(const testing::TestParamInfo<std::string>& point) {
    auto name = point.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

}  // namespace basewatch::test
