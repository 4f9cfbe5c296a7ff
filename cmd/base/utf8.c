#include "cmd/base/utf8.h"

#include <string.h>

enum {
    REPLACEMENT = 0xFFFD,
};

bool utf8_next(struct bytes *rest, uint32_t *code_point) {
    const unsigned char *p = (const unsigned char *)rest->data;
    size_t len = 1;
    uint32_t c = p[0], least = 0;
    if (c >= 0xF0 && c < 0xF5) {
        len = 4;
        c &= 0x07;
        least = 0x10000;
    } else if (c >= 0xE0 && c < 0xF0) {
        len = 3;
        c &= 0x0F;
        least = 0x800;
    } else if (c >= 0xC2 && c < 0xE0) {
        len = 2;
        c &= 0x1F;
        least = 0x80;
    } else if (c >= 0x80) {
        goto invalid;
    }
    if (rest->len < len)
        goto invalid;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            goto invalid;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        goto invalid;
    *rest = bytes_from(*rest, len);
    *code_point = c;
    return true;
invalid:
    *rest = bytes_from(*rest, 1);
    *code_point = REPLACEMENT;
    return false;
}

/* Without the ASCII at its beginning, which is most of what is asked about: by eights. */
static struct bytes skip_ascii(struct bytes text) {
    size_t i = 0;
    uint64_t eight;
    for (; i + sizeof eight <= text.len; i += sizeof eight) {
        memcpy(&eight, text.data + i, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (i < text.len && (unsigned char)text.data[i] < 0x80)
        i++;
    return bytes_from(text, i);
}

bool utf8_is_valid(struct bytes text) {
    uint32_t c;
    while ((text = skip_ascii(text)).len)
        if (!utf8_next(&text, &c))
            return false;
    return true;
}

void utf8_add(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xC0 | c >> 6));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_add_char(out, (char)(0xE0 | c >> 12));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_add_char(out, (char)(0xF0 | c >> 18));
        buf_add_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* windows-1252, 0x80 to 0x9F; the five bytes that it leaves open become U+FFFD. The rest of the
 * upper half is Latin-1. */
static uint32_t windows_1252(unsigned char byte) {
    static const uint16_t table[32] = {
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
    };
    return byte >= 0x80 && byte < 0xA0 ? table[byte - 0x80] : byte;
}

/* Whether it is ASCII without NUL, as nearly all text is. */
static bool is_plain(struct bytes text) {
    static const uint64_t each = 0x0101010101010101u;
    uint64_t eight, high = 0;
    size_t i = 0;
    for (; i + sizeof eight <= text.len; i += sizeof eight) {
        memcpy(&eight, text.data + i, sizeof eight);
        high |= eight | (eight - each);
    }
    bool plain = !(high & each * 0x80);
    for (; i < text.len; i++)
        plain = plain && text.data[i] && (unsigned char)text.data[i] < 0x80;
    return plain;
}

char *utf8_copy(struct arena *arena, struct bytes text) {
    if (is_plain(text))
        return arena_bytes(arena, text);
    if (!utf8_is_valid(text))
        return NULL;
    char *copy = arena_bytes(arena, text);
    for (size_t i = 0; i < text.len; i++)
        if (!copy[i])
            copy[i] = ' ';
    return copy;
}

char *utf8_clean(struct arena *arena, struct bytes text) {
    char *clean = utf8_copy(arena, text);
    if (clean)
        return clean;
    struct buf out = BUF_INIT;
    while (text.len) {
        unsigned char first = (unsigned char)text.data[0];
        uint32_t c;
        if (!utf8_next(&text, &c))
            c = windows_1252(first);
        utf8_add(&out, c ? c : ' ');
    }
    clean = arena_bytes(arena, buf_bytes(&out));
    buf_free(&out);
    return clean;
}

/* Control characters, and of Unicode's Default_Ignorable_Code_Point all but what shapes the
 * character before it (variation selectors): emoji have those. Ascending. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},        {0x34F, 0x34F},
    {0x61C, 0x61C},     {0x115F, 0x1160},   {0x17B4, 0x17B5},    {0x180E, 0x180E},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},    {0x3164, 0x3164},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF},
};

static bool is_hidden(uint32_t c) {
    size_t i = 0;
    while (c > hidden[i].last)
        i++;
    return c >= hidden[i].first;
}

void utf8_add_visible(struct buf *out, const char *text) {
    utf8_add_visible_bytes(out, bytes_of(text));
}

/* How many printable ASCII characters it begins with. */
static size_t printable_length(struct bytes text) {
    size_t n = 0;
    while (n < text.len && text.data[n] >= ' ' && text.data[n] < 0x7F)
        n++;
    return n;
}

void utf8_add_visible_bytes(struct buf *out, struct bytes rest) {
    for (;;) {
        size_t printable = printable_length(rest);
        buf_add_bytes(out, bytes_first(rest, printable));
        rest = bytes_from(rest, printable);
        if (!rest.len)
            break;
        unsigned char first = (unsigned char)rest.data[0];
        uint32_t c;
        if (!utf8_next(&rest, &c))
            buf_printf(out, "\\x%02x", first);
        else if (!is_hidden(c))
            utf8_add(out, c);
        else if (c < 0x100)
            buf_printf(out, "\\x%02x", (unsigned)c);
        else
            buf_printf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    }
}
