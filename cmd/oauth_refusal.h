/*
 * oauth_refusal: what a token endpoint means when it says no, and what to do about it.
 */
#ifndef CMD_OAUTH_REFUSAL_H
#define CMD_OAUTH_REFUSAL_H

#include "cmd/base/err.h"

/* Sets `err` from the fields `error` and `error_description` (NULL or "": none) of an error
 * response (RFC 6749 section 5.2): their words, and where the refusal is a known one, its cause and
 * the remedy. ERR_PERMISSION where a grant is no longer good, ERR_CONFIG where the client is not
 * set up as it should be, ERR_TEMPORARY where a later try may succeed. Always returns -1. */
int oauth_refusal(const char *error, const char *description, struct err *err);

#endif
