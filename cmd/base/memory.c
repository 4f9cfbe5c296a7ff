#include "cmd/base/memory.h"

#include "cmd/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void memory_fail(void) {
    static const char text[] = "nullsender: out of memory\n";
    /* write(2) and _exit(2): nothing that would allocate, no buffered output cut in half. */
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(ERR_OS);
}

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
