/*
 * arena: memory that lives as long as one message, freed in one go.
 *
 * All that is read out of a message is allocated here; nothing in it is freed alone. Allocation
 * does not fail (see memory.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "cmd/base/bytes.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* Frees the arena and all that came from it. `arena` may be NULL. */
void arena_free(struct arena *arena);

/* Forgets all that came from the arena and keeps its first block for the next message. */
void arena_reset(struct arena *arena);

/* Bytes that it holds, used or not. */
size_t arena_size(const struct arena *arena);

/* `size` zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* An array that grows: room for `count + 1` elements of `size` bytes, the first `count` of which
 * are those of `old` (NULL when count is 0). The room doubles at powers of two, so call it for
 * each element that is added:
 *     r->notes = arena_grow(arena, r->notes, r->note_count, sizeof *r->notes);
 *     r->notes[r->note_count++] = note; */
void *arena_grow(struct arena *arena, const void *old, size_t count, size_t size);

/* NUL-terminated copies. */
char *arena_string(struct arena *arena, const char *text);
char *arena_bytes(struct arena *arena, struct bytes text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
