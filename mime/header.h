/*
 * header: the header block of a message, a part or a group of status fields (RFC 5322 section 2.2).
 *
 * Tolerant, because reports come from MTAs of forty years: a line that is no field continues the
 * field above it (a fold that lost its white space), save a `From ` line, which is an mbox's noise;
 * white space may stand before the colon.
 * Nothing is copied: names and values are runs of the message's bytes.
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct header_field {
    struct bytes name;  /* without the colon */
    struct bytes value; /* raw, trimmed: folds, comments and encoded words are still in it */
};

struct header {
    struct header_field *fields; /* in order; at most HEADER_FIELDS_MAX */
    size_t count;
};

enum {
    HEADER_FIELDS_MAX = 1000, /* real ones stay under 200; bounds what a lookup costs */
};

/* Whether the line begins a field: a name of printable ASCII, then a colon. */
bool header_is_field(struct bytes line);

/* Fields that are read one after another. A field ends where the next one begins, whose first line
 * is then behind `rest` already. */
struct header_walk {
    struct bytes rest; /* what is left to read: at first all */
    struct header_field next;
    bool ahead; /* whether `next` is such a field */
};

/* Takes the next field. False at the end of the header, whose empty line is taken off `rest` too,
 * and with nothing taken where no field begins; there is none ahead then. */
bool header_next(struct header_walk *walk, struct header_field *field);

/* Takes the fields at the start of `message` and the empty line that ends them. Returns the length
 * taken: where the body begins. A message whose first line is no field has no header. */
size_t header_read(struct bytes message, struct arena *arena, struct header *header);

/* The `instance`th field of that name (1 is the topmost), or NULL. */
const struct header_field *header_find(const struct header *header, const char *name,
                                       unsigned instance);

/* The value of the topmost field of that name; no bytes where there is none. */
struct bytes header_value(const struct header *header, const char *name);
bool header_has(const struct header *header, const char *name);

/* A raw value on one line, a copy where it has to be: folds and runs of white space become one
 * space. */
struct bytes header_unfold(struct arena *arena, struct bytes value);

/* A copy of an unfolded value without its comments, "(...)" (RFC 5322 section 3.2.2). A parenthesis
 * that never closes is kept: some MTAs write prose into structured fields. */
struct bytes header_without_comments(struct arena *arena, struct bytes value);

#endif
