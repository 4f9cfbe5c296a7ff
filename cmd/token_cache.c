#include "cmd/token_cache.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/file.h"
#include "cmd/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SECONDS_LEFT_MIN = 60,               /* what is about to end is not begun with */
    FILE_MAX = SECRET_MAX + 32,          /* the token, and when it ends */
    LIFETIME_MAX = 30 * 24 * 3600,       /* seconds; more than any provider grants */
    LOCK_POLL_NANOSECONDS = 50 * 1000000 /* 50 ms */
};

struct token_cache {
    int folder; /* locked */
    char *path;
};

static int lock(int fd, unsigned seconds) {
    double deadline = clock_seconds() + seconds;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        if (clock_seconds() > deadline) {
            errno = EWOULDBLOCK;
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_NANOSECONDS}, NULL);
    }
    return 0;
}

/* What a token depends on can be long and full of slashes; its hash is a name. */
static char *path_of(const char *folder, const char *identity) {
    struct sha256_ctx hash;
    uint8_t digest[8];
    struct buf path = BUF_INIT;
    sha256_init(&hash);
    sha256_update(&hash, strlen(identity), (const uint8_t *)identity);
    sha256_digest(&hash, sizeof digest, digest);
    buf_printf(&path, "%s/token-", folder);
    for (size_t i = 0; i < sizeof digest; i++)
        buf_printf(&path, "%02x", digest[i]);
    return path.data;
}

struct token_cache *token_cache_open(const char *folder, const char *identity, unsigned seconds,
                                     struct err *err) {
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) {
        err_set_errno(err, ERR_CANNOT_CREATE, "folder %s", folder);
        return NULL;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        err_set_errno(err, ERR_CANNOT_CREATE, "folder %s", folder);
        return NULL;
    }
    if (lock(fd, seconds) != 0) {
        if (errno == EWOULDBLOCK)
            err_set(err, ERR_TEMPORARY, "folder %s: locked by another run for more than %u s",
                    folder, seconds);
        else
            err_set_errno(err, ERR_CANNOT_CREATE, "folder %s: lock", folder);
        close(fd);
        return NULL;
    }
    struct token_cache *cache = memory_zero(1, sizeof *cache);
    cache->folder = fd;
    cache->path = path_of(folder, identity);
    return cache;
}

void token_cache_close(struct token_cache *cache) {
    if (!cache)
        return;
    close(cache->folder);
    free(cache->path);
    free(cache);
}

/* Whether nobody else can have read or written the file. */
static bool is_private(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & (S_IRWXG | S_IRWXO));
}

/* The token in "ENDS\nTOKEN\n" where it is whole and still good, else NULL. */
static char *good_token(struct bytes text) {
    unsigned long ends;
    struct bytes line;
    if (!bytes_take_number(&text, LONG_MAX, &ends) || !bytes_next_line(&text, &line) || line.len ||
        bytes_find_char(text, '\n') <= 0 || !bytes_next_line(&text, &line))
        return NULL;
    int64_t left = (int64_t)ends - (int64_t)time(NULL);
    /* One that lives longer was written before the clock was set back. */
    if (left <= SECONDS_LEFT_MIN || left > LIFETIME_MAX)
        return NULL;
    char *token = memory_zero(line.len + 1, 1);
    memcpy(token, line.data, line.len);
    return token;
}

char *token_cache_get(const struct token_cache *cache) {
    char text[FILE_MAX];
    char *token = NULL;
    int fd = open(cache->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && is_private(fd)) {
        ssize_t n = read(fd, text, sizeof text);
        token = n > 0 ? good_token((struct bytes){text, (size_t)n}) : NULL;
        explicit_bzero(text, sizeof text);
    }
    if (fd >= 0)
        close(fd);
    if (!token)
        token_cache_drop(cache);
    return token;
}

int token_cache_put(const struct token_cache *cache, const char *token, int64_t seconds,
                    struct err *err) {
    char text[FILE_MAX];
    int len =
        snprintf(text, sizeof text, "%" PRId64 "\n%s\n", (int64_t)time(NULL) + seconds, token);
    int rc = -1;
    if (len >= (int)sizeof text)
        err_set(err, ERR_CANNOT_CREATE, "%s: the token is too long", cache->path);
    else
        rc = file_replace(cache->path, (struct bytes){text, (size_t)len}, S_IRUSR | S_IWUSR, err);
    explicit_bzero(text, sizeof text);
    return rc;
}

void token_cache_drop(const struct token_cache *cache) {
    unlink(cache->path);
}
