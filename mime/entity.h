/*
 * entity: the tree of parts of a message (RFC 2045, RFC 2046), found without copying.
 *
 * libetpan's mailmime_parse is not used for this: it recurses without a limit on what anyone can
 * send, gives up on a boundary that does not match, and parses in full what is not needed, the
 * returned original above all. Here a multipart is split in one pass over its bytes, with a fixed
 * number of open boundaries; a message within a message is left closed until somebody opens it with
 * entity_read(entity_content(...)).
 */
#ifndef MIME_ENTITY_H
#define MIME_ENTITY_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"
#include "mime/charset.h"
#include "mime/encoding.h"
#include "mime/header.h"

#include <stdbool.h>
#include <string.h>

enum {
    ENTITY_DEPTH_MAX = 16,   /* multiparts open at once; real mail has up to five */
    ENTITY_PARTS_MAX = 1000, /* parts of one message; later ones are not looked at */
};

struct entity {
    struct header header;
    struct bytes header_block; /* as it stands in the message */
    struct bytes body;         /* still encoded */
    /* Content-Type (RFC 2045 section 5) without its parameters, lower case; "text/plain" where it
     * is missing or no media type. */
    const char *type;
    bool declared; /* there is a Content-Type that can be read */
    struct bytes charset, boundary, report_type, name; /* parameters; no bytes where missing */
    enum encoding encoding;
    bool attachment; /* Content-Disposition: attachment */
    struct entity *parent, *first_part, *last_part, *next;
    unsigned depth;
    unsigned part_count; /* of the whole tree, kept in its root */
    const char *problem; /* of the whole tree, in words, kept in its root; NULL for none */
    bool unclosed;       /* a multipart whose closing boundary never comes */
};

/* Reads header and parts of a message. Never NULL; depth and number of parts are bounded, what lies
 * beyond counts as text of the last part that was opened. */
struct entity *entity_read(struct bytes message, struct arena *arena);

/* The next entity of the tree in the order of the message, or NULL: parts before siblings. */
struct entity *entity_next(const struct entity *entity);

/* Whether the type is `type`, or with a pattern that ends in "/", of that family. */
static inline bool entity_is(const struct entity *entity, const char *type) {
    size_t len = strlen(type);
    return type[len - 1] == '/' ? !strncmp(entity->type, type, len) : !strcmp(entity->type, type);
}

/* The body with its transfer encoding undone. At most `max` bytes of the body are read. */
struct bytes entity_content(const struct entity *entity, struct arena *arena, size_t max);

/* The body as UTF-8 text with LF line ends; text/html becomes plain text. At most `max` bytes of
 * the body are read. *known (may be NULL) is false where its charset is unknown. */
struct bytes entity_text(const struct entity *entity, struct charset_cache *charsets,
                         struct arena *arena, size_t max, bool *known);

/* A parameter of a structured value (Content-Type, Content-Disposition), unquoted; also in the
 * encoded and continued forms of RFC 2231 (name*, name*0). No bytes where it is missing. */
struct bytes entity_parameter(struct arena *arena, struct bytes value, const char *name);

#endif
