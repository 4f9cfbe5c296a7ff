#include "mime/encoding.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "mime/header.h"

#include <libetpan/libetpan.h>

#include <string.h>
#include <strings.h>

enum {
    WORD_MAX_LENGTH = 1024, /* RFC 2047 allows 75; some senders put a whole subject into one word */
};

enum encoding encoding_of(struct bytes value) {
    if (bytes_starts_ignore_case(value, "base64"))
        return ENCODING_BASE64;
    if (bytes_starts_ignore_case(value, "quoted-printable"))
        return ENCODING_QUOTED_PRINTABLE;
    return ENCODING_NONE;
}

/* Not libetpan's: that one reads past the end of a body that is cut inside of an escape ("=4").
 * What is no escape stays as it is. An encoded word's Q differs in that `_` is a space. */
static struct bytes decode_quoted_printable(struct arena *arena, bool in_header,
                                            struct bytes body) {
    char *out = arena_alloc(arena, body.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < body.len; i++) {
        struct bytes rest = bytes_from(body, i);
        long escape = bytes_find_char(rest, '=');
        size_t plain = escape < 0 ? rest.len : (size_t)escape;
        memcpy(out + len, rest.data, plain);
        for (size_t k = 0; in_header && k < plain; k++)
            if (out[len + k] == '_')
                out[len + k] = ' ';
        len += plain;
        i += plain;
        if (escape < 0)
            break;
        int high = i + 2 < body.len ? ascii_hex_value(body.data[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(body.data[i + 2]) : -1;
        if (low >= 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
            continue;
        }
        /* A soft line break, with the white space that transport adds before it. */
        size_t end = i + 1;
        while (end < body.len && strchr(" \t\r", body.data[end]))
            end++;
        if (end < body.len && body.data[end] == '\n')
            i = end;
        else
            out[len++] = '=';
    }
    return (struct bytes){out, len};
}

static struct bytes decode_base64(struct arena *arena, struct bytes body) {
    size_t index = 0, len = 0;
    char *decoded = NULL;
    int failed = mailmime_base64_body_parse(body.data, body.len, &index, &decoded, &len);
    if (failed == MAILIMF_ERROR_MEMORY)
        memory_fail();
    if (failed || !decoded)
        return body;
    struct bytes copy = {arena_bytes(arena, (struct bytes){decoded, len}), len};
    mmap_string_unref(decoded);
    return copy;
}

static struct bytes decode(struct arena *arena, enum encoding encoding, bool in_header,
                           struct bytes body) {
    if (!body.len)
        return body;
    switch (encoding) {
    case ENCODING_BASE64: return decode_base64(arena, body);
    case ENCODING_QUOTED_PRINTABLE: return decode_quoted_printable(arena, in_header, body);
    case ENCODING_NONE: break;
    }
    return body;
}

struct bytes encoding_decode(struct arena *arena, enum encoding encoding, struct bytes body) {
    return decode(arena, encoding, false, body);
}

struct word {
    struct bytes charset;
    enum encoding encoding;
    struct bytes text;
};

/* Takes an encoded word `=?charset?B?text?=` off the start of `*rest`. */
static bool take_word(struct bytes *rest, struct word *word) {
    struct bytes b = *rest;
    if (!bytes_starts_ignore_case(b, "=?"))
        return false;
    b = bytes_from(b, 2);
    long mark = bytes_find_char(b, '?');
    if (mark <= 0 || (size_t)mark + 2 >= b.len || b.data[mark + 2] != '?')
        return false;
    word->charset = bytes_first(b, (size_t)mark);
    long language = bytes_find_char(word->charset, '*'); /* RFC 2231 section 5 */
    if (language > 0)
        word->charset.len = (size_t)language;
    char letter = ascii_lower(b.data[mark + 1]);
    if (letter != 'b' && letter != 'q')
        return false;
    word->encoding = letter == 'b' ? ENCODING_BASE64 : ENCODING_QUOTED_PRINTABLE;
    b = bytes_from(b, (size_t)mark + 3);
    long end = bytes_find(bytes_first(b, WORD_MAX_LENGTH), "?=");
    if (end < 0)
        return false;
    word->text = bytes_first(b, (size_t)end);
    *rest = bytes_from(b, (size_t)end + 2);
    return true;
}

static void add_converted(struct buf *out, struct charset_cache *charsets, struct arena *arena,
                          struct bytes charset, struct buf *pending) {
    if (pending->len)
        buf_add_string(out, charset_text(charsets, arena, charset, buf_bytes(pending), NULL));
    buf_reset(pending);
}

char *encoding_header_text(struct charset_cache *charsets, struct arena *arena,
                           struct bytes value) {
    struct bytes rest = header_unfold(arena, bytes_first(value, ENCODING_HEADER_MAX));
    if (bytes_find(rest, "=?") < 0)
        return charset_text(charsets, arena, (struct bytes){NULL, 0}, rest, NULL);
    struct buf out = BUF_INIT, pending = BUF_INIT, plain = BUF_INIT;
    struct bytes charset = {NULL, 0};
    struct word word;
    while (rest.len) {
        if (rest.data[0] == '=' && take_word(&rest, &word)) {
            bool continued = charset.data && !bytes_trim(buf_bytes(&plain)).len &&
                             charset.len == word.charset.len &&
                             !strncasecmp(charset.data, word.charset.data, charset.len);
            if (!continued)
                add_converted(&out, charsets, arena, charset, &pending);
            /* White space between two encoded words is not text (RFC 2047 section 6.2). */
            if (bytes_trim(buf_bytes(&plain)).len || !charset.data)
                add_converted(&out, charsets, arena, (struct bytes){NULL, 0}, &plain);
            buf_reset(&plain);
            charset = word.charset;
            buf_add_bytes(&pending, decode(arena, word.encoding, true, word.text));
            continue;
        }
        if (charset.data && !ascii_is_space(rest.data[0]))
            add_converted(&out, charsets, arena, charset, &pending);
        buf_add_char(&plain, rest.data[0]);
        rest = bytes_from(rest, 1);
    }
    add_converted(&out, charsets, arena, charset, &pending);
    add_converted(&out, charsets, arena, (struct bytes){NULL, 0}, &plain);
    char *text = arena_bytes(arena, buf_bytes(&out));
    buf_free(&out);
    buf_free(&pending);
    buf_free(&plain);
    return text;
}
