#include "cmd/base/bytes.h"

#include <stdint.h>
#include <string.h>

long bytes_find(struct bytes b, const char *needle) {
    /* memchr is several times as fast as memmem, and mostly enough to say no. */
    long first = bytes_find_char(b, needle[0]);
    if (first < 0)
        return -1;
    b = bytes_from(b, (size_t)first);
    const char *p = memmem(b.data, b.len, needle, strlen(needle));
    return p ? first + (p - b.data) : -1;
}

long bytes_find_ignore_case(struct bytes b, const char *needle) {
    size_t len = strlen(needle);
    char first = ascii_lower(needle[0]);
    bool one_form = !ascii_is_alpha(first);
    for (size_t i = 0; i + len <= b.len; i++) {
        long skipped = one_form ? bytes_find_char(bytes_from(b, i), first) : 0;
        if (skipped < 0)
            break;
        i += (size_t)skipped;
        while (!one_form && i + len <= b.len && (b.data[i] | ('a' ^ 'A')) != first)
            i++;
        if (bytes_starts_ignore_case(bytes_from(b, i), needle))
            return (long)i;
    }
    return -1;
}

long bytes_find_last_char(struct bytes b, char c) {
    const char *p = b.len ? memrchr(b.data, c, b.len) : NULL;
    return p ? p - b.data : -1;
}

bool bytes_equal(struct bytes a, struct bytes b) {
    return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

bool bytes_ends_ignore_case(struct bytes b, const char *suffix) {
    size_t len = strlen(suffix);
    return b.len >= len && bytes_starts_ignore_case(bytes_from(b, b.len - len), suffix);
}

bool bytes_take_number(struct bytes *rest, unsigned long max, unsigned long *number) {
    unsigned long n = 0;
    size_t i = 0;
    for (; i < rest->len && ascii_is_digit(rest->data[i]); i++) {
        unsigned long digit = (unsigned long)(rest->data[i] - '0');
        if (digit > max || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (!i)
        return false;
    *number = n;
    *rest = bytes_from(*rest, i);
    return true;
}

int ascii_hex_value(char c) {
    c = ascii_lower(c);
    if (ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *ascii_lower_string(char *text) {
    /* The letters of eight bytes at once: with `A` or more, and not with more than `Z`, added to
     * what it takes, a byte reaches 0x80; a quarter of that is what sets the cases apart. */
    static const uint64_t each = 0x0101010101010101u;
    size_t len = strlen(text), i = 0;
    for (uint64_t eight; i + sizeof eight <= len; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        uint64_t low = eight & each * 0x7F;
        uint64_t upper = (low + each * (0x80 - 'A')) & ~(low + each * (0x7F - 'Z'));
        eight |= (upper & ~eight & each * 0x80) >> 2;
        memcpy(text + i, &eight, sizeof eight);
    }
    for (; i < len; i++)
        text[i] = ascii_lower(text[i]);
    return text;
}

int ascii_compare(const char *a, const char *b) {
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)ascii_lower(*a) - (unsigned char)ascii_lower(*b);
}
