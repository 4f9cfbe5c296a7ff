#include "imap/utf7.h"

#include "cmd/base/utf8.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The 16-bit units of a shifted run, as they become base64 digits. */
struct shift {
    uint32_t bits;
    unsigned count;
    bool open;
};

static void shift_unit(struct buf *out, struct shift *shift, uint32_t unit) {
    if (!shift->open)
        buf_add_char(out, '&');
    shift->open = true;
    shift->bits = shift->bits << 16 | unit;
    for (shift->count += 16; shift->count >= 6; shift->count -= 6)
        buf_add_char(out, alphabet[shift->bits >> (shift->count - 6) & 0x3F]);
}

static void shift_close(struct buf *out, struct shift *shift) {
    if (!shift->open)
        return;
    if (shift->count > 0)
        buf_add_char(out, alphabet[shift->bits << (6 - shift->count) & 0x3F]);
    buf_add_char(out, '-');
    *shift = (struct shift){0};
}

void utf7_encode(struct buf *out, struct bytes name) {
    struct shift shift = {0};
    uint32_t c;
    while (name.len > 0) {
        utf8_next(&name, &c);
        if (c >= 0x20 && c < 0x7F) {
            shift_close(out, &shift);
            buf_add_char(out, (char)c);
            if (c == '&')
                buf_add_char(out, '-');
        } else if (c >= 0x10000) {
            shift_unit(out, &shift, 0xD800 + ((c - 0x10000) >> 10));
            shift_unit(out, &shift, 0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            shift_unit(out, &shift, c);
        }
    }
    shift_close(out, &shift);
}

/* Appends the characters of a shifted run (what stands between '&' and '-'). */
static bool decode_run(struct buf *out, struct bytes run) {
    uint32_t bits = 0, high = 0;
    unsigned count = 0;
    for (size_t i = 0; i < run.len; i++) {
        const char *digit = memchr(alphabet, run.data[i], sizeof alphabet - 1);
        if (digit == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(digit - alphabet);
        count += 6;
        if (count < 16)
            continue;
        count -= 16;
        uint32_t unit = bits >> count & 0xFFFF;
        bool is_high = unit >= 0xD800 && unit < 0xDC00;
        bool is_low = unit >= 0xDC00 && unit < 0xE000;
        if (is_low != (high != 0))
            return false;
        if (is_low)
            utf8_add(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
        else if (!is_high)
            utf8_add(out, unit);
        high = is_high ? unit : 0;
    }
    /* What is left are zero bits that fill up the last digit. */
    return high == 0 && count < 6 && (bits & ((1U << count) - 1)) == 0;
}

static bool decode(struct buf *out, struct bytes rest) {
    long shift;
    while ((shift = bytes_find_char(rest, '&')) >= 0) {
        buf_add(out, rest.data, (size_t)shift);
        rest = bytes_from(rest, (size_t)shift + 1);
        long end = bytes_find_char(rest, '-');
        if (end < 0)
            return false;
        if (end == 0)
            buf_add_char(out, '&');
        else if (!decode_run(out, bytes_first(rest, (size_t)end)))
            return false;
        rest = bytes_from(rest, (size_t)end + 1);
    }
    buf_add_bytes(out, rest);
    return true;
}

void utf7_decode(struct buf *out, struct bytes name) {
    struct buf decoded = BUF_INIT;
    if (decode(&decoded, name))
        buf_add_bytes(out, buf_bytes(&decoded));
    else
        buf_add_bytes(out, name);
    buf_free(&decoded);
}
