#include "cmd/base/arena.h"

#include "cmd/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SIZE = 32 * 1024, /* what a typical bounce needs fits into one block */
    LINE_ROOM = 256,        /* most of what is printed is shorter, and printed once */
    ALIGNMENT = _Alignof(max_align_t),
};

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* newest first */
    size_t size;          /* of all of them */
};

static struct block *block_new(size_t size, struct block *next) {
    struct block *b = memory_alloc(sizeof *b + size);
    b->next = next;
    b->size = size;
    b->used = 0;
    return b;
}

struct arena *arena_new(void) {
    struct arena *arena = memory_alloc(sizeof *arena);
    arena->blocks = block_new(BLOCK_SIZE, NULL);
    arena->size = BLOCK_SIZE;
    return arena;
}

void arena_reset(struct arena *arena) {
    while (arena->blocks->next) {
        struct block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->blocks->used = 0;
    arena->size = arena->blocks->size;
}

size_t arena_size(const struct arena *arena) {
    return arena->size;
}

void arena_free(struct arena *arena) {
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->blocks);
    free(arena);
}

static void *take(struct arena *arena, size_t size) {
    if (size > SIZE_MAX - ALIGNMENT - sizeof(struct block))
        memory_fail();
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *b = arena->blocks;
    if (b->size - b->used < size) {
        b = arena->blocks = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE, b);
        arena->size += b->size;
    }
    void *p = (char *)b->data + b->used;
    b->used += size;
    return p;
}

void *arena_alloc(struct arena *arena, size_t size) {
    return memset(take(arena, size), 0, size);
}

void *arena_grow(struct arena *arena, const void *old, size_t count, size_t size) {
    if (count & (count - 1))
        return (void *)(uintptr_t)old;
    size_t room = count ? count * 2 : 1;
    if (size && room > SIZE_MAX / size)
        memory_fail();
    void *p = arena_alloc(arena, room * size);
    if (count)
        memcpy(p, old, count * size);
    return p;
}

char *arena_string(struct arena *arena, const char *text) {
    return arena_bytes(arena, bytes_of(text));
}

char *arena_bytes(struct arena *arena, struct bytes text) {
    char *p = take(arena, text.len + 1);
    if (text.len)
        memcpy(p, text.data, text.len);
    p[text.len] = '\0';
    return p;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list ap, again;
    char line[LINE_ROOM];
    va_start(ap, format);
    va_copy(again, ap);
    int len = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    if (len < 0)
        memory_fail();
    char *p = take(arena, (size_t)len + 1);
    if ((size_t)len < sizeof line)
        memcpy(p, line, (size_t)len + 1);
    else
        vsnprintf(p, (size_t)len + 1, format, again);
    va_end(again);
    return p;
}
