/* What an isolated process can still do: each attempt is made by a process that has entered. */
#include "cmd/isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Each returns whether it did what must not be possible. */

static bool read_a_file(void) {
    return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool write_a_file(void) {
    return open("/tmp/nullsender-test", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool list_a_folder(void) {
    return open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool make_a_tcp_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return fd >= 0 &&
           (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == ECONNREFUSED);
}

static bool make_a_unix_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool run_a_program(void) {
    char *const none[] = {NULL};
    execve("/bin/true", none, none);
    return false; /* where it succeeds, true(1) ends as SUCCEEDED does */
}

static bool fork_itself(void) {
    return fork() >= 0;
}

static bool trace_its_parent(void) {
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool read_its_parents_memory(void) {
    static char here[8], there[8]; /* at the same address in the parent */
    struct iovec to = {here, sizeof here}, from = {there, sizeof there};
    return process_vm_readv(getppid(), &to, 1, &from, 1, 0) > 0;
}

static bool read_its_parents_environment(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    return open(path, O_RDONLY) >= 0;
}

static bool signal_its_parent(void) {
    return kill(getppid(), 0) == 0;
}

static bool signal_its_parent_as_a_thread(void) {
    return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

static bool make_memory_executable(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool map_executable_memory(void) {
    int rights = PROT_READ | PROT_WRITE | PROT_EXEC;
    return mmap(NULL, 4096, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool raise_its_limits(void) {
    return setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3}) == 0;
}

static bool type_into_the_terminal(void) {
    return ioctl(STDIN_FILENO, TIOCSTI, "x") == 0 || errno == ENOTTY;
}

static bool become_traceable(void) {
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool become_root(void) {
    return setuid(0) == 0;
}

static bool use_two_gigabytes(void) {
    /* In steps: one large piece might be refused for other reasons. */
    for (int i = 0; i < 32; i++)
        if (mmap(NULL, 64 * 1024 * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                 0) == MAP_FAILED)
            return false;
    return true;
}

enum outcome { SUCCEEDED, FAILED, KILLED };

/* As a kernel without both, or a container that forbids them, answers. */
static void take_seccomp_and_landlock_away(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const struct scmp_arg_cmp set_seccomp = SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0);
    if (!filter ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) ||
        seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &set_seccomp) ||
        seccomp_load(filter))
        _exit(100);
    seccomp_release(filter);
}

/* Runs the attempt in a child that has entered; its state comes back through a pipe. */
static int run_isolated(bool (*attempt)(void), bool old_kernel, struct isolation *isolation) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDIN_FILENO);
        close_range(STDERR_FILENO + 1, ~0u, 0);
        if (old_kernel)
            take_seccomp_and_landlock_away();
        struct isolation state;
        isolation_enter(&state);
        if (write(STDIN_FILENO, &state, sizeof state) != sizeof state)
            _exit(100);
        _exit(attempt() ? SUCCEEDED : FAILED);
    }
    close(ends[1]);
    int status;
    bool complete = read(ends[0], isolation, sizeof *isolation) == sizeof *isolation;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(complete);
    return status;
}

static enum outcome outcome_of(int status) {
    if (WIFSIGNALED(status))
        return KILLED;
    assert_in_range(WEXITSTATUS(status), SUCCEEDED, FAILED);
    return (enum outcome)WEXITSTATUS(status);
}

static const struct {
    const char *name;
    bool (*attempt)(void);
    bool only_seccomp; /* what the other layers do not keep it from */
} attempts[] = {
    {"read a file", read_a_file, false},
    {"write a file", write_a_file, false},
    {"list a folder", list_a_folder, false},
    {"make a TCP socket", make_a_tcp_socket, false},
    {"make a Unix socket", make_a_unix_socket, false},
    {"run a program", run_a_program, true},
    {"fork", fork_itself, false},
    {"trace its parent", trace_its_parent, true},
    {"read its parent's memory", read_its_parents_memory, true},
    {"read its parent's environment", read_its_parents_environment, false},
    {"signal its parent", signal_its_parent, true},
    {"signal its parent as a thread", signal_its_parent_as_a_thread, true},
    {"make memory executable", make_memory_executable, true},
    {"map executable memory", map_executable_memory, true},
    {"raise its limits", raise_its_limits, true},
    {"type into the terminal", type_into_the_terminal, true},
    {"become traceable", become_traceable, true},
    {"become root", become_root, true},
};

static void an_isolated_process_cannot(void **state) {
    (void)state;
    struct isolation isolation;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        if (outcome_of(run_isolated(attempts[i].attempt, false, &isolation)) == SUCCEEDED)
            fail_msg("an isolated process can %s", attempts[i].name);
    }
}

