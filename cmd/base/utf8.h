/*
 * utf8: text that came from outside, made safe for a database and for a terminal.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes the first character off `*rest`. False, with one byte taken and *code_point = 0xFFFD,
 * where the bytes are not UTF-8 (overlong forms, surrogates and values above 0x10FFFF are not). */
bool utf8_next(struct bytes *rest, uint32_t *code_point);

/* Whether all of it is UTF-8 (RFC 3629). */
bool utf8_is_valid(struct bytes text);

/* Appends the character. */
void utf8_add(struct buf *out, uint32_t code_point);

/* A copy that PostgreSQL takes as text: valid UTF-8 without NUL, which becomes a space. NULL where
 * the text is not UTF-8. */
char *utf8_copy(struct arena *arena, struct bytes text);

/* The same of any text: bytes that are not UTF-8 are read as windows-1252, which is what unlabelled
 * 8-bit mail mostly is. */
char *utf8_clean(struct arena *arena, struct bytes text);

/* Appends the text as it can be shown on a terminal: what a terminal obeys, what turns the words
 * around it, what nobody sees and invalid bytes become escapes such as \x1b or \u202e: control
 * characters (C0, DEL, C1), bidi overrides, line separators, fillers and characters of no width.
 * The second form takes text that holds NULs. */
void utf8_add_visible(struct buf *out, const char *text);
void utf8_add_visible_bytes(struct buf *out, struct bytes text);

#endif
