/*
 * buf: bytes that grow. Always NUL-terminated behind `len`, so that `data` is also a string
 * (before the first byte is added `data` is ""). Allocation does not fail (see memory.h).
 *
 *     struct buf b = BUF_INIT;
 *     buf_printf(&b, "UID FETCH %u", uid);
 *     ...
 *     buf_free(&b);
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "cmd/base/bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data;
    size_t len;
    size_t room; /* allocated bytes; 0 while data is the shared "" */
};

extern char buf_empty[];
#define BUF_INIT \
    { buf_empty, 0, 0 }

/* Frees the memory; the buf is empty and can be used again. */
void buf_free(struct buf *b);

/* Empties it and keeps the memory. */
void buf_reset(struct buf *b);

/* Empties it and keeps the memory where that is at most `keep` bytes. */
void buf_shrink(struct buf *b, size_t keep);

/* What buf_reserve does where there is not the room yet. */
void buf_grow(struct buf *b, size_t more);

/* Makes room for `more` bytes behind `len`, to be written directly and counted by the caller. */
static inline void buf_reserve(struct buf *b, size_t more) {
    if (more >= b->room - b->len)
        buf_grow(b, more);
}

static inline void buf_add(struct buf *b, const void *data, size_t len) {
    if (!len)
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

static inline void buf_add_char(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_add_bytes(struct buf *b, struct bytes bytes);
void buf_add_string(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In decimal. Without printf(3), which takes ten times as long: a folder may hold a million. */
void buf_add_number(struct buf *b, uint64_t number);

/* Takes the first `len` bytes (clamped) away. */
void buf_remove_first(struct buf *b, size_t len);

/* The bytes, valid until the next change. */
struct bytes buf_bytes(const struct buf *b);

#endif
