/*
 * answers: what the rules have said of the same words before.
 *
 * A server says the same to thousands of senders, and with addresses and host names taken away
 * (words.h) its words are the same octets. Finding them here costs a fraction of matching them.
 */
#ifndef CLASSIFY_ANSWERS_H
#define CLASSIFY_ANSWERS_H

#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ANSWERS_MAX = 4096, /* remembered at most; a new one takes the place of an old one */
    /* Longer questions are not remembered: so these are 4 MB at most, whatever is asked. */
    ANSWERS_QUESTION_MAX = 1024,
};

struct rule;

/* What decides, and which bytes of the words it has matched; `rule` NULL where none does. */
struct answer {
    const struct rule *rule;
    size_t from, to;
};

struct answers;
struct answers *answers_new(void);
void answers_free(struct answers *answers); /* NULL is fine */

/* The answer to exactly this question: all that the answer depends on, in bytes. False: not
 * known. */
bool answers_find(const struct answers *answers, struct bytes question, struct answer *answer);

void answers_add(struct answers *answers, struct bytes question, struct answer answer);

#endif
