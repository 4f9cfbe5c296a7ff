/*
 * words: how notices speak, in the languages they come in. Texts are given with their ASCII letters
 * in lower case; other letters are compared as they are written.
 */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "cmd/base/bytes.h"

#include <stdbool.h>

/* Whether a subject is that of a failure or delay notice. */
bool words_in_failure_subject(struct bytes subject);

/* Whether a text says that a message was not delivered. */
bool words_in_failure(struct bytes text);

/* Whether a line says what is wrong with an address. Ordinary mail has these words too. */
bool words_in_reason(struct bytes text);

/* Whether a subject or text says that delivery goes on being tried. */
bool words_in_delay(struct bytes text);

#endif
