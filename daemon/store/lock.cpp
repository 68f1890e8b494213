#include "store/lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace basewatch::store {

namespace {

Error no_lock_file(const std::string& state_path, int fault) {
    std::error_code ignored;
    auto folder = std::filesystem::absolute(state_path, ignored).parent_path();
    if (fault == ENOENT)
        return Error(ErrorKind::storage, "the folder " + folder.string() + " of the state " + state_path +
                                             " does not exist: make it, or set `daemon.state`");
    return Error(ErrorKind::storage, "cannot write in the folder " + folder.string() + " of the state " +
                                         state_path + ": " + std::strerror(fault));
}

// The holder writes its id after it has the lock, so for a moment there may be none.
std::string holder(int descriptor) {
    std::array<char, 24> text{};
    auto length = pread(descriptor, text.data(), text.size(), 0);
    std::string id;
    for (ssize_t i = 0;
         i < length && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
         ++i)
        id += text[static_cast<std::size_t>(i)];
    return id.empty() ? "another basewatch" : "another basewatch (process " + id + ")";
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& state_path) {
    std::string path = state_path + ".lock";
    int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return no_lock_file(state_path, errno);
    StateLock lock(descriptor);
    int answer;
    do answer = flock(descriptor, LOCK_EX | LOCK_NB);
    while (answer != 0 && errno == EINTR);
    if (answer != 0 && errno == EWOULDBLOCK)
        return Error(ErrorKind::conflict,
                     holder(descriptor) + " holds " + state_path + ": stop it, or use its client verbs");
    if (answer != 0) return Error(ErrorKind::storage, "cannot lock " + path + ": " + std::strerror(errno));
    std::string id = std::to_string(getpid()) + "\n";
    // Only for the sentence above: that it cannot be written is no reason not to start.
    bool written = ftruncate(descriptor, 0) == 0 &&
                   pwrite(descriptor, id.data(), id.size(), 0) == static_cast<ssize_t>(id.size());
    static_cast<void>(written);
    return lock;
}

StateLock::StateLock(StateLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StateLock& StateLock::operator=(StateLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

StateLock::~StateLock() {
    if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace basewatch::store
