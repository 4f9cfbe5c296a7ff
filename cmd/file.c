#include "cmd/file.h"

#include "cmd/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_CHUNK = 256 * 1024,
    READ_TOGETHER = 4 * 1024 * 1024, /* of an mbox: so rarely are its mails moved in memory */
};

static int file_open(const char *path, struct err *err) {
    int fd = !strcmp(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? err_set_errno(err, ERR_NO_INPUT, "%s", path) : fd;
}

static void file_close(int fd) {
    if (fd > STDIN_FILENO)
        close(fd);
}

/* Reads on until there are `size` octets more, or no more of the file. */
static int read_on(int fd, const char *path, size_t size, struct buf *out, struct err *err) {
    size_t want = out->len + size;
    ssize_t n = 1;
    while (n != 0 && out->len < want) {
        buf_reserve(out, READ_CHUNK);
        n = read(fd, out->data + out->len, READ_CHUNK);
        if (n < 0 && errno != EINTR)
            return err_set_errno(err, ERR_NO_INPUT, "%s", path);
        if (n > 0)
            out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    return 0;
}

int file_read(const char *path, struct buf *out, struct err *err) {
    int fd = file_open(path, err);
    int rc = fd < 0 ? -1 : read_on(fd, path, SIZE_MAX - out->len, out, err);
    file_close(fd);
    return rc;
}

static int write_synced(int fd, struct bytes rest) {
    while (rest.len) {
        ssize_t n = write(fd, rest.data, rest.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        rest = bytes_from(rest, (size_t)n);
    }
    return fsync(fd);
}

static int open_folder_of(const char *path) {
    struct buf folder = BUF_INIT;
    long slash = bytes_find_last_char(bytes_of(path), '/');
    if (slash < 0)
        buf_add_char(&folder, '.');
    else
        buf_add_bytes(&folder, bytes_first(bytes_of(path), (size_t)slash + 1));
    int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    buf_free(&folder);
    return fd;
}

int file_sync_folder(const char *path) {
    int fd = open_folder_of(path);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return rc;
}

int file_lock_folder(const char *path, struct err *err) {
    int fd = open_folder_of(path);
    int rc = fd;
    while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (rc >= 0)
        return fd;
    err_set_errno(err, ERR_CANNOT_CREATE, "folder of %s", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

int file_replace(const char *path, struct bytes text, mode_t mode, struct err *err) {
    struct buf fresh = BUF_INIT;
    struct stat old;
    char *real = realpath(path, NULL); /* NULL: it is yet to be made */
    const char *target = real ? real : path;
    int rc = -1;
    buf_printf(&fresh, "%s.new", target);
    unlink(fresh.data); /* of a run that was killed */
    int fd = open(fresh.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        goto out;
    /* Where root tries something by hand, the cron job's user is to read it later on. */
    if (stat(target, &old) == 0 && old.st_uid != geteuid() &&
        fchown(fd, old.st_uid, old.st_gid) != 0)
        errno = 0;
    rc = fchmod(fd, mode);
    rc = rc == 0 ? write_synced(fd, text) : rc;
    rc = close(fd) == 0 ? rc : -1;
    if (rc == 0)
        rc = rename(fresh.data, target);
    if (rc == 0)
        rc = file_sync_folder(target);
out:
    if (rc != 0)
        err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
    if (rc != 0 && fd >= 0)
        unlink(fresh.data);
    buf_free(&fresh);
    free(real);
    return rc;
}

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* As `LC_ALL=C ls` has them: the same on every machine. */
static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

int file_list_read(const char *folder, const char *suffix, struct file_list *list,
                   struct err *err) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, by_bytes);
    if (count < 0)
        return err_set_errno(err, ERR_NO_INPUT, "folder %s", folder);
    list->files = memory_zero((size_t)count, sizeof *list->files);
    int rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0 && bytes_ends_ignore_case(bytes_of(entries[i]->d_name), suffix)) {
            struct buf path = BUF_INIT;
            buf_printf(&path, "%s/%s", folder, entries[i]->d_name);
            list->files[list->count].path = path.data;
            list->files[list->count].text = (struct buf)BUF_INIT;
            rc = file_read(path.data, &list->files[list->count++].text, err);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

void file_list_free(struct file_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->files[i].path);
        buf_free(&list->files[i].text);
    }
    free(list->files);
    *list = (struct file_list){0};
}

/* Where the next mail of an mbox begins: behind an empty line, at "From " (mboxo, mboxrd). Looks
 * from the second line on. */
static size_t mbox_mail_end(struct bytes rest) {
    size_t from = 0;
    for (;;) {
        long found = bytes_find(bytes_from(rest, from), "\nFrom ");
        if (found < 0)
            return rest.len;
        size_t at = from + (size_t)found;
        if ((at >= 1 && rest.data[at - 1] == '\n') ||
            (at >= 2 && rest.data[at - 1] == '\r' && rest.data[at - 2] == '\n'))
            return at + 1;
        from = at + 1;
    }
}

/* Where the first mail in `text` ends: at the end of `text` where that is not known yet. `number`
 * is its number in the file, which is no mbox where the first line does not say so. */
static size_t mail_end(struct bytes text, unsigned number) {
    bool is_mbox = number > 1 || (text.len > 5 && !memcmp(text.data, "From ", 5));
    return is_mbox ? mbox_mail_end(text) : text.len;
}

/* Of an mbox, which may be larger than memory, no more is held than what was read at once, or its
 * longest mail. */
static int walk_mbox(int fd, const char *path, file_mail_function *function, void *context,
                     struct err *err) {
    struct buf text = BUF_INIT, name = BUF_INIT;
    size_t start = 0; /* in `text`, of the next mail */
    int rc = 0;
    for (unsigned number = 1; rc == 0; number++) {
        struct bytes rest = bytes_from(buf_bytes(&text), start);
        size_t end = mail_end(rest, number), had;
        while (rc == 0 && end == rest.len) {
            buf_remove_first(&text, start);
            start = 0;
            had = text.len;
            /* A mail is searched anew when twice as much of it is there. */
            rc = read_on(fd, path, had + READ_TOGETHER, &text, err);
            rest = buf_bytes(&text);
            end = mail_end(rest, number);
            if (text.len == had)
                break;
        }
        if (rc != 0 || (!rest.len && number > 1))
            break;
        buf_reset(&name);
        buf_add_string(&name, path);
        if (number > 1)
            buf_printf(&name, ":%u", number);
        rc = function(context, name.data, bytes_first(rest, end), err);
        start += end;
    }
    buf_free(&name);
    buf_free(&text);
    return rc;
}

static int walk_folder(const char *folder, file_mail_function *function, void *context,
                       struct err *err) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, by_bytes);
    if (count < 0)
        return err_set_errno(err, ERR_NO_INPUT, "folder %s", folder);
    int rc = 0;
    struct buf path = BUF_INIT;
    for (int i = 0; i < count; i++) {
        if (rc == 0 && strcmp(entries[i]->d_name, "tmp") != 0) {
            buf_reset(&path);
            buf_printf(&path, "%s/%s", folder, entries[i]->d_name);
            rc = file_mails(path.data, function, context, err);
        }
        free(entries[i]);
    }
    buf_free(&path);
    free(entries);
    return rc;
}

int file_mails(const char *path, file_mail_function *function, void *context, struct err *err) {
    struct stat st;
    if (strcmp(path, "-") != 0) {
        if (stat(path, &st) != 0)
            return err_set_errno(err, ERR_NO_INPUT, "%s", path);
        if (S_ISDIR(st.st_mode))
            return walk_folder(path, function, context, err);
    }
    int fd = file_open(path, err);
    int rc = fd < 0 ? -1 : walk_mbox(fd, path, function, context, err);
    file_close(fd);
    return rc;
}
