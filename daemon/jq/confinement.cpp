#include "jq/confinement.hpp"

#include <seccomp.h>

#include <cerrno>
#include <memory>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace basewatch::jq {

namespace {

bool limit(__rlimit_resource_t what, rlim_t most) {
    const rlimit bound{most, most};
    return setrlimit(what, &bound) == 0;
}

bool bound_resources(std::size_t memory) {
    // Descriptors 0, 1 and 2 stay usable; there is never a fourth.
    if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, 3) || !limit(RLIMIT_FSIZE, 0)) return false;
    return !bounds_address_space || limit(RLIMIT_AS, memory);
}

// For what computing needs: memory, time, and the way abort() takes.
constexpr int plain_calls[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),      SCMP_SYS(mremap),          SCMP_SYS(madvise),
    SCMP_SYS(exit),          SCMP_SYS(exit_group),  SCMP_SYS(rt_sigreturn),    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(sigaltstack), SCMP_SYS(getpid),          SCMP_SYS(gettid),
    SCMP_SYS(clock_gettime), SCMP_SYS(time),        SCMP_SYS(gettimeofday),    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),   SCMP_SYS(getrandom),   SCMP_SYS(restart_syscall),
};

bool allow(scmp_filter_ctx filter) {
    for (int call : plain_calls)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0) return false;
    // No memory becomes code.
    for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
            return false;
    // Only itself can be signalled, which is how abort() ends it.
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                         SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0)) != 0)
        return false;
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO, 0)) !=
        0)
        return false;
    for (scmp_datum_t descriptor : {STDOUT_FILENO, STDERR_FILENO})
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                             SCMP_A0(SCMP_CMP_EQ, descriptor, 0)) != 0)
            return false;
    return true;
}

bool filter_calls() {
    std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                             &seccomp_release);
    return filter != nullptr && allow(filter.get()) && seccomp_load(filter.get()) == 0;
}

}  // namespace

bool confine(std::size_t memory) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
    return bound_resources(memory) && filter_calls();
}

}  // namespace basewatch::jq
