#include "mime/diagnostic.h"

#include "cmd/base/utf8.h"
#include "mime/header.h"
#include "mime/mail.h"

#include <string.h>

static size_t digits(struct bytes b) {
    size_t n = 0;
    while (n < b.len && ascii_is_digit(b.data[n]))
        n++;
    return n;
}

bool diagnostic_take_status(struct bytes *rest, char status[DIAGNOSTIC_STATUS_SIZE]) {
    struct bytes b = *rest;
    if (b.len < 5 || (b.data[0] != '2' && b.data[0] != '4' && b.data[0] != '5') || b.data[1] != '.')
        return false;
    size_t subject = digits(bytes_from(b, 2));
    if (!subject || subject > 3 || 2 + subject >= b.len || b.data[2 + subject] != '.')
        return false;
    size_t detail = digits(bytes_from(b, 3 + subject));
    size_t len = 3 + subject + detail;
    if (!detail || detail > 3)
        return false;
    /* "5.1.1.10" is an IP address, "4.3.2p1" a version. */
    if (len < b.len && (ascii_is_alpha(b.data[len]) || b.data[len] == '-' ||
                        (b.data[len] == '.' && len + 1 < b.len && ascii_is_digit(b.data[len + 1]))))
        return false;
    memcpy(status, b.data, len);
    status[len] = '\0';
    *rest = bytes_from(b, len);
    return true;
}

/* A three-digit code of RFC 5321 section 4.2.1 at the start of `b`; 0 for none. */
static unsigned reply_code(struct bytes b) {
    if (digits(b) != 3 || b.data[0] < '2' || b.data[0] > '5' || b.data[0] == '3')
        return 0;
    if (b.len > 3 && (ascii_is_alpha(b.data[3]) || strchr("@_/%", b.data[3]) ||
                      (b.data[3] == '.' && b.len > 4 && ascii_is_digit(b.data[4]))))
        return 0;
    return (unsigned)((b.data[0] - '0') * 100 + (b.data[1] - '0') * 10 + (b.data[2] - '0'));
}

/* Whether a code may stand behind this byte. */
static bool starts_word(struct bytes text, size_t at) {
    if (!at)
        return true;
    char c = text.data[at - 1];
    return !ascii_is_alpha(c) && !ascii_is_digit(c) && (unsigned char)c < 0x80 &&
           !strchr(".-_@/+=%&", c);
}

/* Whether what stands in front says that a server's reply begins here. */
static bool starts_reply(struct bytes text, size_t at) {
    static const char *const words[] = {"said:", "smtp;",  "error:",    "replied:", "was:",
                                        "code",  "reply:", "response:", "returned", "smtp error",
                                        "<<<",   "state:", "is:",       "message:", "server:"};
    struct bytes front = bytes_trim(bytes_first(text, at));
    while (front.len && strchr("\"'([#", front.data[front.len - 1]))
        front = bytes_trim(bytes_first(front, front.len - 1));
    if (!front.len)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bytes_ends_ignore_case(front, words[i]))
            return true;
    return false;
}

struct diagnostic_codes diagnostic_codes_find(struct bytes text) {
    struct diagnostic_codes codes = {0, ""};
    enum { NOTHING, A_NUMBER, A_REPLY, WITH_STATUS } best = NOTHING;
    for (size_t i = 0; i < text.len && best < WITH_STATUS; i++) {
        if (!ascii_is_digit(text.data[i]) || !starts_word(text, i))
            continue;
        struct bytes rest = bytes_from(text, i);
        char status[DIAGNOSTIC_STATUS_SIZE];
        if (diagnostic_take_status(&rest, status)) {
            if (!*codes.status)
                memcpy(codes.status, status, sizeof status);
            continue;
        }
        unsigned reply = reply_code(rest);
        /* RFC 5321 has 0 to 5 for the second digit; servers that say 571 are believed where a reply
         * begins. */
        bool begins = reply && starts_reply(text, i);
        if (!reply || (reply / 10 % 10 > 5 && !begins))
            continue;
        rest = bytes_from(rest, 3);
        while (rest.len && strchr(" -#:;([", rest.data[0]))
            rest = bytes_from(rest, 1);
        bool with_status = diagnostic_take_status(&rest, status);
        if (with_status && status[0] - '0' == (char)(reply / 100)) {
            best = WITH_STATUS;
            codes.reply = reply;
            memcpy(codes.status, status, sizeof status);
        } else if (best < A_REPLY && begins) {
            best = A_REPLY;
            codes.reply = reply;
        } else if (best < A_NUMBER) {
            best = A_NUMBER;
            codes.reply = reply;
        }
    }
    return codes;
}

/* Takes the repeat of a code off `*rest`: "550-5.1.1 ", "550 5.1.1 ", "550-", "550 ". */
static bool take_repeat(struct bytes *rest, struct bytes code) {
    struct bytes b = *rest;
    if (b.len <= code.len || memcmp(b.data, code.data, code.len) != 0 ||
        (b.data[code.len] != '-' && b.data[code.len] != ' '))
        return false;
    b = bytes_from(b, code.len + 1);
    char status[DIAGNOSTIC_STATUS_SIZE];
    if (diagnostic_take_status(&b, status))
        b = bytes_trim(b);
    *rest = b;
    return true;
}

char *diagnostic_text(struct arena *arena, struct bytes text) {
    enum {
        READ_MAX = 2 * REPORT_DIAGNOSTIC_MAX, /* repeated codes and folds are taken out of it */
    };
    text = header_unfold(arena, bytes_first(bytes_trim(text), READ_MAX));
    if (!text.len)
        return NULL;
    struct bytes code = bytes_first(text, 3);
    if (text.len > 4 && reply_code(text) && text.data[3] == '-') {
        char *out = arena_alloc(arena, text.len + 1);
        size_t len = 0;
        struct bytes rest = text, first = bytes_from(text, 4);
        char status[DIAGNOSTIC_STATUS_SIZE];
        memcpy(out, text.data, 3);
        out[3] = ' ';
        len = 4;
        if (diagnostic_take_status(&first, status)) {
            memcpy(out + len, status, strlen(status));
            len += strlen(status);
            out[len++] = ' ';
        }
        rest = bytes_trim(first);
        while (rest.len) {
            if (len && out[len - 1] == ' ' && take_repeat(&rest, code))
                continue;
            out[len++] = rest.data[0];
            rest = bytes_from(rest, 1);
        }
        text = bytes_trim((struct bytes){out, len});
    }
    return utf8_clean(arena, mail_cut(text, REPORT_DIAGNOSTIC_MAX));
}
