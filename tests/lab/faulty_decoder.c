/* For LD_PRELOAD in front of nullsender: a decoder that does what a mail's Date field tells it to,
 * in place of the one of libetpan. The workers start without an environment, so that it also hands
 * itself on to them. */
#include <dlfcn.h>
#include <fcntl.h>
#include <libetpan/libetpan.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void crash(void) {
    raise(SIGSEGV);
}

static void leave(void) {
    _exit(3);
}

static void open_a_file(void) {
    open("/etc/passwd", O_RDONLY);
}

static void talk_nonsense(void) {
    static const char words[] = "this is no answer, and longer than a header";
    ssize_t ignored = write(STDIN_FILENO, words, sizeof words);
    (void)ignored;
}

static void use_all_memory(void) {
    while (malloc(1024 * 1024))
        ;
    abort();
}

static const struct {
    const char *date;
    void (*act)(void);
} faults[] = {
    {"crash", crash},
    {"leave", leave},
    {"open a file", open_a_file},
    {"talk nonsense", talk_nonsense},
    {"use all memory", use_all_memory},
};

int mailimf_date_time_parse(const char *text, size_t length, size_t *index,
                            struct mailimf_date_time **result) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (length == strlen(faults[i].date) && !memcmp(text, faults[i].date, length))
            faults[i].act();
    int (*genuine)(const char *, size_t, size_t *, struct mailimf_date_time **);
    *(void **)&genuine = dlsym(RTLD_NEXT, "mailimf_date_time_parse");
    return genuine(text, length, index, result);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[]) {
    int (*genuine)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                   const posix_spawnattr_t *, char *const[], char *const[]);
    *(void **)&genuine = dlsym(RTLD_NEXT, "posix_spawn");
    static char preload[4096];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", getenv("LD_PRELOAD"));
    char *both[] = {preload, environment[0], NULL};
    return genuine(pid, path, files, attributes, arguments, both);
}
