/*
 * failing_malloc: preloaded (LD_PRELOAD), makes one allocation of a program fail.
 *
 * The file that $FAILING_MALLOC names holds a `struct plan`, which all processes of a run share.
 * Allocations are counted from main() on, those of the process that was started and those of the
 * processes that it spawns each for themselves. They are met where cmd/base/memory.c passes them to
 * glibc, and so are those of libraries and of glibc's own functions.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    ENVIRONMENT_MAX = 64,
    PATH_TEXT_MAX = 4096,
};

enum process { PARENT, CHILD, PROCESS_COUNT };

struct plan {
    uint64_t fail_at[PROCESS_COUNT]; /* which allocation fails; 0: none */
    uint64_t counted[PROCESS_COUNT];
    uint64_t failed; /* one has */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
int __libc_start_main(int (*program_main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack);

static struct plan *plan; /* NULL until main() */
static enum process process = PARENT;
static char plan_variable[PATH_TEXT_MAX], preload_variable[PATH_TEXT_MAX];
static char child_variable[] = "FAILING_MALLOC_CHILD=1";

/* The next definition of a function, looked up once. */
#define NEXT(function)                 \
    static __typeof__(&function) next; \
    if (!next)                         \
    *(void **)&next = dlsym(RTLD_NEXT, #function)

static bool must_fail(void) {
    if (!plan ||
        __atomic_add_fetch(&plan->counted[process], 1, __ATOMIC_SEQ_CST) != plan->fail_at[process])
        return false;
    if (__atomic_exchange_n(&plan->failed, 1, __ATOMIC_SEQ_CST))
        return false;
    errno = ENOMEM;
    return true;
}

void *__libc_malloc(size_t size) {
    NEXT(__libc_malloc);
    return must_fail() ? NULL : next(size);
}

void *__libc_calloc(size_t count, size_t size) {
    NEXT(__libc_calloc);
    return must_fail() ? NULL : next(count, size);
}

void *__libc_realloc(void *old, size_t size) {
    NEXT(__libc_realloc);
    return must_fail() ? NULL : next(old, size);
}

/* A spawned process gets no environment to speak of, but this library has to be in it as well. */
int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[]) {
    NEXT(posix_spawn);
    char *all[ENVIRONMENT_MAX] = {plan_variable, preload_variable, child_variable};
    for (size_t i = 0, count = 3; environment[i] && count < ENVIRONMENT_MAX - 1; i++)
        all[count++] = environment[i];
    return next(pid, path, actions, attributes, arguments, all);
}

static int (*real_main)(int, char **, char **);

static int start(int argc, char **argv, char **environment) {
    const char *path = getenv("FAILING_MALLOC"), *preload = getenv("LD_PRELOAD");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *shared = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        snprintf(plan_variable, sizeof plan_variable, "FAILING_MALLOC=%s", path);
        snprintf(preload_variable, sizeof preload_variable, "LD_PRELOAD=%s",
                 preload ? preload : "");
        process = getenv("FAILING_MALLOC_CHILD") ? CHILD : PARENT;
        if (shared != MAP_FAILED)
            plan = shared;
    }
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*program_main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack) {
    NEXT(__libc_start_main);
    real_main = program_main;
    return next(start, argc, argv, init, fini, rtld_fini, stack);
}
