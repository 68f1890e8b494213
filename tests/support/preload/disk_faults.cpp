// Loaded into a program before libc: makes the disk fail for the files whose path begins with
// BASEWATCH_FAULTY_FILES, as long as the file BASEWATCH_DISK_FAULT holds one of these words.
//   full       writing and growing fail as on a full disk
//   broken     writing, reading and flushing fail as on a dying disk
//   read-only  opening for writing fails as on a file system that is mounted read-only
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// What the disk does now; empty when it is well.
std::string_view fault() {
    static thread_local char word[16];
    static const char* const path = std::getenv("BASEWATCH_DISK_FAULT");
    static auto* const real_open = real<int(const char*, int, ...)>("open");
    static auto* const real_read = real<ssize_t(int, void*, size_t)>("read");
    if (path == nullptr) return {};
    int kept = errno;
    int file = real_open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : real_read(file, word, sizeof word);
    if (file >= 0) close(file);
    errno = kept;
    return {word, size < 0 ? 0 : static_cast<std::size_t>(size)};
}

bool faulty(const char* path) {
    static const char* const files = std::getenv("BASEWATCH_FAULTY_FILES");
    return files != nullptr && std::strncmp(path, files, std::strlen(files)) == 0;
}

bool faulty(int file) {
    char path[4096];
    auto link = "/proc/self/fd/" + std::to_string(file);
    ssize_t size = readlink(link.c_str(), path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = 0;
    return faulty(path);
}

// The errno of a write; 0 when it may go through.
int write_fault(int file) {
    if (!faulty(file)) return 0;
    auto now = fault();
    return now == "full" ? ENOSPC : now == "broken" ? EIO : 0;
}

int other_fault(int file) {
    return faulty(file) && fault() == "broken" ? EIO : 0;
}

template <class Function, class... Arguments>
auto unless(int error, const char* name, Arguments... arguments)
    -> decltype(real<Function>(name)(arguments...)) {
    if (error == 0) return real<Function>(name)(arguments...);
    errno = error;
    return -1;
}

int open_as(const char* name, const char* path, int flags, mode_t mode) {
    int error = (flags & O_ACCMODE) != O_RDONLY && faulty(path) && fault() == "read-only" ? EROFS : 0;
    return unless<int(const char*, int, ...)>(error, name, path, flags, mode);
}

mode_t mode_of(int flags, va_list more) {
    return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(more, int)) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    auto mode = mode_of(flags, more);
    va_end(more);
    return open_as("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    auto mode = mode_of(flags, more);
    va_end(more);
    return open_as("open64", path, flags, mode);
}

ssize_t write(int file, const void* data, size_t size) {
    return unless<ssize_t(int, const void*, size_t)>(write_fault(file), "write", file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
    return unless<ssize_t(int, const void*, size_t, off_t)>(write_fault(file), "pwrite", file, data, size,
                                                            at);
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t at) {
    return unless<ssize_t(int, const void*, size_t, off64_t)>(write_fault(file), "pwrite64", file, data, size,
                                                              at);
}

ssize_t read(int file, void* data, size_t size) {
    return unless<ssize_t(int, void*, size_t)>(other_fault(file), "read", file, data, size);
}

ssize_t pread(int file, void* data, size_t size, off_t at) {
    return unless<ssize_t(int, void*, size_t, off_t)>(other_fault(file), "pread", file, data, size, at);
}

ssize_t pread64(int file, void* data, size_t size, off64_t at) {
    return unless<ssize_t(int, void*, size_t, off64_t)>(other_fault(file), "pread64", file, data, size, at);
}

int ftruncate(int file, off_t size) {
    return unless<int(int, off_t)>(write_fault(file), "ftruncate", file, size);
}

int ftruncate64(int file, off64_t size) {
    return unless<int(int, off64_t)>(write_fault(file), "ftruncate64", file, size);
}

int fsync(int file) {
    return unless<int(int)>(other_fault(file), "fsync", file);
}

int fdatasync(int file) {
    return unless<int(int)>(other_fault(file), "fdatasync", file);
}

}  // extern "C"
