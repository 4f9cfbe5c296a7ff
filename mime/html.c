#include "mime/html.h"

#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"

/* Elements that start a line. */
static const char *const blocks[] = {"br", "p",  "div",   "tr", "li",         "h1", "h2",  "h3",
                                     "h4", "hr", "table", "ul", "blockquote", "td", "pre", "title"};

/* Elements whose content is no text. */
static const char *const silent[] = {"style", "script"};

static const struct {
    const char *name;
    uint32_t code_point;
} references[] = {
    {"lt", '<'},      {"gt", '>'},      {"amp", '&'},     {"quot", '"'},    {"apos", '\''},
    {"nbsp", ' '},    {"auml", 0xE4},   {"ouml", 0xF6},   {"uuml", 0xFC},   {"Auml", 0xC4},
    {"Ouml", 0xD6},   {"Uuml", 0xDC},   {"szlig", 0xDF},  {"eacute", 0xE9}, {"egrave", 0xE8},
    {"agrave", 0xE0}, {"ccedil", 0xE7}, {"iacute", 0xED}, {"oacute", 0xF3}, {"aacute", 0xE1},
    {"ntilde", 0xF1}, {"atilde", 0xE3}, {"otilde", 0xF5}, {"ecirc", 0xEA},  {"rsquo", 0x2019},
};

enum {
    REFERENCE_MAX_LENGTH = 10, /* "&#x10FFFF;" */
};

/* The letters and digits at the start of what stands in "<...>". */
static struct bytes name_of(struct bytes tag) {
    size_t n = 0;
    while (n < tag.len && (ascii_is_alpha(tag.data[n]) || ascii_is_digit(tag.data[n])))
        n++;
    return bytes_first(tag, n);
}

static bool is_one_of(struct bytes name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_ignore_case(name, names[i]))
            return true;
    return false;
}

/* Takes `&name;` or `&#number;` off; false where it is none. */
static bool take_reference(struct bytes *rest, uint32_t *code_point) {
    long end = bytes_find_char(bytes_first(*rest, REFERENCE_MAX_LENGTH), ';');
    if (end < 2)
        return false;
    struct bytes name = bytes_from(bytes_first(*rest, (size_t)end), 1);
    uint32_t code = 0;
    if (name.data[0] == '#') {
        bool hex = name.len > 1 && ascii_lower(name.data[1]) == 'x';
        for (size_t i = hex ? 2 : 1; i < name.len; i++) {
            int digit = ascii_hex_value(name.data[i]);
            if (digit < 0 || (!hex && digit > 9))
                return false;
            code = code * (hex ? 16 : 10) + (uint32_t)digit;
        }
        if (!code || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            return false;
        if (code == 0xA0)
            code = ' ';
    }
    for (size_t i = 0; !code && i < sizeof references / sizeof *references; i++)
        if (bytes_equal(name, bytes_of(references[i].name)))
            code = references[i].code_point;
    if (!code)
        return false;
    *code_point = code;
    *rest = bytes_from(*rest, (size_t)end + 1);
    return true;
}

static void add_line(struct buf *out) {
    while (out->len && out->data[out->len - 1] == ' ')
        out->len--;
    if (out->len && out->data[out->len - 1] != '\n')
        buf_add_char(out, '\n');
}

/* Passes over `<...>`, whose content after the `<` is `*rest`. */
static void take_tag(struct bytes *rest, struct buf *out) {
    struct bytes tag = *rest;
    long end;
    if (bytes_starts_ignore_case(tag, "!--")) {
        end = bytes_find(tag, "-->");
        *rest = bytes_from(tag, end < 0 ? tag.len : (size_t)end + 3);
        return;
    }
    end = bytes_find_char(tag, '>');
    *rest = bytes_from(tag, end < 0 ? tag.len : (size_t)end + 1);
    bool closing = tag.len && tag.data[0] == '/';
    if (closing)
        tag = bytes_from(tag, 1);
    struct bytes name = name_of(tag);
    if (is_one_of(name, blocks, sizeof blocks / sizeof *blocks))
        add_line(out);
    if (closing || !is_one_of(name, silent, sizeof silent / sizeof *silent))
        return;
    end = bytes_find(*rest, "</");
    *rest = bytes_from(*rest, end < 0 ? rest->len : (size_t)end);
}

/* How many bytes stand for themselves before a tag, a reference or more white space than the space
 * between two words begins. */
static size_t plain_length(struct bytes html) {
    size_t n = 0;
    while (n < html.len && html.data[n] != '<' && html.data[n] != '&' &&
           ((unsigned char)html.data[n] > ' ' ||
            (html.data[n] == ' ' && n && html.data[n - 1] != ' ')))
        n++;
    return n;
}

struct bytes html_text(struct arena *arena, struct bytes html) {
    struct buf out = BUF_INIT;
    for (;;) {
        size_t plain = plain_length(html);
        buf_add_bytes(&out, bytes_first(html, plain));
        html = bytes_from(html, plain);
        if (!html.len)
            break;
        char c = html.data[0];
        uint32_t code_point;
        if (c == '<' && html.len > 1 &&
            (ascii_is_alpha(html.data[1]) || html.data[1] == '/' || html.data[1] == '!')) {
            /* Notices put addresses into the page without escaping them: "<ada@example.net>". */
            long end = bytes_find_char(bytes_first(html, 256), '>');
            long at = end > 0 ? bytes_find_char(bytes_first(html, (size_t)end), '@') : -1;
            struct bytes inside = bytes_first(html, end > 0 ? (size_t)end : 0);
            if (at < 0 || bytes_find_char(inside, ' ') >= 0 || bytes_find_char(inside, '=') >= 0) {
                html = bytes_from(html, 1);
                take_tag(&html, &out);
                continue;
            }
        }
        if (c == '&' && take_reference(&html, &code_point)) {
            utf8_add(&out, code_point);
            continue;
        }
        if (!ascii_is_space(c))
            buf_add_char(&out, c);
        else if (out.len && out.data[out.len - 1] != ' ' && out.data[out.len - 1] != '\n')
            buf_add_char(&out, ' ');
        html = bytes_from(html, 1);
    }
    struct bytes text = {arena_bytes(arena, buf_bytes(&out)), out.len};
    buf_free(&out);
    return text;
}