/* The limits alone: no file can be opened and no process forked. */
static void without_seccomp_and_landlock_it_still_cannot(void **state) {
    (void)state;
    struct isolation isolation;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        if (!attempts[i].only_seccomp &&
            outcome_of(run_isolated(attempts[i].attempt, true, &isolation)) == SUCCEEDED)
            fail_msg("without seccomp, an isolated process can %s", attempts[i].name);
    }
}

/* That the attempts do not fail by themselves. */
static void others_can(void **state) {
    (void)state;
    static bool (*const possible[])(void) = {read_a_file, list_a_folder, make_a_unix_socket,
                                             make_memory_executable, map_executable_memory};
    for (size_t i = 0; i < sizeof possible / sizeof *possible; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            _exit(possible[i]() ? SUCCEEDED : FAILED);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(outcome_of(status), SUCCEEDED);
    }
}

static void memory_has_a_limit(void **state) {
    (void)state;
    struct isolation isolation;
    if (ISOLATION_SANITIZED)
        skip();
    assert_int_equal(outcome_of(run_isolated(use_two_gigabytes, false, &isolation)), FAILED);
}

static bool do_nothing(void) {
    return true;
}

static void all_layers_that_the_kernel_has_are_active(void **state) {
    (void)state;
    struct isolation isolation;
    assert_int_equal(outcome_of(run_isolated(do_nothing, false, &isolation)), SUCCEEDED);
    long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint32_t expected[ISOLATION_LAYER_COUNT] = {
        [ISOLATION_LANDLOCK] = landlock < 0 ? (uint32_t)errno : 0,
        [ISOLATION_UNTRACEABLE] = ISOLATION_SANITIZED ? ENOTSUP : 0,
    };
    for (int i = 0; i < ISOLATION_LAYER_COUNT; i++)
        assert_int_equal(isolation.missing[i], expected[i]);
}

static void a_layer_that_is_missing_is_said_and_does_no_harm(void **state) {
    (void)state;
    struct isolation isolation;
    assert_int_equal(outcome_of(run_isolated(do_nothing, true, &isolation)), SUCCEEDED);
    assert_int_equal(isolation.missing[ISOLATION_LANDLOCK], ENOSYS);
    assert_int_not_equal(isolation.missing[ISOLATION_SECCOMP], 0);
    assert_int_equal(isolation.missing[ISOLATION_PRIVILEGES], 0);
    assert_int_equal(isolation.missing[ISOLATION_LIMITS], 0);
    struct buf line = BUF_INIT;
    isolation_describe(&isolation, ISOLATION_LANDLOCK, &line);
    assert_string_equal(line.data, "Landlock: not active (Function not implemented): seccomp alone "
                                   "keeps the decoder from files");
    buf_reset(&line);
    isolation_describe(&isolation, ISOLATION_PRIVILEGES, &line);
    assert_string_equal(line.data, "privileges: active (none, and no way to get any)");
    buf_free(&line);
}

static void compute(double seconds) {
    struct timespec start, now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 <
           seconds);
}

static bool compute_for_ever(void) {
    isolation_grant_seconds(1);
    compute(1e9);
    return true;
}

/* Well below a second each: the kernel counts in ticks. */
static bool compute_for_five_messages(void) {
    for (int i = 0; i < 5; i++) {
        isolation_grant_seconds(1);
        compute(0.6);
    }
    return true;
}

static void cpu_time_is_granted_for_each_message(void **state) {
    (void)state;
    struct isolation isolation;
    int status = run_isolated(compute_for_ever, false, &isolation);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXCPU);
    assert_int_equal(outcome_of(run_isolated(compute_for_five_messages, false, &isolation)),
                     SUCCEEDED);
}

static void a_process_with_secrets_cannot_be_read(void **state) {
    (void)state;
    if (ISOLATION_SANITIZED)
        skip();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit;
        isolation_hide_secrets();
        _exit(prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 &&
                      limit.rlim_max == 0
                  ? SUCCEEDED
                  : FAILED);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(outcome_of(status), SUCCEEDED);
}

static bool abort_itself(void) {
    abort();
}

static void a_crash_is_told_by_its_own_signal(void **state) {
    (void)state;
    struct isolation isolation;
    int status = run_isolated(abort_itself, false, &isolation);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_isolated_process_cannot),
        cmocka_unit_test(without_seccomp_and_landlock_it_still_cannot),
        cmocka_unit_test(others_can),
        cmocka_unit_test(memory_has_a_limit),
        cmocka_unit_test(all_layers_that_the_kernel_has_are_active),
        cmocka_unit_test(a_layer_that_is_missing_is_said_and_does_no_harm),
        cmocka_unit_test(cpu_time_is_granted_for_each_message),
        cmocka_unit_test(a_process_with_secrets_cannot_be_read),
        cmocka_unit_test(a_crash_is_told_by_its_own_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
