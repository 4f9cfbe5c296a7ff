/*
 * kind_phrase: looks up a table of phrases in a text, all in one pass.
 */
#ifndef MIME_KIND_PHRASE_H
#define MIME_KIND_PHRASE_H

#include "cmd/base/bytes.h"
#include "mime/phrase_search.h"

#include <stdbool.h>

/* Where a phrase tells something. */
enum kind_place {
    KIND_SUBJECT_START, /* the subject begins with it */
    KIND_SUBJECT,       /* anywhere in the subject */
    KIND_OPENING,       /* in what the text begins with */
    KIND_PAGE,          /* anywhere on the first page */
    KIND_POLITE,        /* in the subject or the opening; people say it too */
    KIND_MACHINE,       /* on the first page; all sorts of programs say it */
};

struct kind_phrases {
    const char *language; /* ISO 639-1 */
    enum kind_place place;
    const char *phrases; /* with a '|' between them, as kind_text_fold leaves text */
};

/* Looks for the phrases of the rows with that place. A phrase that begins with an ASCII letter
 * stands only where a word begins. *found (may be NULL) is the first one in the text. */
bool kind_phrase_find(const struct kind_phrases *rows, size_t count, enum kind_place place,
                      const struct phrase_search *in, struct bytes *found);

/* Whether the text begins with one of them. */
bool kind_phrase_starts(const struct kind_phrases *rows, size_t count, enum kind_place place,
                        struct bytes text, struct bytes *found);

#endif
