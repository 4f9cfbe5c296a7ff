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

/* A file that is being read. */
struct source {
    const char *path;
    int fd;
    bool is_folder;
    uint64_t size, read; /* octets; a size of 0 says nothing, as of a pipe */
    bool ended;
};

/* `name` is the path within `folder`, which spares the kernel the way to there; AT_FDCWD: it is the
 * path. */
static int source_open(int folder, const char *name, const char *path, struct source *source,
                       struct err *err) {
    struct stat st;
    bool standard_input = !strcmp(path, "-");
    *source = (struct source){.path = path};
    source->fd = standard_input ? STDIN_FILENO : openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return err_set_errno(err, ERR_NO_INPUT, "%s", path);
    if (standard_input || fstat(source->fd, &st) != 0)
        return 0;
    source->is_folder = S_ISDIR(st.st_mode);
    source->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    return 0;
}

static void source_close(struct source *source) {
    if (source->fd > STDIN_FILENO)
        close(source->fd);
}

/* Reads on until there are `size` octets more, or no more of the file. A file's size tells its end
 * without one more read that finds nothing: in a folder of small files, a third of their cost. */
static int source_read(struct source *source, size_t size, struct buf *out, struct err *err) {
    size_t want = out->len + size;
    while (!source->ended && out->len < want) {
        buf_reserve(out, READ_CHUNK);
        ssize_t n = read(source->fd, out->data + out->len, READ_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_NO_INPUT, "%s", source->path);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        source->read += (uint64_t)n;
        source->ended = n == 0 || (source->size && source->read >= source->size);
    }
    return 0;
}

int file_read(const char *path, struct buf *out, struct err *err) {
    struct source source;
    if (source_open(AT_FDCWD, path, path, &source, err) != 0)
        return -1;
    int rc = source_read(&source, SIZE_MAX - out->len, out, err);
    source_close(&source);
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

/* A walk over mails. Its buffers serve all files. */
struct walk {
    file_mail_function *function;
    void *context;
    struct buf text, name;
};

/* Of an mbox, which may be larger than memory, no more is held than what was read at once, or its
 * longest mail. */
static int walk_mbox(struct walk *walk, struct source *source, struct err *err) {
    struct buf *text = &walk->text, *name = &walk->name;
    size_t start = 0; /* in `text`, of the next mail */
    int rc = 0;
    buf_reset(text);
    for (unsigned number = 1; rc == 0; number++) {
        struct bytes rest = bytes_from(buf_bytes(text), start);
        size_t end = mail_end(rest, number);
        while (rc == 0 && end == rest.len && !source->ended) {
            buf_remove_first(text, start);
            start = 0;
            /* A mail is searched anew when twice as much of it is there. */
            rc = source_read(source, text->len + READ_TOGETHER, text, err);
            rest = buf_bytes(text);
            end = mail_end(rest, number);
        }
        if (rc != 0 || (!rest.len && number > 1))
            break;
        buf_reset(name);
        buf_add_string(name, source->path);
        if (number > 1)
            buf_printf(name, ":%u", number);
        rc = walk->function(walk->context, name->data, bytes_first(rest, end), err);
        start += end;
    }
    return rc;
}

static int walk_path(struct walk *walk, int folder, const char *name, const char *path,
                     struct err *err);

static int walk_folder(struct walk *walk, const struct source *folder, struct err *err) {
    struct dirent **entries = NULL;
    int count = scandirat(folder->fd, ".", &entries, is_visible, by_bytes);
    if (count < 0)
        return err_set_errno(err, ERR_NO_INPUT, "folder %s", folder->path);
    int rc = 0;
    struct buf path = BUF_INIT;
    for (int i = 0; i < count; i++) {
        if (rc == 0 && strcmp(entries[i]->d_name, "tmp") != 0) {
            buf_reset(&path);
            buf_add_string(&path, folder->path);
            buf_add_char(&path, '/');
            buf_add_string(&path, entries[i]->d_name);
            rc = walk_path(walk, folder->fd, entries[i]->d_name, path.data, err);
        }
        free(entries[i]);
    }
    buf_free(&path);
    free(entries);
    return rc;
}

static int walk_path(struct walk *walk, int folder, const char *name, const char *path,
                     struct err *err) {
    struct source source;
    if (source_open(folder, name, path, &source, err) != 0)
        return -1;
    int rc = source.is_folder ? walk_folder(walk, &source, err) : walk_mbox(walk, &source, err);
    source_close(&source);
    return rc;
}

int file_mails(const char *path, file_mail_function *function, void *context, struct err *err) {
    struct walk walk = {function, context, BUF_INIT, BUF_INIT};
    int rc = walk_path(&walk, AT_FDCWD, path, path, err);
    buf_free(&walk.text);
    buf_free(&walk.name);
    return rc;
}
