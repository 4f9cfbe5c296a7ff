/*
 * kind_text: a mail's own words, made comparable: for looking up phrases of many languages.
 */
#ifndef MIME_KIND_TEXT_H
#define MIME_KIND_TEXT_H

#include "mime/mail.h"
#include "mime/phrase_search.h"

struct kind_text {
    /* Folded; a subject that begins with "Fwd:" counts as none, being about another mail. */
    struct phrase_search subject;
    bool answers;                 /* the subject begins with "Re:" or what other languages have */
    struct bytes topic;           /* the subject behind all such prefixes */
    struct phrase_search opening; /* folded: what the mail's text begins with */
    struct phrase_search page; /* folded: the first page of it, which the opening is the start of */
    bool to_many; /* a list or a newsletter: its header has the fields of RFC 2369, RFC 2919 */
    bool quotes;  /* lines of an earlier mail stand in it, which are left out above */
};

/* Reads subject and notice of the mail. */
void kind_text_read(const struct mail *mail, struct kind_text *text);

/* Whether a subject says that somebody passes another mail on ("Fwd:", "WG:"). */
bool kind_text_is_forward(struct bytes subject);

/* Text as phrases are compared with it: lower case, Latin letters without their diacritics (who
 * types "automatiska atbilde" means it), Greek and Cyrillic ones without accents, full-width ASCII
 * as ASCII, typographic quotes and dashes plain, white space as one space. At most `max` bytes of
 * `text` are read. */
struct bytes kind_text_fold(struct arena *arena, struct bytes text, size_t max);

#endif
