#include "mime/notice.h"

#include "cmd/base/buf.h"
#include "mime/words.h"

#include <string.h>

/* Words of which a separator has one of each. */
static const char *const separator_subjects[] = {"message", "mail", "header", "letter"};
static const char *const separator_verbs[] = {"original", "returned", "unsent", "copy",
                                              "follows",  "below",    "body",   "bounced"};

/* Separators without a rule of dashes, as beginnings of a line. */
static const char *const separators[] = {
    "Below this line is a copy of",
    "Below is a copy of",
    "The original message was as follows",
    "Original message follows",
    "Possibly truncated original message",
    "Original message:",
    "Original message headers:",
    "Your original message follows",
    "Your message was:",
    "Original Headers:",
    "Message headers follow",
    "Header of the original message",
    "A copy of the original message",
    "Unsent message follows",
    "The header page of your message is as follows",
};

/* Fields that make a run of field lines a message's header, and not a list of facts. */
static const char *const message_fields[] = {
    "Received:", "Return-Path:",  "Message-ID:",   "DKIM-Signature:",
    "X-Mailer:", "MIME-Version:", "Delivered-To:",
};

static bool has_word(struct bytes line, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes_find_ignore_case(line, words[i]) >= 0)
            return true;
    return false;
}

#define HAS_WORD(line, words) has_word(line, words, sizeof words / sizeof *words)

static bool is_separator(struct bytes line) {
    enum {
        LINE_MAX_LENGTH = 200,
    };
    if (line.len < 5 || line.len > LINE_MAX_LENGTH)
        return false;
    if (strchr("-=*_#+", line.data[0]) && line.data[1] == line.data[0])
        return HAS_WORD(line, separator_subjects) && HAS_WORD(line, separator_verbs);
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
        if (bytes_starts_ignore_case(line, separators[i]))
            return true;
    return false;
}

static bool is_message_field(struct bytes line) {
    for (size_t i = 0; i < sizeof message_fields / sizeof *message_fields; i++)
        if (bytes_starts_ignore_case(line, message_fields[i]))
            return true;
    return false;
}

size_t notice_original_find(struct bytes text, size_t *header) {
    enum {
        FIELDS_MIN = 3, /* one may stand in prose: "Message-ID: <x> could not be delivered" */
    };
    struct bytes rest = text, line;
    size_t run = 0, run_start = 0, known = 0;
    size_t separator = text.len, behind = text.len;
    while (true) {
        size_t at = text.len - rest.len;
        if (!bytes_next_line(&rest, &line))
            break;
        if (is_separator(bytes_trim(line)) && separator == text.len) {
            separator = at;
            behind = text.len - rest.len;
            run = known = 0;
            break;
        }
        if (run && line.len && (line.data[0] == ' ' || line.data[0] == '\t'))
            continue;
        if (!header_is_field(line)) {
            run = known = 0;
            continue;
        }
        if (!run++)
            run_start = at;
        known += is_message_field(line);
        if (run >= FIELDS_MIN && known) {
            separator = behind = run_start;
            break;
        }
    }
    while (behind < text.len && ascii_is_space(text.data[behind]))
        behind++;
    if (header)
        *header = behind;
    return separator;
}

enum report_action notice_action(const struct mail *mail) {
    return words_in_delay(mail->subject) || words_in_delay(mail->head) ? REPORT_ACTION_DELAYED
                                                                       : REPORT_ACTION_FAILED;
}

static bool is_readable(const struct entity *e) {
    return !e->attachment && !e->first_part &&
           (entity_is(e, "text/plain") || entity_is(e, "text/html"));
}

/* multipart/alternative says one thing twice: its first plain text is read, else its last part. */
static bool is_spare_alternative(const struct entity *e) {
    if (!e->parent || !entity_is(e->parent, "multipart/alternative"))
        return false;
    for (const struct entity *other = e->parent->first_part; other; other = other->next)
        if (entity_is(other, "text/plain") && bytes_trim(other->body).len)
            return other != e;
    return e->next != NULL;
}

void notice_read(struct mail *mail, size_t max) {
    struct buf text = BUF_INIT;
    bool known;
    for (const struct entity *e = mail->root; e && text.len < max; e = entity_next(e)) {
        if (e == mail->original_part || entity_is(e, "message/rfc822"))
            break;
        if (!is_readable(e) || is_spare_alternative(e))
            continue;
        struct bytes part = entity_text(e, mail->charsets, mail->arena, max - text.len, &known);
        if (!known)
            mail_note(mail, "a charset that is not known");
        buf_add_bytes(&text, part);
        if (part.len && part.data[part.len - 1] != '\n')
            buf_add_char(&text, '\n');
    }
    struct bytes all = {arena_bytes(mail->arena, buf_bytes(&text)), text.len};
    buf_free(&text);
    size_t header;
    size_t cut = notice_original_find(all, &header);
    mail->notice = bytes_first(all, cut);
    mail->head = bytes_first(mail->notice, MAIL_HEAD_MAX);
    mail->head.data = ascii_lower_string(arena_bytes(mail->arena, mail->head));
    mail->quoted = bytes_from(all, header);
}
