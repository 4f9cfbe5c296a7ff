#include "cmd/secret.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SECRET_MAX = 16 * 1024, /* OAuth tokens are some 2 KB */
};

/* Reads into a buffer of its own: growing ones would leave copies behind in freed memory. */
static int read_first_line(int fd, const char *what, char **secret, struct err *err) {
    char *text = memory_zero(SECRET_MAX + 1, 1);
    size_t len = 0;
    ssize_t got = 0;
    while (len < SECRET_MAX && (got = read(fd, text + len, SECRET_MAX - len)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            secret_free(text);
            return err_set_errno(err, ERR_NO_INPUT, "%s", what);
        }
        len += (size_t)got;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (!*text) {
        secret_free(text);
        return err_set(err, ERR_NO_INPUT, "%s: no secret on its first line", what);
    }
    *secret = text;
    return 0;
}

/* systemd hands out credentials with modes of its own, readable to the unit alone. */
static int read_file(const char *path, bool others_may_read, char **secret, struct err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, ERR_NO_INPUT, "%s", path);
    struct stat st;
    int rc;
    if (fstat(fd, &st) != 0)
        rc = err_set_errno(err, ERR_NO_INPUT, "%s", path);
    else if (!others_may_read && S_ISREG(st.st_mode) &&
             (st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)))
        rc = err_set(err, ERR_CONFIG,
                     "%s: others can read or write this secret (mode %03o); chmod 600 it", path,
                     (unsigned)(st.st_mode & 0777));
    else
        rc = read_first_line(fd, path, secret, err);
    close(fd);
    return rc;
}

static int read_command(const char *command, char **secret, struct err *err) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return err_set_errno(err, ERR_OS, "pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_ends[1], STDOUT_FILENO);
        signal(SIGPIPE, SIG_DFL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(pipe_ends[1]);
    int rc, status = 0;
    if (child < 0) {
        rc = err_set_errno(err, ERR_OS, "fork");
    } else {
        rc = read_first_line(pipe_ends[0], "password_command", secret, err);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status)) {
            if (rc == 0)
                secret_free(*secret);
            *secret = NULL;
            /* Without the command: people put secrets there too. */
            rc = err_set(err, ERR_CONFIG, "password_command failed with status %d",
                         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
    }
    close(pipe_ends[0]);
    return rc;
}

static int read_credential(const char *name, char **secret, struct err *err) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder)
        return err_set(err, ERR_CONFIG,
                       "password_credential '%s': no CREDENTIALS_DIRECTORY; start the program from "
                       "a systemd unit with LoadCredential=%s:/path",
                       name, name);
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", folder, name);
    int rc = read_file(path.data, true, secret, err);
    buf_free(&path);
    return rc;
}

int secret_read(const struct config_secret *source, char **secret, struct err *err) {
    *secret = NULL;
    if (source->file)
        return read_file(source->file, false, secret, err);
    if (source->command)
        return read_command(source->command, secret, err);
    if (source->credential)
        return read_credential(source->credential, secret, err);
    return 0;
}

void secret_free(char *secret) {
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}
