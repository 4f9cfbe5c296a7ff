#include "mime/entry.h"

#include "cmd/base/utf8.h"
#include "mime/address.h"

#include <string.h>

/* "<address>" at the start of a line, and a colon behind it or at the line's end. */
static bool is_bracketed(struct bytes line, struct entry *entry) {
    if (!line.len || line.data[0] != '<')
        return false;
    long end = bytes_find_char(line, '>');
    if (end < 2)
        return false;
    struct bytes behind = bytes_from(line, (size_t)end + 1);
    struct bytes address = bytes_from(bytes_first(line, (size_t)end), 1);
    /* Postfix: "<final> (expanded from <original>): ". */
    struct bytes original = {NULL, 0};
    if (bytes_starts_ignore_case(bytes_trim(behind), "(expanded from")) {
        long open = bytes_find_char(behind, '<');
        long close = bytes_find_char(behind, '>');
        if (open >= 0 && close > open)
            original = bytes_from(bytes_first(behind, (size_t)close), (size_t)open + 1);
        behind = bytes_from(behind, (size_t)(bytes_find_char(behind, ')') + 1));
    }
    behind = bytes_trim(behind);
    if (!behind.len || behind.data[0] != ':')
        return false;
    *entry = (struct entry){address, original, bytes_trim(bytes_from(behind, 1))};
    return true;
}

bool entry_next_bracketed(struct bytes *rest, struct entry *entry) {
    struct bytes line;
    struct entry next;
    bool found = false;
    while (!found && bytes_next_line(rest, &line))
        found = is_bracketed(line, entry);
    if (!found)
        return false;
    /* An empty line straight behind the address does not end its words. */
    const char *start = entry->words.len ? entry->words.data : rest->data;
    size_t len = entry->words.len;
    for (struct bytes ahead = *rest; bytes_next_line(&ahead, &line); *rest = ahead) {
        if (is_bracketed(line, &next) || (!bytes_trim(line).len && len))
            break;
        if (bytes_trim(line).len)
            len = (size_t)(line.data + line.len - start);
    }
    entry->words = bytes_trim((struct bytes){len ? start : NULL, len});
    return true;
}

static size_t indentation(struct bytes line) {
    size_t n = 0;
    while (n < line.len && line.data[n] == ' ')
        n++;
    return n;
}

bool entry_next_indented(struct bytes *rest, size_t indent, struct entry *entry) {
    struct bytes line;
    bool found = false;
    while (!found && bytes_next_line(rest, &line))
        found = indentation(line) == indent && line.len > indent;
    if (!found)
        return false;
    *entry = (struct entry){.address = bytes_trim(line)};
    const char *start = rest->data;
    size_t len = 0;
    for (struct bytes ahead = *rest; bytes_next_line(&ahead, &line); *rest = ahead) {
        if (indentation(line) <= indent)
            break;
        len = (size_t)(line.data + line.len - start);
    }
    entry->words = bytes_trim((struct bytes){len ? start : NULL, len});
    return true;
}

/* Whether what stands in front of an address on its line is nothing but marks and labels. */
static bool is_lead(struct bytes front) {
    enum {
        WORDS_MAX = 4, /* "Final recipient address: <" */
    };
    /* Netscape's "SMTP <ada@example.net>". */
    if (bytes_equal_ignore_case(bytes_trim(front), "smtp <"))
        return true;
    unsigned words = 0;
    char last = '\0', before = ' ';
    for (size_t i = 0; i < front.len; i++) {
        char c = front.data[i];
        bool letter = ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
        words += letter && ascii_is_space(before);
        if (!ascii_is_space(c) && c != '<' && c != '[' && c != '"' && c != '\'' && c != '(')
            last = c;
        before = c;
    }
    bool label = last == ':' || last == '=' || last == '>' || last == ';';
    return !words || (label && words <= WORDS_MAX);
}

/* "MAIL FROM:<...>" and the like lead to somebody else. */
static bool is_lead_to_sender(struct bytes front) {
    return bytes_find_ignore_case(front, "from") >= 0 ||
           bytes_find_ignore_case(front, "sender") >= 0;
}

