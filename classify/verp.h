/*
 * verp: variable envelope return paths: addresses that carry campaign and recipient.
 *
 *     bounces+spring26-ada=example.net@news.example.com
 *
 * Patterns are templates: literal text and the fields {campaign}, {recipient} (the recipient's
 * address with its last `@` written `=`), {local} and {domain} (its two halves, apart), and {any}
 * (text to pass over). Matching ignores case; the recipient's case is kept as it came. Before a
 * match, SRS0/SRS1 and BATV prvs= wrappers are taken off, repeatedly.
 */
#ifndef CLASSIFY_VERP_H
#define CLASSIFY_VERP_H

#include "cmd/base/arena.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct verp;

/* No patterns yet. */
struct verp *verp_new(void);
void verp_free(struct verp *verp); /* NULL is fine */

/* Adds a template, or the preset of that name ("xverp", "qmail", "mailman", "sympa", "courier",
 * "nullsender"), whose fixed part `base` gives the address it hangs on ("bounces@example.com").
 * Patterns are tried in the order they were added. ERR_CONFIG with what is wrong and what would be
 * right; `base` is NULL for a template that is a whole address. */
int verp_add_pattern(struct verp *verp, const char *pattern, const char *base, struct err *err);

/* The presets and what they look like, for documentation and error messages; ends with NULL name.
 */
struct verp_preset {
    const char *name;
    const char *template_text;
    const char *used_by; /* "Postfix XVERP, Mailman 2 and 3" */
};
extern const struct verp_preset verp_presets[];

struct verp_match {
    const char *campaign;  /* NULL where the pattern has none */
    const char *recipient; /* "ada@example.net" */
    const char *pattern;   /* as it was added */
};

/* Decodes an address. False where no pattern matches or what it gives is no address. */
bool verp_decode(const struct verp *verp, const char *address, struct arena *arena,
                 struct verp_match *match);

/* Takes off every SRS0=, SRS1= and prvs= wrapper. Returns `address` itself where there is none. */
const char *verp_unwrap(const char *address, struct arena *arena);

#endif
