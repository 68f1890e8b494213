// What a confined process can no longer do, tried from inside one.

#include "jq/confinement.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using basewatch::jq::confine;

namespace {

// The exit code of `inside`, run in a confined child; 100 where confining failed, 128 + signal where it died.
int confined(const std::function<int()>& inside) {
    pid_t id = fork();
    if (id == 0) {
        if (!confine(512u << 20)) _exit(100);
        _exit(inside());
    }
    int status = 0;
    waitpid(id, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// 0 when the call was refused as not permitted.
int refused(long result) {
    return result == -1 && errno == EPERM ? 0 : 1;
}

TEST(Confinement, RefusesFilesNetworkProgramsAndSignals) {
    EXPECT_EQ(confined([] { return refused(open("/etc/passwd", O_RDONLY)); }), 0);
    EXPECT_EQ(confined([] { return refused(open("/tmp/basewatch-new", O_WRONLY | O_CREAT, 0600)); }), 0);
    EXPECT_EQ(confined([] { return refused(unlink("/nonexistent")); }), 0);
    EXPECT_EQ(confined([] { return refused(socket(AF_INET, SOCK_STREAM, 0)); }), 0);
    EXPECT_EQ(confined([] { return refused(socket(AF_UNIX, SOCK_STREAM, 0)); }), 0);
    EXPECT_EQ(confined([] { return refused(kill(getpid(), 0)); }), 0);
    EXPECT_EQ(confined([] { return refused(dup(0)); }), 0);
    EXPECT_EQ(confined([] {
                  char* arguments[] = {nullptr};
                  return refused(execve("/bin/true", arguments, arguments));
              }),
              0);
    EXPECT_EQ(confined([] { return refused(fork()); }), 0);
}

TEST(Confinement, NoMemoryBecomesCode) {
    EXPECT_EQ(confined([] {
                  void* made = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  return made == MAP_FAILED && errno == EPERM ? 0 : 1;
              }),
              0);
    EXPECT_EQ(
        confined([] {
            void* made = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            return made != MAP_FAILED && refused(mprotect(made, 4096, PROT_READ | PROT_EXEC)) == 0 ? 0 : 1;
        }),
        0);
}

TEST(Confinement, OnlyItsOwnDescriptorsAreReadAndWritten) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    char byte = 'x';
    EXPECT_EQ(confined([&] { return refused(write(ends[1], &byte, 1)); }), 0);
    EXPECT_EQ(confined([&] { return refused(read(ends[0], &byte, 1)); }), 0);
    close(ends[0]);
    close(ends[1]);
}

TEST(Confinement, AbortStillEndsIt) {
    EXPECT_EQ(confined([]() -> int {
                  signal(SIGABRT, SIG_DFL);
                  raise(SIGABRT);
                  return 0;
              }),
              128 + SIGABRT);
}

}  // namespace