/* The end of a list: what a line such as "Technical details:" announces is no recipient. */
static bool ends_list(struct bytes line) {
    line = bytes_trim(line);
    return line.len && (line.data[line.len - 1] == ':' || bytes_starts_ignore_case(line, "--") ||
                        bytes_starts_ignore_case(line, "=="));
}

/* The words of a recipient whose entry has none: the first line behind the list that names it, and
 * what follows; else all of it. */
static struct bytes shared_words(struct bytes tail, const char *address) {
    tail = bytes_first(tail, 2 * REPORT_DIAGNOSTIC_MAX);
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
    struct bytes rest = front;
    long gap;
    while ((gap = bytes_find(rest, "\n\n")) >= 0 && bytes_trim(bytes_from(rest, (size_t)gap)).len)
        rest = bytes_from(rest, (size_t)gap + 2);
    return bytes_trim(rest);
}

/* Whether words say more than an address. */
static bool is_telling(struct bytes words) {
    while (words.len && strchr("<>[]()\"' \n.:;,*-", words.data[0]))
        words = bytes_from(words, 1);
    while (words.len && strchr("<>[]()\"' \n.:;,*-", words.data[words.len - 1]))
        words.len--;
    return words.len && !address_is_valid(words);
}

size_t entries_read_listed(struct mail *mail, struct bytes behind, enum report_action action) {
    enum {
        IDLE_LINES_MAX = 6, /* between the phrase and the first address */
    };
    struct report *report = mail->report;
    size_t before = report->recipient_count;
    struct bytes rest = behind, line, address, words = {behind.data, 0};
    struct entry entry = {0};
    unsigned idle = 0;
    for (bool first = true; bytes_next_line(&rest, &line); first = false) {
        struct bytes left = line;
        bool found = address_next(&left, &address, NULL);
        struct bytes front = {line.data, found ? (size_t)(address.data - line.data) : 0};
        found = found && (first || is_lead(front)) && !is_lead_to_sender(front);
        if (found) {
            if (entry.address.len) {
                entry.words =
                    bytes_trim((struct bytes){words.data, (size_t)(line.data - words.data)});
                entry_add(mail, &entry, action);
            }
            entry = (struct entry){.address = address};
            words = left;
            if (left.len && strchr(">]\"')", left.data[0]))
                words = bytes_from(words, 1);
            if (first) /* what is named in the sentence itself is no list */
                break;
        } else if (entry.address.len ? ends_list(line)
                                     : bytes_trim(line).len && ++idle > IDLE_LINES_MAX) {
            break;
        }
    }
    if (entry.address.len) {
        size_t len = (size_t)(behind.data + behind.len - words.data);
        entry.words =
            bytes_trim(bytes_first((struct bytes){words.data, len}, 2 * REPORT_DIAGNOSTIC_MAX));
        entry_add(mail, &entry, action);
    }
    struct bytes intro = paragraph_before(mail->notice, behind.data);
    for (size_t i = before; i < report->recipient_count; i++) {
        struct report_recipient *r = &report->recipients[i];
        if (r->diagnostic_code && is_telling(bytes_of(r->diagnostic_code)))
            continue;
        struct bytes shared = shared_words(entry.words, r->final_recipient);
        mail_recipient_diagnose(mail, r, is_telling(shared) ? shared : intro);
    }
    return report->recipient_count - before;
}

/* What a list sets between an address and its words. */
static struct bytes without_bullets(struct bytes words) {
    while (words.len && strchr(":;.,*)>]\"' \t\n", words.data[0]))
        words = bytes_from(words, 1);
    return words;
}

struct report_recipient *entry_add(struct mail *mail, const struct entry *entry,
                                   enum report_action action) {
    const char *address = address_first(mail->arena, bytes_first(entry->address, 1000), NULL);
    if (!address)
        return NULL;
    struct report_recipient *r = mail_recipient_add(mail, REPORT_SOURCE_FORMAT, address);
    if (!r)
        return NULL;
    r->action = action;
    r->original_recipient = address_first(mail->arena, bytes_first(entry->original, 1000), NULL);
    mail_recipient_diagnose(mail, r, without_bullets(entry->words));
    return r;
}
