/* sendmail of all ages and its children: the list under "The following addresses had permanent
 * fatal errors", the transcript of the session, or, before version 8, the transcript alone. */
#include "mime/address.h"
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/notice.h"

static const char list_phrase[] = "the following addresses ha";
static const char transcript_phrase[] = "transcript of session follows";

static bool recognise(const struct mail *mail) {
    return mail->may_notify && (bytes_find(mail->head, list_phrase) >= 0 ||
                                bytes_find(mail->head, transcript_phrase) >= 0);
}

/* The transcript's words about an address: "550 5.1.1 <address>... User unknown" or
 * "<address>... Deferred: Connection refused"; without either, all that servers said. */
static struct bytes transcript_words(struct bytes transcript, const char *address) {
    transcript = bytes_first(transcript, 2 * REPORT_DIAGNOSTIC_MAX);
    struct bytes rest = transcript, line;
    while (bytes_next_line(&rest, &line)) {
        bool said = line.len > 1 &&
                    (ascii_is_digit(line.data[0]) || (line.data[0] == '<' && line.data[1] != '<'));
        if (!said || bytes_find_ignore_case(line, address) < 0)
            continue;
        return line;
    }
    return transcript;
}

/* "(reason: 550 ...)" or "(expanded from: <x>)" under an address. */
static struct bytes annotation(struct bytes words, const char *name) {
    long at = bytes_find_ignore_case(words, name);
    if (at < 0)
        return (struct bytes){NULL, 0};
    words = bytes_from(words, (size_t)at + bytes_of(name).len);
    long end = bytes_find(words, ")\n");
    if (end < 0 && words.len && words.data[words.len - 1] == ')')
        end = (long)words.len - 1;
    return bytes_trim(bytes_first(words, end < 0 ? words.len : (size_t)end));
}

/* What 8.7 and Sun put behind an address where the list does not say it. */
static enum report_action annotated_action(struct bytes line, enum report_action action) {
    static const struct {
        const char *words;
        enum report_action action;
    } annotations[] = {
        {"(successfully delivered", REPORT_ACTION_DELIVERED},
        {"(relayed to", REPORT_ACTION_RELAYED},
        {"(expanded by", REPORT_ACTION_EXPANDED},
        {"(unrecoverable error", REPORT_ACTION_FAILED},
    };
    for (size_t i = 0; i < sizeof annotations / sizeof *annotations; i++)
        if (bytes_find_ignore_case(line, annotations[i].words) >= 0)
            return annotations[i].action;
    return action;
}

static bool is_rule(struct bytes line) {
    return bytes_starts_ignore_case(bytes_trim(line), "---");
}

/* What the heading of a list says of all addresses in it. */
static enum report_action heading_action(const struct mail *mail, struct bytes heading) {
    static const struct {
        const char *words;
        enum report_action action;
    } headings[] = {
        {"permanent fatal errors", REPORT_ACTION_FAILED},
        {"transient non-fatal errors", REPORT_ACTION_DELAYED},
        {"successful delivery", REPORT_ACTION_DELIVERED},
    };
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (bytes_find_ignore_case(heading, headings[i].words) >= 0)
            return headings[i].action;
    return notice_action(mail);
}

/* The list: an address at the start of a line, its annotations on the indented lines below. */
static void read_list(struct mail *mail, struct bytes list, struct bytes transcript) {
    struct bytes line, address;
    bytes_next_line(&list, &line);
    enum report_action action = heading_action(mail, line);
    while (bytes_next_line(&list, &line) && !is_rule(line)) {
        struct bytes left = line;
        if (!line.len || ascii_is_space(line.data[0]) || !address_next(&left, &address, NULL))
            continue;
        struct bytes words = {left.data, 0}, ahead = list, next;
        while (bytes_next_line(&ahead, &next) && next.len && ascii_is_space(next.data[0]) &&
               !is_rule(next)) {
            words.len = (size_t)(next.data + next.len - words.data);
            list = ahead;
        }
        struct entry entry = {.address = address,
                              .original = annotation(words, "(expanded from:"),
                              .words = annotation(words, "(reason:")};
        if (!entry.words.len)
            entry.words = transcript_words(transcript, arena_bytes(mail->arena, address));
        entry_add(mail, &entry, annotated_action(line, action));
    }
}

/* Before version 8 there is no list: "554 <address>... Remote protocol error". What stands behind
 * "<<<" is a server's, and may be about the sender. */
static void read_transcript(struct mail *mail, struct bytes transcript) {
    struct bytes line, address;
    enum report_action action = notice_action(mail);
    while (bytes_next_line(&transcript, &line)) {
        struct bytes left = line;
        if (!address_next(&left, &address, NULL))
            continue;
        /* Microsoft's Internet Mail Service puts the bare address and its reason on lines. */
        bool alone = address.len == bytes_trim(line).len;
        bool said = ascii_is_digit(line.data[0]) && bytes_starts_ignore_case(left, ">...");
        if (!alone && !said)
            continue;
        struct entry entry = {.address = address, .words = alone ? transcript : line};
        entry_add(mail, &entry, action);
    }
}

static void read_notice(struct mail *mail) {
    struct bytes notice = mail->notice, transcript = {NULL, 0};
    long at = bytes_find(mail->head, transcript_phrase);
    if (at >= 0) {
        struct bytes heading;
        transcript = bytes_from(notice, (size_t)at);
        bytes_next_line(&transcript, &heading);
    }
    size_t from = 0;
    while ((at = bytes_find(bytes_from(mail->head, from), list_phrase)) >= 0) {
        from += (size_t)at;
        read_list(mail, bytes_from(notice, from), transcript);
        from += sizeof list_phrase - 1;
    }
    if (!mail->report->recipient_count)
        read_transcript(mail, transcript);
}

const struct format format_sendmail = {"sendmail", recognise, read_notice};
