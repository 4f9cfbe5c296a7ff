#include "cmd/secret.h"

#include "cmd/base/memory.h"
#include "cmd/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COMMAND_SECONDS = 60, /* a token from far away is there after five */
};

/* Waits until there is something to read or the file has ended. False when time is up. `deadline`
 * is on the clock of clock_seconds(); 0: none. */
static bool wait_for_input(int fd, double deadline) {
    if (deadline == 0)
        return true;
    struct pollfd input = {fd, POLLIN, 0};
    int ready;
    do {
        double left = deadline - clock_seconds();
        if (left <= 0)
            return false;
        ready = poll(&input, 1, (int)(left * 1000) + 1);
    } while (ready < 0 && errno == EINTR);
    return ready != 0;
}

/* Reads to the end, so that a command may say more than we want to know. Into a buffer of its own:
 * growing ones would leave copies behind in freed memory. */
static int read_first_line(int fd, const char *what, double deadline, char **secret,
                           struct err *err) {
    char *text = memory_zero(SECRET_MAX + 1, 1);
    size_t len = 0;
    ssize_t got = 0;
    int rc = -1;
    for (;;) {
        const char *line_end = memchr(text, '\n', len);
        if (len == SECRET_MAX && !line_end) {
            err_set(err, ERR_NO_INPUT, "%s: a first line of more than %d octets is no secret", what,
                    SECRET_MAX);
            goto out;
        }
        if (len == SECRET_MAX)
            len = (size_t)(line_end - text) + 1;
        if (!wait_for_input(fd, deadline)) {
            err_set(err, ERR_TEMPORARY, "%s: no secret within %d s", what, COMMAND_SECONDS);
            goto out;
        }
        got = read(fd, text + len, SECRET_MAX - len);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            err_set_errno(err, ERR_NO_INPUT, "%s", what);
            goto out;
        }
        len += (size_t)got;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (!*text) {
        err_set(err, ERR_NO_INPUT, "%s: no secret on its first line", what);
        goto out;
    }
    *secret = text;
    text = NULL;
    rc = 0;
out:
    secret_free(text);
    return rc;
}

int secret_check_mode(const char *path, const struct stat *st, const char *what, struct err *err) {
    if (!(st->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)))
        return 0;
    return err_set(err, ERR_CONFIG, "%s: others can read or write %s (mode %03o); chmod 600 it",
                   path, what, (unsigned)(st->st_mode & 0777));
}

/* systemd hands out credentials with modes of its own, readable to the unit alone. */
static int read_file(const char *path, bool others_may_read, char **secret, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, ERR_NO_INPUT, "%s", path);
    struct stat st;
    int rc = 0;
    if (fstat(fd, &st) != 0)
        rc = err_set_errno(err, ERR_NO_INPUT, "%s", path);
    else if (!others_may_read && S_ISREG(st.st_mode))
        rc = secret_check_mode(path, &st, "this secret", err);
    if (rc == 0)
        rc = read_first_line(fd, path, 0, secret, err);
    close(fd);
    return rc;
}

/* In a process group of its own, so that all of it can be ended; on a terminal in ours, so that it
 * may ask there. */
_Noreturn static void run_shell(const char *command, int output, bool own_group) {
    if (own_group)
        setpgid(0, 0);
    dup2(output, STDOUT_FILENO);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int read_command(const char *name, const char *command, char **secret, struct err *err) {
    struct buf what = BUF_INIT;
    int pipe_ends[2], status = 0, rc = -1;
    bool own_group = !isatty(STDIN_FILENO);
    /* Without the command itself in errors: people put secrets there too. */
    buf_printf(&what, "%s_command", name);
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        err_set_errno(err, ERR_OS, "pipe");
        goto out;
    }
    pid_t child = fork();
    if (child == 0)
        run_shell(command, pipe_ends[1], own_group);
    close(pipe_ends[1]);
    if (child < 0) {
        err_set_errno(err, ERR_OS, "fork");
    } else {
        rc = read_first_line(pipe_ends[0], what.data, clock_seconds() + COMMAND_SECONDS, secret,
                             err);
        bool hangs = rc != 0 && err->code == ERR_TEMPORARY;
        if (hangs)
            kill(own_group ? -child : child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (!hangs && status) {
            if (rc == 0)
                secret_free(*secret);
            *secret = NULL;
            rc = err_set(err, ERR_CONFIG, "%s failed with status %d", what.data,
                         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
    }
    close(pipe_ends[0]);
out:
    buf_free(&what);
    return rc;
}

static int read_credential(const char *name, const char *credential, char **secret,
                           struct err *err) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder)
        return err_set(err, ERR_CONFIG,
                       "%s_credential '%s': no CREDENTIALS_DIRECTORY; start the program from a "
                       "systemd unit with LoadCredential=%s:/path",
                       name, credential, credential);
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", folder, credential);
    int rc = read_file(path.data, true, secret, err);
    buf_free(&path);
    return rc;
}

int secret_read(const char *name, const struct config_secret *source, char **secret,
                struct err *err) {
    *secret = NULL;
    if (source->file)
        return read_file(source->file, false, secret, err) != 0 ? err_prefix(err, "%s_file", name)
                                                                : 0;
    if (source->command)
        return read_command(name, source->command, secret, err);
    if (source->credential)
        return read_credential(name, source->credential, secret, err);
    return 0;
}

void secret_free(char *secret) {
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

void secret_buf_free(struct buf *secret) {
    if (secret->room)
        explicit_bzero(secret->data, secret->room);
    buf_free(secret);
}
