/* The last resort: a mail system's prose without a known form. Each address in it is weighed by the
 * words around it. Nobody is named rather than the wrong one: the sender, the mail system's own
 * people, and whoever stands only in quoted text, in a signature or in the returned original. */
#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/diagnostic.h"
#include "mime/format.h"
#include "mime/notice.h"
#include "mime/sender.h"
#include "mime/words.h"

#include <string.h>

/* Where these stand before an address on its line, it is the one that failed ... */
static const char *const recipient_words[] = {
    "rcpt to",  "recipient", "deliver", "user",    "addressed to", "mailbox",   "message to",
    "address",  "to:",       "for",     "account", "failed",       "mail to",   "empfänger",
    "destinat", "получател", "收件人",  "宛先",    "受信者",       "받는 사람", "수신자",
};

/* ... and where these do, it is somebody else. */
static const char *const other_words[] = {
    "from", "sender",  "contact", "mailto:", "reply", "return-path", "message-id", "question",
    "help", "support", "forward", "visit",   "write", "send",        "by ",        "cc:",
};

/* What announces an address on the next line as somebody who helps. */
static const char *const help_words[] = {
    "contact", "help", "support", "question", "assistance", "administrator", "write to", "forward",
};

static bool has_any(struct bytes text, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes_find(text, words[i]) >= 0)
            return true;
    return false;
}

#define HAS_ANY(text, words) has_any(text, words, sizeof words / sizeof *words)

enum {
    LINE_MAX_LENGTH = 1000, /* RFC 5322's limit; longer ones are no prose */
    WEIGHT_MIN = 3,
};

static bool is_same(struct bytes address, const char *other) {
    return other && bytes_equal_ignore_case(address, other);
}

static bool recognise(const struct mail *mail) {
    if (!mail->may_notify)
        return false;
    bool in_subject = words_in_failure_subject(mail->subject);
    /* Anybody but a mail system must say it twice. */
    return mail->from_system ? in_subject || words_in_failure(mail->head)
                             : in_subject && words_in_failure(mail->head);
}

/* Whether the line begins with the address, save for marks. */
static bool is_at_start(struct bytes line, struct bytes address) {
    for (const char *p = line.data; p < address.data; p++)
        if (ascii_is_alpha(*p) || ascii_is_digit(*p) || (unsigned char)*p >= 0x80)
            return false;
    return true;
}

/* "Intended recipient: <": the front is a label. */
static bool is_label(struct bytes front) {
    while (front.len && strchr(" \t<[\"'", front.data[front.len - 1]))
        front.len--;
    return front.len && front.data[front.len - 1] == ':';
}

/* The same run of the notice with its ASCII letters in lower case. */
static struct bytes folded(const struct mail *mail, struct bytes text) {
    size_t at = text.len ? (size_t)(text.data - mail->notice.data) : 0;
    return bytes_first(bytes_from(mail->head, at), text.len);
}

static int weigh(const struct mail *mail, struct bytes above, struct bytes line,
                 struct bytes address) {
    struct bytes front =
        folded(mail, (struct bytes){line.data, (size_t)(address.data - line.data)});
    struct diagnostic_codes codes = diagnostic_codes_find(line);
    int weight = is_same(address, mail->report->original.to) ? 4 : 0;
    weight += is_at_start(line, address) ? 3 : 0;
    weight += HAS_ANY(front, recipient_words) ? is_label(front) ? 3 : 2 : 0;
    weight += words_in_failure(folded(mail, line)) || words_in_reason(folded(mail, line)) ? 1 : 0;
    weight += codes.reply || *codes.status ? 2 : 0;
    weight -= HAS_ANY(front, other_words) ? 4 : 0;
    weight -= HAS_ANY(folded(mail, above), help_words) ? 3 : 0;
    return weight;
}

/* The paragraph around a line: what the notice says of the address on it. Where the address stands
 * there alone, the words are below it: "ada@example.net\n\nThe server answered:\n\n550 ..." */
static struct bytes paragraph(struct bytes notice, struct bytes line) {
    struct bytes from = bytes_from(notice, (size_t)(line.data - notice.data));
    from = bytes_first(from, REPORT_DIAGNOSTIC_MAX);
    long end = bytes_find(from, "\n\n");
    bool alone = end >= 0 && (size_t)end <= line.len && bytes_find_char(bytes_trim(line), ' ') < 0;
    return end < 0 || alone ? from : bytes_first(from, (size_t)end);
}

static void read_text(struct mail *mail) {
    struct bytes rest = bytes_first(mail->notice, mail->head.len), above = {NULL, 0}, line, address;
    enum report_action action = notice_action(mail);
    while (bytes_next_line(&rest, &line)) {
        if (bytes_equal(line, bytes_of("-- ")) || bytes_equal(line, bytes_of("--")))
            break;
        line = bytes_first(line, LINE_MAX_LENGTH);
        if (line.len && (line.data[0] == '>' || line.data[0] == '|'))
            continue;
        struct bytes left = line;
        char before;
        while (address_next(&left, &address, &before)) {
            if (sender_is_involved(mail, address) || weigh(mail, above, line, address) < WEIGHT_MIN)
                continue;
            struct report_recipient *r =
                mail_recipient_add(mail, REPORT_SOURCE_TEXT, utf8_clean(mail->arena, address));
            if (!r)
                return;
            r->action = action;
            mail_recipient_diagnose(mail, r, paragraph(mail->notice, line));
        }
        if (bytes_trim(line).len)
            above = line;
    }
}

const struct format format_text = {"text", recognise, read_text};
