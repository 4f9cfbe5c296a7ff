/*
 * bytes: a run of bytes that somebody else owns, and the ASCII-only tests that mail needs.
 *
 * Mail, IMAP and SMTP are ASCII protocols: none of these functions looks at the locale, and bytes
 * of 0x80 and above belong to no class.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
    const char *data; /* not NUL-terminated; NULL only where len is 0 */
    size_t len;
};

/* The bytes of a string, without its NUL; of NULL, none. */
struct bytes bytes_of(const char *text);

/* The bytes from `from` (clamped) to the end; the first `len` (clamped) of them. */
struct bytes bytes_from(struct bytes b, size_t from);
struct bytes bytes_first(struct bytes b, size_t len);

/* Without white space (space, tab, CR, LF) at both ends. */
struct bytes bytes_trim(struct bytes b);

/* Takes the first line off `*rest`, without its line end (LF or CRLF), into `*line`.
 * False when nothing is left. */
bool bytes_next_line(struct bytes *rest, struct bytes *line);

/* Where `needle` first stands in `b`, or -1; `needle` is at least one byte long. The `_ignore_case`
 * forms fold ASCII letters. */
long bytes_find(struct bytes b, const char *needle);
long bytes_find_ignore_case(struct bytes b, const char *needle);
long bytes_find_char(struct bytes b, char c);
long bytes_find_last_char(struct bytes b, char c);

bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_ignore_case(struct bytes a, const char *text);
bool bytes_starts_ignore_case(struct bytes b, const char *prefix);
bool bytes_ends_ignore_case(struct bytes b, const char *suffix);

/* The decimal number at the start of `*rest` (at least one digit, no sign, at most `max`), which is
 * taken off. False, with nothing taken, where there is none or it is larger. */
bool bytes_take_number(struct bytes *rest, unsigned long max, unsigned long *number);

char ascii_lower(char c);
bool ascii_is_digit(char c);
bool ascii_is_alpha(char c);
bool ascii_is_space(char c); /* space, tab, CR, LF, VT, FF */
int ascii_hex_value(char c); /* 0 to 15, or -1 */

/* Folds the ASCII letters of a string in place, and returns it. */
char *ascii_lower_string(char *text);

/* strcmp with ASCII letters folded. */
int ascii_compare(const char *a, const char *b);

#endif
