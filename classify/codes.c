#include "classify/codes.h"

#include <string.h>

enum {
    CLASS_MAX = 5,
    PART_MAX = 999, /* RFC 3463 section 2: up to three digits */
};

static bool take_part(struct bytes *rest, unsigned max, unsigned *part) {
    unsigned long number;
    if (!bytes_take_number(rest, max, &number))
        return false;
    *part = (unsigned)number;
    return true;
}

static bool take_char(struct bytes *rest, char c) {
    if (!rest->len || rest->data[0] != c)
        return false;
    *rest = bytes_from(*rest, 1);
    return true;
}

static bool take_status(struct bytes *rest, struct status_code *code) {
    struct bytes at = *rest;
    struct status_code found;
    if (!take_part(&at, CLASS_MAX, &found.class) || found.class < 2 || found.class == 3 ||
        !take_char(&at, '.') || !take_part(&at, PART_MAX, &found.subject) || !take_char(&at, '.') ||
        !take_part(&at, PART_MAX, &found.detail))
        return false;
    *rest = at;
    *code = found;
    return true;
}

bool status_code_read(const char *text, struct status_code *code) {
    struct bytes rest = bytes_of(text);
    return take_status(&rest, code) && !rest.len;
}

bool status_code_is_generic(struct status_code code) {
    return !code.detail;
}

/* A status code ends where no further digit, letter or ".5" follows: 5.1.1.9 is an IP address. */
static bool status_ends(struct bytes rest) {
    if (!rest.len)
        return true;
    if (rest.data[0] == '.')
        return rest.len < 2 || !ascii_is_digit(rest.data[1]);
    return !ascii_is_digit(rest.data[0]) && !ascii_is_alpha(rest.data[0]);
}

static bool take_word_status(struct bytes text, struct bytes *status) {
    struct bytes rest = text;
    struct status_code code;
    take_char(&rest, '(');
    take_char(&rest, '#');
    struct bytes start = rest;
    if (!take_status(&rest, &code) || !status_ends(rest))
        return false;
    *status = bytes_first(start, start.len - rest.len);
    return true;
}

/* A reply code stands alone: three digits, the first 2, 4, 5 or (private use, Mailgun's 605) 6. */
static bool take_reply(struct bytes *rest, unsigned *reply_code) {
    struct bytes at = *rest;
    unsigned long number;
    if (!bytes_take_number(&at, 699, &number) || rest->len - at.len != 3 || number < 200 ||
        number / 100 == 3)
        return false;
    if (at.len && (at.data[0] == '.' || ascii_is_alpha(at.data[0])))
        return false;
    *rest = at;
    *reply_code = (unsigned)number;
    return true;
}

/* Takes the codes at the start off `*rest`. */
static struct codes_found take_codes(struct bytes *rest) {
    struct codes_found found = {0, {NULL, 0}};
    *rest = bytes_trim(*rest);
    if (take_reply(rest, &found.reply_code))
        while (take_char(rest, ' ') || take_char(rest, '-'))
            continue;
    if (take_word_status(*rest, &found.status))
        *rest = bytes_from(*rest, (size_t)(found.status.data - rest->data) + found.status.len);
    return found;
}

/* Whether a failure's reply code stands here, and more behind it. */
static bool is_refusal(struct bytes text) {
    unsigned reply_code;
    return take_reply(&text, &reply_code) && (reply_code / 100 == 4 || reply_code / 100 == 5) &&
           text.len && (text.data[0] == ' ' || text.data[0] == '-');
}

static struct bytes behind_introduction(struct bytes text) {
    /* "SMTP error from remote mail server after RCPT TO:<ada@example.net>: ", and in older releases
     * "host mx.example.net [192.0.2.1]: " behind it. */
    bool exim = false;
    if (is_refusal(bytes_trim(text)))
        return text;
    for (size_t i = 0; i < text.len; i++) {
        struct bytes rest = bytes_from(text, i);
        switch (*rest.data) {
        case ' ':
            if (bytes_starts_ignore_case(rest, " said:") ||
                bytes_starts_ignore_case(rest, " says:"))
                return bytes_from(rest, strlen(" said:"));
            break;
        case 'S': exim |= bytes_starts_ignore_case(rest, "SMTP error from remote "); break;
        case '<':
            if (bytes_starts_ignore_case(rest, "<<< "))
                return bytes_from(rest, strlen("<<< "));
            break;
        case ':':
            if (rest.len < 2 || rest.data[1] != ' ')
                break;
            if ((exim && !bytes_starts_ignore_case(rest, ": host ")) ||
                is_refusal(bytes_from(rest, 2)))
                return bytes_from(rest, 2);
            break;
        default: break;
        }
    }
    return text;
}

