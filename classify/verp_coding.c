#include "classify/verp_coding.h"

#include "cmd/base/utf8.h"

#include <string.h>

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

static bool is_printable(char c) {
    return (unsigned char)c >= 0x20 && c != 0x7f;
}

/* Campaigns may escape `.` and `_`, where these separate; all else but a-z and 0-9 they must. */
static bool campaign_may_escape(char c) {
    return is_printable(c) && !is_lower_or_digit(c);
}

static bool campaign_is_bare(char c) {
    return is_lower_or_digit(c) || c == '.' || c == '_';
}

static bool local_is_bare(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.' || c == '_' || c == '+' || c == '-';
}

static bool local_may_escape(char c) {
    return is_printable(c) && (c == '.' || !local_is_bare(c));
}

/* verp(7) of the Courier mail server. */
static bool courier_may_escape(char c) {
    return c && strchr("@:%!+-[]", c);
}

static bool courier_is_bare(char c) {
    return !courier_may_escape(c);
}

static const struct {
    char escape;
    bool (*is_bare)(char c);    /* written as it is */
    bool (*may_escape)(char c); /* read from an escape */
} codings[VERP_CODING_COUNT] = {
    [VERP_CODING_CAMPAIGN] = {'=', campaign_is_bare, campaign_may_escape},
    [VERP_CODING_LOCAL] = {'=', local_is_bare, local_may_escape},
    [VERP_CODING_COURIER] = {'+', courier_is_bare, courier_may_escape},
};

/* The octet that the escape at `i` stands for, or -1. */
static int escaped_octet(enum verp_coding coding, struct bytes text, size_t i) {
    if (text.data[i] != codings[coding].escape || text.len - i < 3)
        return -1;
    int high = ascii_hex_value(text.data[i + 1]);
    int low = ascii_hex_value(text.data[i + 2]);
    if (high < 0 || low < 0)
        return -1;
    int octet = high << 4 | low;
    return codings[coding].may_escape((char)octet) ? octet : -1;
}

const char *verp_coding_read(enum verp_coding coding, struct bytes text, struct arena *arena) {
    if (bytes_find_char(text, codings[coding].escape) < 0)
        return arena_bytes(arena, text);
    char *octets = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int octet = escaped_octet(coding, text, i);
        octets[len++] = octet < 0 ? text.data[i] : (char)octet;
        if (octet >= 0)
            i += 2;
    }
    if (utf8_is_valid((struct bytes){octets, len}))
        return octets;
    return arena_bytes(arena, text);
}

/* Whether the octet stands as it is behind `before` and in front of the character `next`. A dot may
 * neither begin a local part, nor meet another dot, nor be taken for the text behind. */
static bool stands_bare(enum verp_coding coding, char c, char before, char next) {
    if (!codings[coding].is_bare(c))
        return false;
    return codings[coding].escape != '=' ||
           !((c == '.' && (before == '.' || next == '.')) || (c == '_' && next == '_'));
}

void verp_coding_write(enum verp_coding coding, struct bytes octets, char next, struct buf *out) {
    char escape = codings[coding].escape;
    char before = out->len ? out->data[out->len - 1] : '.'; /* where no dot may begin, either */
    size_t written = 0;
    for (size_t i = 0; escape && i < octets.len; i++) {
        char c = octets.data[i];
        bool bare = stands_bare(coding, c, before, next);
        before = c;
        if (bare)
            continue;
        buf_add_bytes(out, bytes_from(bytes_first(octets, i), written));
        buf_printf(out, "%c%02x", escape, (unsigned)(unsigned char)c);
        before = out->data[out->len - 1];
        written = i + 1;
    }
    buf_add_bytes(out, bytes_from(octets, written));
}
