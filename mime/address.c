#include "mime/address.h"

#include "cmd/base/address_char.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "mime/header.h"

#include <string.h>

/* The length of the domain or address literal at the start of `b`; 0 for none. */
static size_t domain_length(struct bytes b) {
    if (b.len && b.data[0] == '[') {
        long end = bytes_find_char(bytes_first(b, ADDRESS_MAX_LENGTH), ']');
        return end > 1 ? (size_t)end + 1 : 0;
    }
    size_t n = 0;
    b = bytes_first(b, ADDRESS_MAX_LENGTH);
    while (n < b.len && address_is_domain_char(b.data[n])) {
        if (b.data[n] == '.' && (n == 0 || b.data[n - 1] == '.'))
            break;
        n++;
    }
    while (n && (b.data[n - 1] == '.' || b.data[n - 1] == '-' || b.data[n - 1] == '_'))
        n--;
    return n && b.data[0] != '-' ? n : 0;
}

/* The length of the quoted string that ends `b`; 0 for none. */
static size_t quoted_length(struct bytes b) {
    if (b.len < 2 || b.data[b.len - 1] != '"')
        return 0;
    for (size_t n = 2; n <= b.len && n <= ADDRESS_MAX_LENGTH; n++) {
        size_t at = b.len - n;
        if (b.data[at] == '\n')
            return 0;
        if (b.data[at] == '"' && !(at && b.data[at - 1] == '\\'))
            return n;
    }
    return 0;
}

/* The length of the local part that ends `b`; 0 for none. */
static size_t local_length(struct bytes b) {
    if (b.len && b.data[b.len - 1] == '"')
        return quoted_length(b);
    size_t n = 0, max = b.len < ADDRESS_MAX_LENGTH ? b.len : ADDRESS_MAX_LENGTH;
    while (n < max && address_is_bare_char(b.data[b.len - 1 - n]))
        n++;
    return n;
}

bool address_is_valid(struct bytes text) {
    long at = bytes_find_last_char(text, '@');
    if (at <= 0 || text.len > ADDRESS_MAX_LENGTH)
        return false;
    struct bytes local = bytes_first(text, (size_t)at);
    struct bytes domain = bytes_from(text, (size_t)at + 1);
    return domain.len && local_length(local) == local.len && domain_length(domain) == domain.len;
}

/* Exchange 5.5 and X.400 gateways: "dda:SMTP=ada@example.net". */
static struct bytes without_type_label(struct bytes local) {
    static const char *const labels[] = {"smtp=", "rfc822=", "rfc-822="};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (bytes_starts_ignore_case(local, labels[i]))
            return bytes_from(local, bytes_of(labels[i]).len);
    return local;
}

/* Marks that prose puts around an address and that are atext all the same. */
static struct bytes without_marks(struct bytes local, const char *marks) {
    while (local.len && strchr(marks, local.data[0]))
        local = bytes_from(local, 1);
    return local;
}

/* Punctuation outside of ASCII that prose sets against an address: quotation marks, dashes and
 * spaces of all widths, full-width forms. */
static bool is_wide_punctuation(uint32_t c) {
    return c == 0xA0 || c == 0xAB || c == 0xBB || (c >= 0x2000 && c <= 0x206F) ||
           (c >= 0x3000 && c <= 0x303F) || c >= 0xFF00;
}

