/*
 * memory: allocation that does not return without memory.
 *
 * nullsender is a cron job whose every step can be repeated: where memory ends, stopping with a
 * clear line and exit code 71 (EX_OSERR) loses nothing, and no caller carries a branch that is
 * never tried.
 *
 * That holds for the libraries too: malloc, calloc and realloc of the whole process end here. Left
 * alone with a NULL, GnuTLS 3.7 dereferences it or says that a certificate is wrong, libcurl that a
 * file of certificates is none, and libetpan that a mail has no such field, which would be judged
 * so for good.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* malloc, calloc and realloc that never return NULL; `size` may be 0. Free with free(3). */
void *memory_alloc(size_t size);
void *memory_zero(size_t count, size_t size);
void *memory_resize(void *old, size_t size);

/* A malloc'ed copy of a string. */
char *memory_string(const char *text);

/* Writes "nullsender: out of memory" to stderr and ends the process with exit code 71. For
 * libraries that report that they ran out of memory. */
_Noreturn void memory_fail(void);

#endif
