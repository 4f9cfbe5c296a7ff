/*
 * near: the nearest of several known words, for "did you mean ...?".
 */
#ifndef CMD_NEAR_H
#define CMD_NEAR_H

enum {
    NEAR_WORD_MAX = 64, /* octets; longer words are not compared */
};

struct near {
    const char *word;
    const char *prefix;           /* what stands before each of the known words: "--"; or "" */
    unsigned distance;            /* edits between the two */
    char best[NEAR_WORD_MAX + 1]; /* "" while nothing offered is near enough */
    char question[NEAR_WORD_MAX + 32];
};

struct near near_start(const char *word);

/* Keeps a copy of `candidate` where it is nearer than what was offered before, and near enough: at
 * most a third of its letters differ. */
void near_offer(struct near *near, const char *candidate);

/* What an error says behind "no such thing 'WORD'": "; did you mean 'BEST'?", or
 * `otherwise` where nothing was near enough. Lives as long as `near`. */
const char *near_question(struct near *near, const char *otherwise);

#endif