static bool is_ascii(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* Chinese and Japanese set no space between a word and an address: what stands before the ASCII end
 * of a local part is the sentence's, unless the local part is in that script itself. */
static struct bytes without_sentence_before(struct bytes local) {
    struct bytes rest = local;
    uint32_t c;
    while (rest.len) {
        bool wide = (unsigned char)rest.data[0] >= 0x80;
        bool valid = utf8_next(&rest, &c);
        if (wide && (!valid || is_wide_punctuation(c) || (c >= 0x2E80 && is_ascii(rest))) &&
            rest.len)
            local = rest;
    }
    return local;
}

/* The same behind the domain: "example.com" is whole before the script changes, "example." is not.
 */
static size_t without_sentence_after(struct bytes domain) {
    struct bytes rest = domain;
    uint32_t c;
    size_t ascii = 0, label = 0;
    while (ascii < domain.len && (unsigned char)domain.data[ascii] < 0x80) {
        label = domain.data[ascii] == '.' ? 0 : label + 1;
        ascii++;
    }
    if (ascii == domain.len)
        return ascii;
    long last_dot = bytes_find_last_char(domain, '.');
    bool dotted = bytes_find_char(bytes_first(domain, ascii), '.') > 0;
    if (dotted && label >= 2 && last_dot < (long)ascii)
        return ascii;
    while (rest.len) {
        size_t at = domain.len - rest.len;
        if (!utf8_next(&rest, &c) || is_wide_punctuation(c))
            return at;
    }
    return domain.len;
}

static bool find(struct bytes *rest, bool in_prose, struct bytes *address, char *before) {
    size_t from = 0;
    long found;
    while ((found = bytes_find_char(bytes_from(*rest, from), '@')) >= 0) {
        size_t at = from + (size_t)found;
        size_t tail = domain_length(bytes_from(*rest, at + 1));
        if (in_prose)
            tail = without_sentence_after(bytes_first(bytes_from(*rest, at + 1), tail));
        struct bytes local = bytes_from(bytes_first(*rest, at), from);
        local = bytes_from(local, local.len - local_length(local));
        if (local.len && local.data[0] != '"')
            local =
                without_marks(in_prose ? without_type_label(without_sentence_before(local)) : local,
                              in_prose ? "'`*=|.{}" : "'`.");
        from = at + 1;
        bool path = in_prose && local.len && local.data[0] == '/'; /* "/home/ada@example.net" */
        if (!local.len || path || !tail || local.len + 1 + tail > ADDRESS_MAX_LENGTH)
            continue;
        *address = (struct bytes){local.data, local.len + 1 + tail};
        if (before)
            *before = local.data > rest->data ? local.data[-1] : '\0';
        *rest = bytes_from(*rest, at + 1 + tail);
        return true;
    }
    return false;
}

bool address_next(struct bytes *rest, struct bytes *address, char *before) {
    return find(rest, true, address, before);
}

/* A value with comments and quoted display names blanked out; a quoted local part is kept. */
static struct bytes without_names(struct arena *arena, struct bytes value) {
    value = header_without_comments(arena, header_unfold(arena, value));
    if (bytes_find_char(value, '"') < 0)
        return value;
    char *out = arena_alloc(arena, value.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        out[len++] = value.data[i];
        if (value.data[i] != '"')
            continue;
        size_t end = i + 1;
        while (end < value.len && value.data[end] != '"')
            end += value.data[end] == '\\' ? 2 : 1;
        if (end >= value.len)
            continue;
        bool local = end + 1 < value.len && value.data[end + 1] == '@';
        if (local) {
            memcpy(out + len, value.data + i + 1, end - i);
            len += end - i;
        } else {
            out[len - 1] = ' ';
        }
        i = end;
    }
    return (struct bytes){out, len};
}

char *address_first(struct arena *arena, struct bytes value, unsigned *count) {
    enum {
        VALUE_MAX = 64 * 1024, /* a thousand addresses */
    };
    struct bytes rest = without_names(arena, bytes_first(value, VALUE_MAX)), address;
    struct bytes bare = {NULL, 0}, angled = {NULL, 0};
    char before;
    unsigned n = 0;
    while (n < ADDRESS_COUNT_MAX && find(&rest, false, &address, &before)) {
        n++;
        if (before == '<' && !angled.len)
            angled = address;
        else if (!bare.len)
            bare = address;
    }
    if (count)
        *count = n;
    struct bytes first = bare.len ? bare : angled;
    /* "ada@example.net <ada@example.net>": a display name that looks like an address. */
    if (bare.len && angled.len && bare.data < angled.data) {
        struct bytes between = {bare.data, (size_t)(angled.data - bare.data)};
        if (bytes_find_char(between, ',') < 0)
            first = angled;
    } else if (angled.len) {
        first = angled;
    }
    return first.len ? utf8_clean(arena, first) : NULL;
}

struct bytes address_xtext_decode(struct arena *arena, struct bytes text) {
    if (bytes_find_char(text, '+') < 0)
        return text;
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len ? ascii_hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(text.data[i + 2]) : -1;
        int octet = high * 16 + low;
        if (text.data[i] == '+' && low >= 0 &&
            (octet == '+' || octet == '=' || octet == ' ' || octet == '"')) {
            out[len++] = (char)octet;
            i += 2;
        } else {
            out[len++] = text.data[i];
        }
    }
    return (struct bytes){out, len};
}

