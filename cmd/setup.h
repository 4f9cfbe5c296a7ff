/*
 * setup: what commands without a mailbox need: rules, VERP patterns and, for mails, workers, from
 * the options and, where --config is given, from the configuration.
 */
#ifndef CMD_SETUP_H
#define CMD_SETUP_H

#include "cmd/analysis.h"
#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/worker.h"
#include "mime/read.h"

struct setup {
    struct config *config; /* NULL without --config */
    struct analyst analyst;
    struct report_options report_options;
    struct worker_pool *pool; /* of setup_for_mails() */
};

/* Both read neither mailbox nor database settings: they work without a configuration.
 * setup_close() is due in either case. */
int setup_for_rules(struct setup *setup, const struct invocation *invocation, struct err *err);

/* Also starts so many workers, and reads the keys of VERP addresses, where --config names them. */
int setup_for_mails(struct setup *setup, const struct invocation *invocation, unsigned workers,
                    struct err *err);

void setup_close(struct setup *setup);

#endif
