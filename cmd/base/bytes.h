/*
 * bytes: a run of bytes that somebody else owns, and the ASCII-only tests that mail needs.
 *
 * Mail, IMAP and SMTP are ASCII protocols: none of these functions looks at the locale, and bytes
 * of 0x80 and above belong to no class. The smallest stand here, since they are called for each
 * byte.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *data; /* not NUL-terminated; NULL only where len is 0 */
    size_t len;
};

/* The bytes of a string, without its NUL; of NULL, none. */
static inline struct bytes bytes_of(const char *text) {
    return (struct bytes){text, text ? strlen(text) : 0};
}

/* The bytes from `from` (clamped) to the end; the first `len` (clamped) of them. */
static inline struct bytes bytes_from(struct bytes b, size_t from) {
    if (from > b.len)
        from = b.len;
    return (struct bytes){b.data ? b.data + from : NULL, b.len - from};
}

static inline struct bytes bytes_first(struct bytes b, size_t len) {
    return (struct bytes){b.data, len < b.len ? len : b.len};
}

/* Space, tab, CR, LF. */
static inline bool ascii_is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at both ends. */
static inline struct bytes bytes_trim(struct bytes b) {
    for (; b.len && ascii_is_blank(b.data[0]); b.len--)
        b.data++;
    while (b.len && ascii_is_blank(b.data[b.len - 1]))
        b.len--;
    return b;
}

/* Takes the first line off `*rest`, without its line end (LF or CRLF), into `*line`.
 * False when nothing is left. */
static inline bool bytes_next_line(struct bytes *rest, struct bytes *line) {
    if (!rest->len)
        return false;
    const char *end = (const char *)memchr(rest->data, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    *line = (struct bytes){rest->data, len};
    *rest = bytes_from(*rest, end ? len + 1 : len);
    if (len && line->data[len - 1] == '\r')
        line->len--;
    return true;
}

/* Where `needle` first stands in `b`, or -1; `needle` is at least one byte long. The `_ignore_case`
 * forms fold ASCII letters. */
long bytes_find(struct bytes b, const char *needle);
long bytes_find_ignore_case(struct bytes b, const char *needle);
long bytes_find_last_char(struct bytes b, char c);

bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_ends_ignore_case(struct bytes b, const char *suffix);

/* The decimal number at the start of `*rest` (at least one digit, no sign, at most `max`), which is
 * taken off. False, with nothing taken, where there is none or it is larger. */
bool bytes_take_number(struct bytes *rest, unsigned long max, unsigned long *number);

static inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline long bytes_find_char(struct bytes b, char c) {
    const char *p = b.len ? (const char *)memchr(b.data, c, b.len) : NULL;
    return p ? p - b.data : -1;
}

static inline bool ascii_is_alpha(char c) {
    c = ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_equal_ignore_case(char a, char b) {
    int difference = a ^ b;
    return !difference || (difference == ('a' ^ 'A') && ascii_is_alpha(a));
}

static inline bool bytes_starts_ignore_case(struct bytes b, const char *prefix) {
    for (size_t i = 0; prefix[i]; i++)
        if (i == b.len || !ascii_equal_ignore_case(b.data[i], prefix[i]))
            return false;
    return true;
}

static inline bool bytes_equal_ignore_case(struct bytes a, const char *text) {
    return bytes_starts_ignore_case(a, text) && strlen(text) == a.len;
}

static inline bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Space, tab, CR, LF, VT, FF. */
static inline bool ascii_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int ascii_hex_value(char c); /* 0 to 15, or -1 */

/* Folds the ASCII letters of a string in place, and returns it. */
char *ascii_lower_string(char *text);

/* strcmp with ASCII letters folded. */
int ascii_compare(const char *a, const char *b);

#endif
