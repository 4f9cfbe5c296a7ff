/*
 * near: the nearest of several known words, for "did you mean ...?".
 */
#ifndef CMD_NEAR_H
#define CMD_NEAR_H

struct near {
    const char *word;
    const char *best;  /* NULL while nothing offered is near enough */
    unsigned distance; /* edits between the two */
};

struct near near_start(const char *word);

/* Keeps `candidate` where it is nearer than what was offered before, and near enough: at most a
 * third of its letters differ. */
void near_offer(struct near *near, const char *candidate);

#endif
