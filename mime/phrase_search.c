#include "mime/phrase_search.h"

#include <string.h>

static size_t pair_place(const char *pair) {
    unsigned first = (unsigned char)pair[0], second = (unsigned char)pair[1];
    return (first << 5 ^ second) % PHRASE_SEARCH_PAIRS;
}

void phrase_search_begin(struct phrase_search *search, struct bytes text) {
    search->text = text;
    memset(search->pairs, 0, sizeof search->pairs);
    for (size_t i = 1; i < text.len; i++)
        search->pairs[pair_place(&text.data[i - 1])] = true;
}

bool phrase_search_may_have(const struct phrase_search *search, struct bytes phrase) {
    for (size_t i = 1; i < phrase.len; i++)
        if (!search->pairs[pair_place(&phrase.data[i - 1])])
            return false;
    return true;
}

bool phrase_search_has(const struct phrase_search *search, const char *phrase) {
    return phrase_search_may_have(search, bytes_of(phrase)) &&
           bytes_find(search->text, phrase) >= 0;
}
