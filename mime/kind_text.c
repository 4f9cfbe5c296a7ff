#include "mime/kind_text.h"

#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"

#include <string.h>

enum {
    OPENING_MAX = 500,       /* a greeting and two sentences */
    PAGE_MAX = 3000,         /* of folded text */
    READ_MAX = 2 * PAGE_MAX, /* with what is left out */
};

/* U+00C0 to U+017F, each as the ASCII letter it is made of; ' ' for what is no letter. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                            "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

_Static_assert(sizeof latin == 0x0180 - 0x00C0 + 1, "one letter for each");

struct replacement {
    uint32_t from, to;
};

static const struct replacement replacements[] = {
    {0x00A0, ' '},    {0x00AB, '"'},    {0x00B4, '\''},   {0x00BB, '"'},    {0x02BC, '\''},
    {0x0386, 0x03B1}, {0x0388, 0x03B5}, {0x0389, 0x03B7}, {0x038A, 0x03B9}, {0x038C, 0x03BF},
    {0x038E, 0x03C5}, {0x038F, 0x03C9}, {0x03AC, 0x03B1}, {0x03AD, 0x03B5}, {0x03AE, 0x03B7},
    {0x03AF, 0x03B9}, {0x03C2, 0x03C3}, {0x03CC, 0x03BF}, {0x03CD, 0x03C5}, {0x03CE, 0x03C9},
    {0x0401, 0x0435}, {0x0451, 0x0435}, {0x0218, 's'},    {0x0219, 's'},    {0x021A, 't'},
    {0x021B, 't'},    {0x2010, '-'},    {0x2011, '-'},    {0x2013, '-'},    {0x2014, '-'},
    {0x2018, '\''},   {0x2019, '\''},   {0x201A, '\''},   {0x201C, '"'},    {0x201D, '"'},
    {0x201E, '"'},    {0x202F, ' '},    {0x3000, ' '},
};

static bool is_within(uint32_t c, uint32_t first, uint32_t last) {
    return c >= first && c <= last;
}

/* 0 for what is not to be seen: combining accents, soft hyphens, zero-width characters. */
static uint32_t folded(uint32_t c) {
    if (is_within(c, 0xFF01, 0xFF5E))
        c -= 0xFF01 - '!';
    if (c < 0x80)
        return (unsigned char)ascii_lower((char)c);
    for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
        if (replacements[i].from == c)
            return replacements[i].to;
    if (is_within(c, 0x00C0, 0x017F))
        return (unsigned char)latin[c - 0x00C0];
    if (is_within(c, 0x0391, 0x03A9) || is_within(c, 0x0410, 0x042F))
        return c + 0x20;
    if (is_within(c, 0x0400, 0x040F))
        return c + 0x50;
    if (is_within(c, 0x0300, 0x036F) || is_within(c, 0x200B, 0x200F) || c == 0x00AD || c == 0xFEFF)
        return 0;
    return c;
}

static void fold(struct buf *out, struct bytes text) {
    while (text.len) {
        uint32_t c = (unsigned char)text.data[0];
        if (c < 0x80)
            text = bytes_from(text, 1);
        else
            utf8_next(&text, &c);
        c = folded(c);
        if (c < 0x80 && ascii_is_space((char)c)) {
            if (out->len && out->data[out->len - 1] != ' ')
                buf_add_char(out, ' ');
        } else if (c && c < 0x80) {
            buf_add_char(out, (char)c);
        } else if (c) {
            utf8_add(out, c);
        }
    }
}

struct bytes kind_text_fold(struct arena *arena, struct bytes text, size_t max) {
    struct buf out = BUF_INIT;
    fold(&out, bytes_first(text, max));
    struct bytes copy = {arena_bytes(arena, buf_bytes(&out)), out.len};
    buf_free(&out);
    return copy;
}

/* What clients put before the subject of a mail that they answer, or pass on. */
static const char *const answer_prefixes[] = {
    "re:",  "aw:",  "sv:", "vs:",  "antw:", "odp:",  "ynt:",
    "ris:", "res:", "r:",  "re :", "回复:", "回覆:", "答复:"};
static const char *const forward_prefixes[] = {
    "fw:", "fwd:", "wg:", "tr:", "rv:", "enc:", "vb:", "vl:", "pd:", "doorst:", "转发:", "轉寄:",
};

/* The length of the prefix that the text begins with; 0 for none. */
static size_t prefix_length(struct bytes text, const char *const *prefixes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes_starts_ignore_case(text, prefixes[i]))
            return strlen(prefixes[i]);
    return 0;
}

#define PREFIX_LENGTH(text, prefixes) \
    prefix_length(text, prefixes, sizeof prefixes / sizeof *prefixes)

bool kind_text_is_forward(struct bytes subject) {
    return PREFIX_LENGTH(subject, forward_prefixes);
}

static bool is_to_many(const struct header *header) {
    static const char *const fields[] = {"List-Id", "List-Unsubscribe", "List-Post",
                                         "Mailing-List"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (header_has(header, fields[i]))
            return true;
    return bytes_starts_ignore_case(header_value(header, "Precedence"), "list");
}

/* The header of a mail that is quoted below an answer, as clients write it. */
static bool is_quotation_start(struct bytes line) {
    static const char *const starts[] = {"-----Original", "-----Ursprüngliche", "-----Message d",
                                         "-----Mensaje", "________________"};
    return PREFIX_LENGTH(line, starts) ||
           (bytes_starts_ignore_case(line, "On ") && bytes_ends_ignore_case(line, " wrote:"));
}

void kind_text_read(const struct mail *mail, struct kind_text *text) {
    struct bytes subject = bytes_of(mail->report->subject);
    text->to_many = is_to_many(mail->header);
    subject = bytes_trim(kind_text_fold(mail->arena, subject, READ_MAX));
    if (kind_text_is_forward(subject))
        subject.len = 0;
    phrase_search_begin(&text->subject, subject);
    text->topic = subject;
    text->answers = false;
    for (size_t len; (len = PREFIX_LENGTH(text->topic, answer_prefixes)) > 0; text->answers = true)
        text->topic = bytes_trim(bytes_from(text->topic, len));

    struct buf out = BUF_INIT;
    struct bytes rest = bytes_first(mail->notice, READ_MAX), line;
    text->quotes = false;
    while (out.len < PAGE_MAX && bytes_next_line(&rest, &line)) {
        line = bytes_trim(line);
        if (is_quotation_start(line)) {
            text->quotes = true;
            break;
        }
        if (line.len && (line.data[0] == '>' || line.data[0] == '|')) {
            text->quotes = true;
            continue;
        }
        fold(&out, line);
        fold(&out, bytes_of(" "));
    }
    struct bytes page = {arena_bytes(mail->arena, buf_bytes(&out)), out.len};
    phrase_search_begin(&text->page, page);
    phrase_search_begin(&text->opening, bytes_first(page, OPENING_MAX));
    buf_free(&out);
}
