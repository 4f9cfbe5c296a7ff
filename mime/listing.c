#include "mime/listing.h"

#include "mime/address.h"
#include "mime/entry.h"

#include <string.h>

enum {
    LEAD_WORDS_MAX = 4, /* "Final recipient address: <" */
    IDLE_LINES_MAX = 6, /* between the phrase and the first address */
    WORDS_MAX_LENGTH = 2 * REPORT_DIAGNOSTIC_MAX,
};

static const char marks[] = "<>[]()\"' \t\n.:;,*-";

static struct bytes without_marks(struct bytes text) {
    while (text.len && strchr(marks, text.data[0]))
        text = bytes_from(text, 1);
    while (text.len && strchr(marks, text.data[text.len - 1]))
        text.len--;
    return text;
}

/* Whether what stands in front of an address on its line is nothing but marks and labels. */
static bool is_lead(struct bytes front) {
    /* Netscape's "SMTP <ada@example.net>". */
    if (bytes_equal_ignore_case(bytes_trim(front), "smtp <"))
        return true;
    unsigned words = 0;
    char last = '\0', before = ' ';
    for (size_t i = 0; i < front.len; i++) {
        char c = front.data[i];
        bool letter = ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
        words += letter && ascii_is_space(before);
        if (!ascii_is_space(c) && !strchr("<[\"'(", c))
            last = c;
        before = c;
    }
    bool label = last == ':' || last == '=' || last == '>' || last == ';';
    return !words || (label && words <= LEAD_WORDS_MAX);
}

/* Labels that lead to somebody else: "MAIL FROM:<...>", "Cc: ...", "Original address: ...". */
static bool is_lead_to_other(struct bytes front) {
    static const char *const labels[] = {"from", "sender", "original",
                                         "cc:",  "reply",  "return-path"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (bytes_find_ignore_case(front, labels[i]) >= 0)
            return true;
    return false;
}

/* The end of a list: what a line such as "Technical details:" announces is no recipient. */
static bool ends_list(struct bytes line) {
    line = bytes_trim(line);
    return line.len && (line.data[line.len - 1] == ':' || bytes_starts_ignore_case(line, "--") ||
                        bytes_starts_ignore_case(line, "=="));
}

/* How far the list has come. */
enum place { ON_THE_PHRASES_LINE, IN_THE_LIST, BEHIND_THE_LIST };

/* Takes the address off the line, if it is one that the list names there. */
static bool take_listed(struct bytes line, enum place place, struct bytes *address,
                        struct bytes *behind) {
    *behind = line;
    if (!address_next(behind, address, NULL))
        return false;
    struct bytes front = {line.data, (size_t)(address->data - line.data)};
    if (is_lead_to_other(front))
        return false;
    switch (place) {
    case ON_THE_PHRASES_LINE: return true;
    case IN_THE_LIST: return is_lead(front);
    /* Where each recipient has details of its own, only a line that is all address is the next. */
    case BEHIND_THE_LIST: return bytes_equal(without_marks(line), *address);
    }
    return false;
}

/* The words of a recipient whose entry has none: the first line behind the list that names it, and
 * what follows; else all of it. */
static struct bytes shared_words(struct bytes tail, const char *address) {
    tail = bytes_first(tail, WORDS_MAX_LENGTH);
    long at = bytes_find(tail, address);
    if (at < 0)
        return tail;
    long line = bytes_find_last_char(bytes_first(tail, (size_t)at), '\n');
    return bytes_from(tail, (size_t)(line + 1));
}

/* The paragraph that ends at `end`: of a notice that explains first and lists then. */
static struct bytes paragraph_before(struct bytes notice, const char *end) {
    struct bytes front = {notice.data, (size_t)(end - notice.data)};
    if (front.len > REPORT_DIAGNOSTIC_MAX)
        front = bytes_from(front, front.len - REPORT_DIAGNOSTIC_MAX);
    long gap;
    while ((gap = bytes_find(front, "\n\n")) >= 0 && bytes_trim(bytes_from(front, (size_t)gap)).len)
        front = bytes_from(front, (size_t)gap + 2);
    return bytes_trim(front);
}

/* Whether words say more than an address. */
static bool is_telling(struct bytes words) {
    words = without_marks(words);
    return words.len && !address_is_valid(words);
}

/* Words for the recipients from the `first`th on whose entries have none. */
static void share_words(struct mail *mail, size_t first, struct bytes tail, struct bytes intro) {
    for (size_t i = first; i < mail->report->recipient_count; i++) {
        struct report_recipient *r = &mail->report->recipients[i];
        if (r->diagnostic_code && is_telling(bytes_of(r->diagnostic_code)))
            continue;
        struct bytes shared = shared_words(tail, r->final_recipient);
        mail_recipient_diagnose(mail, r, is_telling(shared) ? shared : intro);
    }
}

/* What stands before the first quoted line: behind it somebody else speaks. A transcript's ">>>" is
 * no quotation. */
static struct bytes before_quotation(struct bytes behind) {
    long at = bytes_find(behind, "\n> ");
    return at < 0 ? behind : bytes_first(behind, (size_t)at + 1);
}

size_t listing_read(struct mail *mail, struct bytes behind, enum report_action action,
                    bool quoted) {
    if (!quoted)
        behind = before_quotation(behind);
    size_t before = mail->report->recipient_count;
    struct bytes rest = behind, line, address, left;
    struct entry entry = {0};
    enum place place = ON_THE_PHRASES_LINE;
    unsigned idle = 0;
    while (bytes_next_line(&rest, &line)) {
        bool skipped = !quoted && line.len && line.data[0] == '>' && place != ON_THE_PHRASES_LINE;
        /* "hMailServer sent: RCPT TO:<ada@example.net>" under that address is of its words. */
        if (!skipped && take_listed(line, place, &address, &left) &&
            !bytes_equal(address, entry.address)) {
            if (entry.address.len) {
                entry.words.len = (size_t)(line.data - entry.words.data);
                entry_add(mail, &entry, action);
            }
            entry = (struct entry){.address = address, .words = left};
            if (place == ON_THE_PHRASES_LINE) /* named in the sentence itself: there is no list */
                break;
        } else if (!entry.address.len && bytes_trim(line).len && ++idle > IDLE_LINES_MAX) {
            break;
        } else if (entry.address.len && ends_list(line)) {
            place = BEHIND_THE_LIST;
        }
        if (place == ON_THE_PHRASES_LINE)
            place = IN_THE_LIST;
    }
    if (!entry.address.len)
        return 0;
    size_t len = (size_t)(behind.data + behind.len - entry.words.data);
    entry.words.len = len < WORDS_MAX_LENGTH ? len : WORDS_MAX_LENGTH;
    entry_add(mail, &entry, action);
    share_words(mail, before, entry.words, paragraph_before(mail->notice, behind.data));
    return mail->report->recipient_count - before;
}
