#include "cmd/base/buf.h"

#include "cmd/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOM_MIN = 64,
    DIGITS_MAX = 20, /* of UINT64_MAX */
};

char buf_empty[1] = "";

void buf_free(struct buf *b) {
    if (b->room)
        free(b->data);
    *b = (struct buf)BUF_INIT;
}

void buf_reset(struct buf *b) {
    b->len = 0;
    if (b->room)
        b->data[0] = '\0';
}

void buf_shrink(struct buf *b, size_t keep) {
    if (b->room > keep)
        buf_free(b);
    else
        buf_reset(b);
}

void buf_grow(struct buf *b, size_t more) {
    if (more > SIZE_MAX / 2 - b->len - 1)
        memory_fail();
    size_t need = b->len + more + 1;
    size_t room = b->room ? b->room : ROOM_MIN;
    while (room < need)
        room *= 2;
    b->data = memory_resize(b->room ? b->data : NULL, room);
    b->room = room;
    b->data[b->len] = '\0';
}

void buf_add_bytes(struct buf *b, struct bytes bytes) {
    buf_add(b, bytes.data, bytes.len);
}

void buf_add_string(struct buf *b, const char *text) {
    buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...) {
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (len < 0)
        memory_fail();
    buf_reserve(b, (size_t)len);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
    va_end(again);
    b->len += (size_t)len;
}

void buf_add_number(struct buf *b, uint64_t number) {
    char digits[DIGITS_MAX];
    size_t first = sizeof digits;
    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    buf_add(b, digits + first, sizeof digits - first);
}

void buf_remove_first(struct buf *b, size_t len) {
    if (len > b->len)
        len = b->len;
    if (!len)
        return;
    b->len -= len;
    memmove(b->data, b->data + len, b->len);
    b->data[b->len] = '\0';
}

struct bytes buf_bytes(const struct buf *b) {
    return (struct bytes){b->data, b->len};
}
