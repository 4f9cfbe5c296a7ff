/*
 * phrase_search: which of many phrases stand in one text.
 *
 * Nearly all of a table's phrases are in no given text, and each would be searched for through all
 * of it. Here the pairs of bytes that stand next to each other in the text are put down first: a
 * phrase with a pair that does not occur needs no search.
 */
#ifndef MIME_PHRASE_SEARCH_H
#define MIME_PHRASE_SEARCH_H

#include "cmd/base/bytes.h"

#include <stdbool.h>

enum {
    PHRASE_SEARCH_PAIRS = 4096, /* a page of prose has some hundreds; others share a place */
};

struct phrase_search {
    struct bytes text;
    bool pairs[PHRASE_SEARCH_PAIRS];
};

/* Prepares to look for phrases in the text, which is kept by reference. */
void phrase_search_begin(struct phrase_search *search, struct bytes text);

/* Whether the phrase, of at least one byte, stands in the text. */
bool phrase_search_has(const struct phrase_search *search, const char *phrase);

/* Whether it may, for all that its pairs say. */
bool phrase_search_may_have(const struct phrase_search *search, struct bytes phrase);

#endif
