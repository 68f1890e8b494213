#pragma once
// A folder of the test's own, removed with everything in it when the test ends.

#include <filesystem>
#include <string>
#include <string_view>

namespace basewatch::test {

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    // A path inside.
    std::string operator/(std::string_view name) const { return (path_ / name).string(); }
    // Writes a file inside, making its folders; returns its path.
    std::string write(std::string_view name, std::string_view text) const;

private:
    std::filesystem::path path_;
};

// A whole file; empty when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace basewatch::test
