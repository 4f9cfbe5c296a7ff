/*
 * charset: text of any charset to UTF-8.
 *
 * Labels lie. Text that is valid UTF-8 stays UTF-8 whatever its label says (save where the charset
 * is one of the escape-sequence kind, which looks like ASCII); the escape sequences of ISO-2022 are
 * what they are under any label; text without a label, or with one that only says that nobody set
 * it, is read as what its bytes look like (charset_guess.h). Bytes that do not convert are read as
 * windows-1252: text is never lost.
 */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

/* The iconv descriptors that were opened so far, so that none is opened twice. */
struct charset_cache;

struct charset_cache *charset_cache_new(void);
void charset_cache_free(struct charset_cache *cache); /* NULL is fine */

/* Opens all charsets that there are (2 ms), so that charset_text reads no files later (iconv loads
 * its tables from disk): for a worker process, before it locks itself in. */
void charset_cache_fill(struct charset_cache *cache);

/* The text as valid UTF-8 without NUL, NUL-terminated. `charset` is a MIME name in any case and
 * punctuation, or no bytes where none is given. *known (may be NULL) is false where the charset is
 * none that is known. */
char *charset_text(struct charset_cache *cache, struct arena *arena, struct bytes charset,
                   struct bytes text, bool *known);

#endif
