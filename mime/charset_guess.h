/*
 * charset_guess: what 8-bit text without a believable label is written in.
 */
#ifndef MIME_CHARSET_GUESS_H
#define MIME_CHARSET_GUESS_H

#include "cmd/base/bytes.h"

/* Looks at how the bytes of 0x80 and above stand together: alone between ASCII letters in western
 * text, in pairs in East Asian text, in words in Cyrillic. The name of a charset (charset.h), or
 * NULL where it looks western or is too short to tell. The text is no valid UTF-8. */
const char *charset_guess(struct bytes text);

/* The ISO-2022 charset whose escape sequences designate a double-byte set in the text, or NULL. */
const char *charset_guess_escaped(struct bytes text);

#endif
