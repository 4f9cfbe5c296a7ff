/*
 * refusal: what a server means when it says NO.
 */
#ifndef IMAP_REFUSAL_H
#define IMAP_REFUSAL_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stdbool.h>

/* The kind of failure that a resp-text such as "[UNAVAILABLE] Try later" stands for, by its
 * response code (RFC 5530) or by words that are known from large providers; `otherwise` where it
 * says neither. */
enum err_code refusal_code(struct bytes text, enum err_code otherwise);

/* Whether the server wants to be left alone for a while (Microsoft 365: "Request is throttled.
 * Suggested Backoff Time: 8000 milliseconds"). */
bool refusal_is_throttling(struct bytes text);

/* Whether the text starts with the response code `name` ("TRYCREATE"). */
bool refusal_has_code(struct bytes text, const char *name);

#endif
