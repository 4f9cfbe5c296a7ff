#include "cmd/verp_key_file.h"

#include "classify/base32.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/file.h"
#include "cmd/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HEAD[] =
    "# Keys that sign nullsender's VERP addresses: an id and 32 octets in hexadecimal. The first\n"
    "# one signs, all are accepted. Whoever has one can forge bounces.\n";

/* A file's text, in a buffer that never moves, so that no copies stay behind in freed memory. */
struct text {
    char *data;
    size_t len;
    struct stat st;
};

static void text_free(struct text *text) {
    if (text->data)
        explicit_bzero(text->data, VERP_KEY_FILE_MAX);
    free(text->data);
}

static int read_all(int fd, const char *path, struct text *text, struct err *err) {
    ssize_t got;
    while ((got = read(fd, text->data + text->len, VERP_KEY_FILE_MAX - text->len)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, ERR_NO_INPUT, "%s", path);
        text->len += (size_t)got;
        if (text->len == VERP_KEY_FILE_MAX)
            return err_set(err, ERR_CONFIG, "%s: too large to be a key file", path);
    }
    return 0;
}

/* text_free() is due in either case. */
static int read_text(const char *path, struct text *text, struct err *err) {
    *text = (struct text){.data = memory_zero(VERP_KEY_FILE_MAX, 1)};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, ERR_NO_INPUT, "%s", path);
    int rc;
    if (fstat(fd, &text->st) != 0)
        rc = err_set_errno(err, ERR_NO_INPUT, "%s", path);
    else
        rc = secret_check_mode(path, &text->st, "these keys", err);
    if (rc == 0)
        rc = read_all(fd, path, text, err);
    close(fd);
    return rc;
}

static int keys_of(const struct text *text, const char *path, struct verp_keys **keys,
                   struct err *err) {
    if (verp_keys_read((struct bytes){text->data, text->len}, keys, err) != 0)
        return err_prefix(err, "%s", path);
    char weak = verp_keys_weak_id(*keys);
    if (!weak)
        return 0;
    verp_keys_free(*keys);
    *keys = NULL;
    return err_set(err, ERR_CONFIG,
                   "%s: key %c does not come from a random source and can be guessed; `nullsender "
                   "verp keygen` makes one that cannot",
                   path, weak);
}

int verp_key_file_read(const char *path, struct verp_keys **keys, struct err *err) {
    struct text text;
    *keys = NULL;
    int rc = read_text(path, &text, err);
    if (rc != 0 && access(path, F_OK) != 0 && errno == ENOENT)
        err_advise(err, "nullsender verp keygen makes it");
    if (rc == 0)
        rc = keys_of(&text, path, keys, err);
    text_free(&text);
    return rc;
}

/* The id behind that of the key that signs, which no key has: one that was removed comes up again
 * as late as can be. */
static int next_id(const struct verp_keys *keys, char *id, struct err *err) {
    int current = keys ? base32_value(verp_keys_signing_id(keys)) : BASE32_DIGITS - 1;
    for (unsigned i = 1; i <= BASE32_DIGITS; i++) {
        *id = base32_digit(((unsigned)current + i) % BASE32_DIGITS);
        if (!keys || !verp_keys_has(keys, *id))
            return 0;
    }
    return err_set(err, ERR_DATA, "every id has a key; remove those that have had their time");
}

static int add_new_key(char id, struct buf *out, struct err *err) {
    unsigned char octets[VERP_KEY_SIZE];
    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        return err_set_errno(err, ERR_OS, "random octets");
    int rc = verp_key_write(id, octets, out, err);
    explicit_bzero(octets, sizeof octets);
    return rc;
}

/* Writes a file that must not be there. */
static int write_new(const char *path, const struct buf *text, const struct stat *owner,
                     struct err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_CANNOT_CREATE, "%s: exists already, and is left as it is", path);
    if (fd < 0)
        return err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
    int rc = 0;
    if ((owner && (owner->st_uid != geteuid() || owner->st_gid != getegid()) &&
         fchown(fd, owner->st_uid, owner->st_gid) != 0) ||
        write(fd, text->data, text->len) != (ssize_t)text->len || fsync(fd) != 0)
        rc = err_set_errno(err, ERR_IO, "%s", path);
    close(fd);
    if (rc != 0)
        unlink(path);
    return rc;
}

int verp_key_file_make(const char *path, char *id, struct err *err) {
    struct buf out = BUF_INIT;
    buf_reserve(&out, VERP_KEY_FILE_MAX);
    buf_add_string(&out, HEAD);
    int rc = next_id(NULL, id, err);
    if (rc == 0)
        rc = add_new_key(*id, &out, err);
    if (rc == 0)
        rc = write_new(path, &out, NULL, err);
    if (rc == 0 && file_sync_folder(path) != 0)
        rc = err_set_errno(err, ERR_IO, "%s", path);
    if (rc != 0 && err->code == ERR_CANNOT_CREATE && access(path, F_OK) == 0)
        err_set(err, ERR_CANNOT_CREATE,
                "%s: exists already, and is left as it is; --add puts a new key on top of it",
                path);
    secret_buf_free(&out);
    return rc;
}

/* The new key's line in front of the first line with a key, so that comments on top stay there. */
static void add_text_around(struct bytes text, const struct buf *line, struct buf *out) {
    struct bytes rest = text, next;
    size_t at = 0;
    while (bytes_next_line(&rest, &next)) {
        next = bytes_trim(next);
        if (next.len && next.data[0] != '#')
            break;
        at = text.len - rest.len;
    }
    buf_add_bytes(out, bytes_first(text, at));
    buf_add_bytes(out, buf_bytes(line));
    buf_add_bytes(out, bytes_from(text, at));
}

int verp_key_file_add(const char *path, char *id, struct err *err) {
    struct text text;
    struct verp_keys *keys = NULL;
    struct buf line = BUF_INIT, out = BUF_INIT, fresh = BUF_INIT;
    int rc = -1;
    buf_reserve(&line, VERP_KEY_FILE_MAX);
    buf_reserve(&out, 2 * VERP_KEY_FILE_MAX);
    buf_printf(&fresh, "%s.new", path);
    if (read_text(path, &text, err) != 0 || keys_of(&text, path, &keys, err) != 0 ||
        next_id(keys, id, err) != 0 || add_new_key(*id, &line, err) != 0)
        goto out;
    add_text_around((struct bytes){text.data, text.len}, &line, &out);
    if (write_new(fresh.data, &out, &text.st, err) != 0) {
        if (err->code == ERR_CANNOT_CREATE)
            err_prefix(err, "another keygen is at work, or left this behind");
        goto out;
    }
    if (rename(fresh.data, path) != 0) {
        err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
        unlink(fresh.data);
        goto out;
    }
    /* Before an address that it signs goes out. */
    rc = file_sync_folder(path) == 0 ? 0 : err_set_errno(err, ERR_IO, "%s", path);
out:
    verp_keys_free(keys);
    text_free(&text);
    secret_buf_free(&line);
    secret_buf_free(&out);
    buf_free(&fresh);
    return rc;
}
