/*
 * full_disk: preloaded (LD_PRELOAD) into PostgreSQL, makes its disk full.
 *
 * The file that $FULL_DISK names holds how many more times files may grow, for all processes of the
 * server together; below 0 there is no limit. As on a real disk, what is within a file can still
 * be written. The log goes elsewhere.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int64_t *growths_left;

__attribute__((constructor)) static void open_plan(void) {
    const char *path = getenv("FULL_DISK");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof *growths_left, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    growths_left = shared == MAP_FAILED ? NULL : shared;
}

/* Whether these octets make the file grow and there is no room left. */
static bool is_full(int file, off_t end) {
    struct stat status;
    if (!growths_left || __atomic_load_n(growths_left, __ATOMIC_SEQ_CST) < 0 ||
        fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || end <= status.st_size)
        return false;
    int64_t left = __atomic_load_n(growths_left, __ATOMIC_SEQ_CST);
    while (left > 0 && !__atomic_compare_exchange_n(growths_left, &left, left - 1, false,
                                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    if (left != 0)
        return false;
    errno = ENOSPC;
    return true;
}

static off_t octets(const struct iovec *parts, int count) {
    off_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += (off_t)parts[i].iov_len;
    return sum;
}

/* The next definition of a function, looked up once. */
#define NEXT(function)                 \
    static __typeof__(&function) next; \
    if (!next)                         \
    *(void **)&next = dlsym(RTLD_NEXT, #function)

/* glibc has each of them under two names, which are one where off_t has 64 bits. */

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    NEXT(pwrite);
    return is_full(file, at + (off_t)size) ? -1 : next(file, data, size, at);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    return pwrite(file, data, size, at);
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) {
    NEXT(pwritev);
    return is_full(file, at + octets(parts, count)) ? -1 : next(file, parts, count, at);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) {
    return pwritev(file, parts, count, at);
}

int posix_fallocate(int file, off_t at, off_t size) {
    NEXT(posix_fallocate);
    return is_full(file, at + size) ? ENOSPC : next(file, at, size);
}

int posix_fallocate64(int file, off64_t at, off64_t size) {
    return posix_fallocate(file, at, size);
}
