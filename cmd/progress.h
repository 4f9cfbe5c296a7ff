/*
 * progress: a bar on the terminal while a mailbox is read; nothing where stderr is no terminal.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "cmd/pipeline.h"

#include <stdbool.h>

struct progress {
    const char *name; /* of the mailbox */
    bool shown;       /* stderr is a terminal */
    bool drawn;       /* a bar stands on the line */
    double start, last;
};

/* Starts the bar for a mailbox, and has log lines clear it first. */
void progress_start(struct progress *progress, const char *name);

/* Draws it, at most a few times a second. For pipeline.progress. */
void progress_update(void *progress, const struct pipeline_sums *sums);

/* Seconds since it was started. */
double progress_seconds(const struct progress *progress);

/* Removes it. */
void progress_end(struct progress *progress);

#endif
