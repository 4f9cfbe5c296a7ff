/*
 * encoding: content-transfer-encodings (RFC 2045 section 6) and encoded words (RFC 2047), undone.
 * What is no base64 or quoted-printable is passed over or kept, never an error.
 */
#ifndef MIME_ENCODING_H
#define MIME_ENCODING_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"
#include "mime/charset.h"

enum encoding {
    ENCODING_NONE, /* 7bit, 8bit, binary, and what is not known ("8bits", "plain") */
    ENCODING_BASE64,
    ENCODING_QUOTED_PRINTABLE,
};

/* From a Content-Transfer-Encoding value. */
enum encoding encoding_of(struct bytes value);

/* The decoded body, in the arena; for ENCODING_NONE, `body` itself. */
struct bytes encoding_decode(struct arena *arena, enum encoding encoding, struct bytes body);

/* An unstructured header value (Subject) as UTF-8: unfolded, its encoded words decoded, neighbours
 * of one charset joined before conversion, since encoders cut characters in half. At most
 * ENCODING_HEADER_MAX bytes of the value are read. */
char *encoding_header_text(struct charset_cache *charsets, struct arena *arena, struct bytes value);

enum {
    ENCODING_HEADER_MAX = 16 * 1024, /* a subject is a line; more is an attack */
};

#endif
