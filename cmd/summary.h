/*
 * summary: what a run did, for people, and whether its sums add up.
 */
#ifndef CMD_SUMMARY_H
#define CMD_SUMMARY_H

#include "cmd/base/err.h"
#include "cmd/pipeline.h"

#include <stdbool.h>

/* Prints it where somebody is looking: on a terminal, with --verbose, and after a dry run. Cron
 * mails whatever is printed, so there it is silent. `source` is "mailbox bounces" or the like. */
void summary_print(const char *source, const struct pipeline_sums *sums, bool dry_run,
                   double seconds);

/* fetched = stored + quarantined + already known, or ERR_SOFTWARE. */
int summary_check(const struct store_run_sums *run, struct err *err);

#endif
