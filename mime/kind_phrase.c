#include "mime/kind_phrase.h"

#include <stdint.h>
#include <string.h>

enum {
    INDEX_MAX = 1000, /* phrases of one place */
    NONE = UINT16_MAX,
};

static bool is_word_byte(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

static bool starts_with(struct bytes text, struct bytes phrase) {
    return text.len >= phrase.len && text.data[0] == phrase.data[0] &&
           !memcmp(text.data, phrase.data, phrase.len);
}

static bool next_phrase(struct bytes *rest, struct bytes *phrase) {
    if (!rest->len)
        return false;
    long end = bytes_find_char(*rest, '|');
    *phrase = end < 0 ? *rest : bytes_first(*rest, (size_t)end);
    *rest = bytes_from(*rest, phrase->len + 1);
    return true;
}

bool kind_phrase_starts(const struct kind_phrases *rows, size_t count, enum kind_place place,
                        struct bytes text, struct bytes *found) {
    for (size_t i = 0; i < count; i++) {
        if (rows[i].place != place)
            continue;
        struct bytes rest = bytes_of(rows[i].phrases), phrase;
        while (next_phrase(&rest, &phrase))
            if (starts_with(text, phrase)) {
                if (found)
                    *found = bytes_first(text, phrase.len);
                return true;
            }
    }
    return false;
}

bool kind_phrase_find(const struct kind_phrases *rows, size_t count, enum kind_place place,
                      const struct phrase_search *in, struct bytes *found) {
    /* Lists, by their first byte, of the phrases that the text may have. */
    struct bytes text = in->text;
    struct bytes phrases[INDEX_MAX];
    uint16_t first[UINT8_MAX + 1], next[INDEX_MAX], total = 0;
    memset(first, 0xFF, sizeof first);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].place != place)
            continue;
        struct bytes rest = bytes_of(rows[i].phrases);
        while (total < INDEX_MAX && next_phrase(&rest, &phrases[total])) {
            if (!phrase_search_may_have(in, phrases[total]))
                continue;
            unsigned char byte = (unsigned char)phrases[total].data[0];
            next[total] = first[byte];
            first[byte] = total++;
        }
    }
    for (size_t at = 0; total && at < text.len; at++) {
        struct bytes here = bytes_from(text, at);
        if (at && is_word_byte(here.data[0]) && is_word_byte(text.data[at - 1]))
            continue;
        for (uint16_t i = first[(unsigned char)here.data[0]]; i != NONE; i = next[i])
            if (starts_with(here, phrases[i])) {
                if (found)
                    *found = bytes_first(here, phrases[i].len);
                return true;
            }
    }
    return false;
}
