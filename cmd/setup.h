/*
 * setup: what parse and explain need: rules and VERP patterns, from the options and, where
 * --config is given, from the configuration.
 */
#ifndef CMD_SETUP_H
#define CMD_SETUP_H

#include "cmd/analysis.h"
#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "mime/read.h"

struct setup {
    struct config *config; /* NULL without --config */
    struct analyst analyst;
    struct report_options report_options;
};

/* Reads neither mailbox nor database settings: works without a configuration. setup_close() is due
 * in either case. */
int setup_without_mailbox(struct setup *setup, const struct invocation *invocation,
                          struct err *err);

/* Reads the keys of VERP addresses, where --config names them. */
int setup_read_keys(struct setup *setup, struct err *err);

void setup_close(struct setup *setup);

#endif