/* RFC 6533 section 3: \x{HEX} stands for a code point. */
static struct bytes unitext_decode(struct arena *arena, struct bytes text) {
    if (bytes_find(text, "\\x{") < 0)
        return text;
    struct buf out = BUF_INIT;
    while (text.len) {
        if (bytes_starts_ignore_case(text, "\\x{")) {
            uint32_t code = 0;
            size_t i = 3;
            while (i < text.len && i < 9 && ascii_hex_value(text.data[i]) >= 0)
                code = code * 16 + (uint32_t)ascii_hex_value(text.data[i++]);
            if (i > 3 && i < text.len && text.data[i] == '}' && code && code <= 0x10FFFF) {
                utf8_add(&out, code);
                text = bytes_from(text, i + 1);
                continue;
            }
        }
        buf_add_char(&out, text.data[0]);
        text = bytes_from(text, 1);
    }
    struct bytes decoded = {arena_bytes(arena, buf_bytes(&out)), out.len};
    buf_free(&out);
    return decoded;
}

/* Takes "rfc822;" and the like off. */
static struct bytes without_type(struct bytes value) {
    size_t i = 0;
    while (i < value.len && (ascii_is_alpha(value.data[i]) || ascii_is_digit(value.data[i]) ||
                             value.data[i] == '-' || value.data[i] == '_'))
        i++;
    size_t name = i;
    while (i < value.len && value.data[i] == ' ')
        i++;
    return name && i < value.len && value.data[i] == ';' ? bytes_trim(bytes_from(value, i + 1))
                                                         : value;
}

/* Exchange's encapsulation of a foreign address: "IMCEASMTP-ada+40example+2Enet@site.example". */
static struct bytes decapsulate(struct arena *arena, struct bytes address) {
    static const char prefix[] = "IMCEASMTP-";
    if (!bytes_starts_ignore_case(address, prefix))
        return address;
    struct bytes local = bytes_from(address, sizeof prefix - 1);
    local = bytes_first(local, (size_t)bytes_find_last_char(local, '@'));
    char *out = arena_alloc(arena, local.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < local.len; i++) {
        int high =
            local.data[i] == '+' && i + 2 < local.len ? ascii_hex_value(local.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(local.data[i + 2]) : -1;
        out[len++] = low >= 0 ? (char)(high * 16 + low) : local.data[i];
        i += low >= 0 ? 2 : 0;
    }
    struct bytes inside = {out, len};
    return address_is_valid(inside) ? inside : address;
}

char *address_typed(struct arena *arena, struct bytes value, bool xtext) {
    value = bytes_first(value, 2 * ADDRESS_MAX_LENGTH);
    value = without_type(header_unfold(arena, value));
    if (xtext)
        value = address_xtext_decode(arena, value);
    value = unitext_decode(arena, value);
    char *found = address_first(arena, value, NULL);
    if (found)
        return utf8_clean(arena, decapsulate(arena, bytes_of(found)));
    value = header_without_comments(arena, value);
    if (value.len && value.data[0] == '<')
        value = bytes_from(value, 1);
    if (value.len && value.data[value.len - 1] == '>')
        value.len--;
    value = bytes_trim(value);
    return value.len ? utf8_clean(arena, value) : NULL;
}
