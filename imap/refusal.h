/*
 * refusal: what a server means when it says NO or BYE, and what its user can do about it.
 */
#ifndef IMAP_REFUSAL_H
#define IMAP_REFUSAL_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stdbool.h>

enum {
    REFUSAL_WAIT_MAX = 3600, /* seconds; who asks for more is not waited for in any case */
};

/* Sets `err` to "FORMAT: WORDS", with what to do behind it where that is known. `words` is a
 * resp-text such as "[UNAVAILABLE] Try later". The kind of failure follows from its response code
 * (RFC 5530) or from words that are known from large providers, and is `otherwise` where it says
 * neither. `err->retry_after` is the wait that the words ask for. Always returns -1. */
int refusal_set(struct err *err, struct bytes words, enum err_code otherwise, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* Whether the server wants to be left alone for a while, whatever it is asked. */
bool refusal_is_throttling(struct bytes text);

/* Whether the text starts with the response code `name` ("TRYCREATE"). */
bool refusal_has_code(struct bytes text, const char *name);

#endif
