/*
 * entry: recipients in the text of a notice, each with the words under it: qmail's and Postfix's
 * "<ada@example.net>: reason" and Exim's indented blocks.
 */
#ifndef MIME_ENTRY_H
#define MIME_ENTRY_H

#include "mime/mail.h"

struct entry {
    struct bytes address;  /* the failed address as it stands, without <> */
    struct bytes original; /* "(expanded from <...>)", "generated from ...": or no bytes */
    struct bytes words;    /* the reason, over several lines */
};

/* Takes the next entry of the kind "<address>: words" off the text: the line starts with "<", and
 * the words go on up to an empty line or the next entry. False where there is none left. */
bool entry_next_bracketed(struct bytes *rest, struct entry *entry);

/* Takes the next entry whose address stands on a line with an indentation of `indent` spaces, and
 * whose words are the lines with a deeper one. False where there is none left. */
bool entry_next_indented(struct bytes *rest, size_t indent, struct entry *entry);

/* Adds the entry as a recipient with source REPORT_SOURCE_FORMAT. NULL where its address is none.
 */
struct report_recipient *entry_add(struct mail *mail, const struct entry *entry,
                                   enum report_action action);

#endif
