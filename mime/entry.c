#include "mime/entry.h"

#include "mime/address.h"

#include <string.h>

/* "<address>" at the start of a line, and a colon behind it. */
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
