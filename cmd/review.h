/*
 * review: what the rules do not know, counted by cause.
 *
 * Refusals that read the same once what differs from mail to mail is taken away
 * (classify/normalise.h) are one cluster.
 */
#ifndef CMD_REVIEW_H
#define CMD_REVIEW_H

#include "cmd/base/arena.h"
#include "store/review.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Memory ends somewhere, at a kilobyte or two each. Whoever has more causes than these has the
     * big ones among them: rows come in no order. */
    REVIEW_CLUSTERS_MAX = 10000,
    REVIEW_TIME_SIZE = 32,
};

enum review_kind {
    REVIEW_UNDETERMINED, /* no rule knows the words; the address is known */
    REVIEW_UNMATCHED,    /* nobody is named, whatever the words say */
};

struct review_cluster {
    enum review_kind kind;
    const char *normal; /* the words that all have in common */
    bool is_subject;    /* of the mails: the reports have no words of a server */
    uint64_t count;
    char first[REVIEW_TIME_SIZE], last[REVIEW_TIME_SIZE]; /* ISO 8601, UTC */

    /* The first one that was met, as an example. */
    const char *text; /* the server's words as they are; of is_subject, the subject */
    unsigned reply_code;
    const char *status;
    const char *server;
    const char *message;
    bool undetermined; /* a rule would help */
};

struct review;
struct review *review_new(void);
void review_free(struct review *review); /* NULL is fine */

/* Counts one. */
void review_add(struct review *review, const struct store_unknown *unknown);

/* The clusters, the largest first, and of equal ones the latest. They live as long as the review.
 * `total` is how many rows there were, `left_out` how many of them came when there was no room for
 * further clusters. */
const struct review_cluster *review_clusters(struct review *review, size_t *count, uint64_t *total,
                                             uint64_t *left_out);

/* A stanza for a rule file that decides the cluster's example: tried, before it is given away. NULL
 * where there is none to give: the words say too little. In the arena. */
const char *review_rule(const struct review_cluster *cluster, struct arena *arena);

#endif
