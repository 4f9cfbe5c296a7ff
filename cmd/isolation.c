#include "cmd/isolation.h"

#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    MEMORY_MAX = 1024 * 1024 * 1024, /* address space; a 64 MB message needs some 200 MB */
    STACK_MAX = 8 * 1024 * 1024,     /* the usual one, whatever the caller's `ulimit -s` */
    OPEN_FILES_MAX = 3,              /* those that are open: no other can be */
    NOBODY = 65534,
};

static const struct {
    const char *name;
    const char *gives; /* while active */
    const char *lacks; /* while not */
} words[ISOLATION_LAYER_COUNT] = {
    [ISOLATION_PRIVILEGES] = {"privileges", "none, and no way to get any",
                              "a decoder that is taken over has those of the user"},
    [ISOLATION_LIMITS] = {"limits", "on memory, CPU time, stack, files and processes",
                          "one mail can use up the machine's memory"},
    [ISOLATION_UNTRACEABLE] = {"untraceable", "no core file, no debugger",
                               "mail may be left in a core file"},
    [ISOLATION_LANDLOCK] = {"Landlock", "no files, no network, no signals",
                            "seccomp alone keeps the decoder from files"},
    [ISOLATION_SECCOMP] = {"seccomp", "no system calls but those that decoding needs",
                           "a decoder that is taken over can use the whole kernel"},
};

static uint32_t enter_privileges(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return (uint32_t)errno;
    if (geteuid() != 0)
        return 0;
    /* Leaving uid 0 takes all capabilities along (capabilities(7)). */
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return (uint32_t)errno;
    return 0;
}

static uint32_t enter_limits(void) {
    static const struct {
        int resource;
        rlim_t max;
    } limits[] = {
        {RLIMIT_AS, ISOLATION_SANITIZED ? RLIM_INFINITY : MEMORY_MAX},
        {RLIMIT_STACK, STACK_MAX},
        {RLIMIT_NOFILE, OPEN_FILES_MAX},
        {RLIMIT_CORE, 0},
        {RLIMIT_FSIZE, 0},
        {RLIMIT_NPROC, 0},
        {RLIMIT_MEMLOCK, 0},
        {RLIMIT_MSGQUEUE, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0)
            return (uint32_t)errno;
        if (limit.rlim_max > limits[i].max)
            limit.rlim_max = limits[i].max;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) != 0)
            return (uint32_t)errno;
    }
    /* Here, since changing the user clears it. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : (uint32_t)errno;
}

static uint32_t enter_untraceable(void) {
    if (ISOLATION_SANITIZED)
        return ENOTSUP;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : (uint32_t)errno;
}

/* struct landlock_ruleset_attr as of ABI 6; kernels take a longer one than theirs where the rest is
 * zero. <linux/landlock.h> of Debian 12 ends at ABI 2. */
struct landlock_rights {
    uint64_t files, network, scope;
};

/* What each version of the ABI added; all of it is taken away. */
static const struct {
    int abi;
    struct landlock_rights rights;
} landlock_history[] = {
    {1, {(LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, 0, 0}},
    {2, {LANDLOCK_ACCESS_FS_REFER, 0, 0}},
    {3, {LANDLOCK_ACCESS_FS_REFER << 1, 0, 0}}, /* TRUNCATE */
    {4, {0, 3, 0}},                             /* BIND_TCP, CONNECT_TCP */
    {5, {LANDLOCK_ACCESS_FS_REFER << 2, 0, 0}}, /* IOCTL_DEV */
    {6, {0, 0, 3}},                             /* ABSTRACT_UNIX_SOCKET, SIGNAL */
};

static uint32_t enter_landlock(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0)
        return (uint32_t)errno;
    struct landlock_rights rights = {0};
    for (size_t i = 0; i < sizeof landlock_history / sizeof *landlock_history; i++) {
        if (landlock_history[i].abi > abi)
            break;
        rights.files |= landlock_history[i].rights.files;
        rights.network |= landlock_history[i].rights.network;
        rights.scope |= landlock_history[i].rights.scope;
    }
    long ruleset = syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    if (ruleset < 0)
        return (uint32_t)errno;
    uint32_t missing = 0;
    if (syscall(SYS_landlock_restrict_self, (int)ruleset, 0) != 0)
        missing = (uint32_t)errno;
    close((int)ruleset);
    return missing;
}

/* What may be asked of the kernel whatever the arguments are. */
static const int harmless[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sigaltstack), /* AddressSanitizer, before a process ends */
};

/* Memory, but no new code; abort(3), but no signals to others; more CPU time, but no other limit.
 * Returns 0 or a negative errno, as libseccomp does. */
static int add_rules(scmp_filter_ctx filter) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof harmless / sizeof *harmless; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0);
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
    const struct scmp_arg_cmp cpu[] = {SCMP_A0(SCMP_CMP_EQ, 0, 0),
                                       SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU, 0)};
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
    if (rc == 0)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, cpu);
    return rc;
}

static uint32_t enter_seccomp(void) {
    scmp_filter_ctx filter =
        seccomp_init(ISOLATION_SANITIZED ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return ENOSYS;
    int rc = add_rules(filter);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return rc < 0 ? (uint32_t)-rc : 0;
}

void isolation_enter(struct isolation *isolation) {
    /* In the enum's order: changing the user makes a process dumpable again, Landlock and seccomp
     * ask for no_new_privs, Landlock opens a file, and behind seccomp nothing can be entered. */
    static uint32_t (*const enter[ISOLATION_LAYER_COUNT])(void) = {
        [ISOLATION_PRIVILEGES] = enter_privileges,   [ISOLATION_LIMITS] = enter_limits,
        [ISOLATION_UNTRACEABLE] = enter_untraceable, [ISOLATION_LANDLOCK] = enter_landlock,
        [ISOLATION_SECCOMP] = enter_seccomp,
    };
    for (int layer = 0; layer < ISOLATION_LAYER_COUNT; layer++)
        isolation->missing[layer] = enter[layer]();
}

void isolation_grant_seconds(unsigned seconds) {
    struct timespec used;
    struct rlimit limit;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    /* The limit counts whole seconds: one more, so that nobody gets less than what was granted. */
    rlim_t until = (rlim_t)used.tv_sec + seconds + 1;
    if (getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_cur == until)
        return;
    limit.rlim_cur = until < limit.rlim_max ? until : limit.rlim_max;
    setrlimit(RLIMIT_CPU, &limit);
}

void isolation_describe(const struct isolation *isolation, enum isolation_layer layer,
                        struct buf *line) {
    uint32_t missing = isolation->missing[layer];
    if (missing)
        buf_printf(line, "%s: not active (%s): %s", words[layer].name, strerror((int)missing),
                   words[layer].lacks);
    else
        buf_printf(line, "%s: active (%s)", words[layer].name, words[layer].gives);
}

void isolation_hide_secrets(void) {
    if (ISOLATION_SANITIZED)
        return;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* Where the file system has no such protection, the limit has. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
