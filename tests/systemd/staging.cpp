#include "systemd/staging.hpp"

#include <filesystem>
#include <stdexcept>

namespace basewatch::test {

namespace fs = std::filesystem;

std::string build_folder() {
    return fs::path(TEST_PROGRAMS).parent_path().string();
}

Outcome stage(const TemporaryFolder& root) {
    auto installed =
        run({"cmake", "--install", build_folder(), "--prefix", "/usr"}, {{"DESTDIR", root.path().string()}});
    // A machine has these, and a unit is judged together with what it stands on.
    fs::path units = root.path() / "usr/lib/systemd/system";
    fs::create_directories(units);
    for (const auto& entry : fs::directory_iterator("/lib/systemd/system")) {
        auto extension = entry.path().extension();
        if (extension == ".target" || extension == ".slice")
            fs::copy(entry.path(), units / entry.path().filename(), fs::copy_options::copy_symlinks);
    }
    fs::create_directories(root.path() / "bin");
    fs::copy_file("/bin/kill", root.path() / "bin/kill");
    return installed;
}

std::string make_package(const TemporaryFolder& folder) {
    // cpack asks the build tree for what is missing in it, and two at once would trip over each other.
    auto made = run({"flock", build_folder() + "/package/.lock", "cpack", "-G", "DEB", "--config",
                     build_folder() + "/CPackConfig.cmake", "-B", folder.path().string()},
                    {}, "", std::chrono::seconds(120));
    if (made.exit_code != 0) throw std::runtime_error("cpack: " + made.output + made.errors);
    for (const auto& entry : fs::directory_iterator(folder.path()))
        if (entry.path().extension() == ".deb") return entry.path().string();
    throw std::runtime_error("cpack made no .deb: " + made.output);
}

}  // namespace basewatch::test
