#include "cmd/base/memory.h"

#include "cmd/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
#endif

_Noreturn void memory_fail(void) {
    static const char text[] = "nullsender: out of memory\n";
    /* write(2) and _exit(2): nothing that would allocate, no buffered output cut in half. */
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(ERR_OS);
}

/* A sanitizer has an allocator of its own. */
#if !defined(HAS_SANITIZER)

/* glibc's allocator under the names that it keeps for programs which define malloc themselves. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
    void *p = __libc_malloc(size);
    if (!p)
        memory_fail();
    return p;
}

void *calloc(size_t count, size_t size) {
    void *p = __libc_calloc(count, size);
    if (!p)
        memory_fail();
    return p;
}

void *realloc(void *old, size_t size) {
    void *p = __libc_realloc(old, size);
    if (!p && size) /* of size 0 it is free(3) */
        memory_fail();
    return p;
}

#endif

void *memory_alloc(size_t size) {
    void *p = malloc(size ? size : 1);
    if (!p)
        memory_fail();
    return p;
}

void *memory_zero(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        memory_fail();
    return p;
}

void *memory_resize(void *old, size_t size) {
    void *p = realloc(old, size ? size : 1);
    if (!p)
        memory_fail();
    return p;
}

char *memory_string(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(memory_alloc(size), text, size);
}
