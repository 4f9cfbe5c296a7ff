#include "classify/answers.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One place for each remainder of the hash. */
struct known {
    struct buf question;
    struct answer answer;
};

struct answers {
    struct known places[ANSWERS_MAX];
};

struct answers *answers_new(void) {
    struct answers *answers = memory_zero(1, sizeof *answers);
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        answers->places[i].question = (struct buf)BUF_INIT;
    return answers;
}

void answers_free(struct answers *answers) {
    if (!answers)
        return;
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        buf_free(&answers->places[i].question);
    free(answers);
}

/* Eight octets at a time. Whoever finds questions that fall into one place only makes the rules be
 * asked more often. */
static size_t place_of(struct bytes question) {
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 divided by the golden ratio */
    uint64_t hash = question.len;
    for (; question.len; question = bytes_from(question, sizeof hash)) {
        uint64_t piece = 0;
        memcpy(&piece, question.data, question.len < sizeof piece ? question.len : sizeof piece);
        hash = (hash ^ piece) * odd;
        hash ^= hash >> 32;
    }
    return hash % ANSWERS_MAX;
}

bool answers_find(const struct answers *answers, struct bytes question, struct answer *answer) {
    const struct known *known = &answers->places[place_of(question)];
    if (!question.len || !bytes_equal(buf_bytes(&known->question), question))
        return false;
    *answer = known->answer;
    return true;
}

void answers_add(struct answers *answers, struct bytes question, struct answer answer) {
    if (question.len > ANSWERS_QUESTION_MAX)
        return;
    struct known *known = &answers->places[place_of(question)];
    buf_reset(&known->question);
    buf_add_bytes(&known->question, question);
    known->answer = answer;
}
