#include "settings/file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace basewatch::settings {

namespace {

Error refused(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

Error failed() {
    return refused(std::strerror(errno));
}

// Closes when it goes.
struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t most) {
    if (path.find('\0') != std::string::npos) return refused("a path holds no zero byte");
    // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0) return failed();
    struct stat status{};
    if (::fstat(file.number, &status) != 0) return failed();
    if (S_ISDIR(status.st_mode)) return refused("it is a folder");
    if (!S_ISREG(status.st_mode)) return refused("it is no regular file");
    std::string text(most + 1, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        ssize_t got = ::read(file.number, text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed();
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > most)
        return Error(ErrorKind::too_large, "it is larger than " + std::to_string(most / 1024) + " KiB");
    text.resize(filled);
    return text;
}

std::string path_from(const std::string& file, const std::string& path) {
    return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace basewatch::settings