/* What Exim puts behind the last reply of a server that refused for now until it gave up. */
static struct bytes without_retry_timeout(struct bytes words) {
    static const char suffix[] = ": retry timeout exceeded";
    struct bytes trimmed = bytes_trim(words);
    if (!is_refusal(trimmed) || !bytes_ends_ignore_case(trimmed, suffix))
        return words;
    return bytes_first(trimmed, trimmed.len - strlen(suffix));
}

struct bytes codes_servers_words(struct bytes text) {
    return without_retry_timeout(behind_introduction(text));
}

struct codes_found codes_find(const char *text) {
    struct bytes rest = codes_servers_words(bytes_of(text));
    if (bytes_starts_ignore_case(rest, "smtp;"))
        rest = bytes_from(rest, strlen("smtp;"));
    struct codes_found found = take_codes(&rest);
    /* qmail's way: the code stands behind a hash sign, mostly at the end. */
    for (size_t i = 0; !found.status.len && i + 1 < rest.len; i++)
        if (rest.data[i] == '#')
            take_word_status(bytes_from(rest, i), &found.status);
    return found;
}

struct bytes codes_skip(struct bytes text) {
    take_codes(&text);
    return text;
}

enum permanence codes_permanence(unsigned reply_code, const char *status) {
    struct status_code code = {0, 0, 0};
    if (status)
        status_code_read(status, &code);
    unsigned class = reply_code >= 400 ? reply_code / 100 : code.class;
    return class == 4   ? PERMANENCE_TEMPORARY
           : class >= 5 ? PERMANENCE_PERMANENT
                        : PERMANENCE_UNKNOWN;
}

/* Digits with an x for "any": "4xx" is 400 to 499. */
static bool read_reply_word(struct bytes word, struct reply_pattern *pattern) {
    if (word.len != 3)
        return false;
    pattern->from = pattern->to = 0;
    bool any = false;
    for (size_t i = 0; i < word.len; i++) {
        bool is_any = word.data[i] == 'x';
        if (!is_any && (any || !ascii_is_digit(word.data[i])))
            return false;
        any = is_any;
        unsigned digit = is_any ? 0 : (unsigned)(word.data[i] - '0');
        pattern->from = pattern->from * 10 + digit;
        pattern->to = pattern->to * 10 + (is_any ? 9 : digit);
    }
    return true;
}

bool reply_pattern_read(struct bytes word, struct reply_pattern *pattern) {
    long dash = bytes_find_char(word, '-');
    if (dash < 0)
        return read_reply_word(word, pattern);
    struct reply_pattern last;
    if (!read_reply_word(bytes_first(word, (size_t)dash), pattern) ||
        !read_reply_word(bytes_from(word, (size_t)dash + 1), &last))
        return false;
    pattern->to = last.to;
    return pattern->from <= pattern->to;
}

bool reply_pattern_matches(const struct reply_pattern *pattern, unsigned reply_code) {
    return reply_code && pattern->from <= reply_code && reply_code <= pattern->to;
}

static bool take_pattern_part(struct bytes *rest, unsigned max, unsigned *from, unsigned *to) {
    if (take_char(rest, 'x')) {
        *from = 0;
        *to = max;
        return true;
    }
    if (!take_part(rest, max, from))
        return false;
    *to = *from;
    return true;
}

bool status_pattern_read(struct bytes word, struct status_pattern *pattern) {
    struct bytes rest = word;
    struct status_code *from = &pattern->from, *to = &pattern->to, last;
    if (!take_pattern_part(&rest, CLASS_MAX, &from->class, &to->class) || !take_char(&rest, '.') ||
        !take_pattern_part(&rest, PART_MAX, &from->subject, &to->subject) ||
        !take_char(&rest, '.') || !take_pattern_part(&rest, PART_MAX, &from->detail, &to->detail))
        return false;
    if (!rest.len)
        return true;
    /* A range goes over the details of one class and subject. */
    if (!take_char(&rest, '-') || !take_status(&rest, &last) || rest.len ||
        last.class != from->class || last.subject != from->subject || last.detail < from->detail ||
        to->detail != from->detail)
        return false;
    to->detail = last.detail;
    return true;
}

static bool between(unsigned from, unsigned value, unsigned to) {
    return from <= value && value <= to;
}

bool status_pattern_matches(const struct status_pattern *pattern, struct status_code code) {
    return code.class && between(pattern->from.class, code.class, pattern->to.class) &&
           between(pattern->from.subject, code.subject, pattern->to.subject) &&
           between(pattern->from.detail, code.detail, pattern->to.detail);
}
