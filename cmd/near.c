#include "cmd/near.h"

#include "cmd/base/bytes.h"

#include <stdio.h>
#include <string.h>

struct near near_start(const char *word) {
    return (struct near){.word = word, .prefix = ""};
}

/* Optimal string alignment: insert, delete, replace, swap neighbours. */
static unsigned edit_distance(const char *a, const char *b) {
    size_t a_len = strlen(a), b_len = strlen(b);
    unsigned rows[3][NEAR_WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = ascii_lower(a[i - 1]), y = ascii_lower(b[j - 1]);
            unsigned best = above[j - 1] + (x != y);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) && ascii_lower(a[i - 2]) == y &&
                two_above[j - 2] + 1 < best)
                best = two_above[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

void near_offer(struct near *near, const char *candidate) {
    if (strlen(near->word) > NEAR_WORD_MAX || strlen(candidate) > NEAR_WORD_MAX)
        return;
    unsigned distance = edit_distance(near->word, candidate);
    if (distance * 3 > strlen(candidate) || (*near->best && distance >= near->distance))
        return;
    strcpy(near->best, candidate);
    near->distance = distance;
}

const char *near_question(struct near *near, const char *otherwise) {
    if (!*near->best)
        return otherwise;
    snprintf(near->question, sizeof near->question, "; did you mean '%s%s'?", near->prefix,
             near->best);
    return near->question;
}
