/*
 * ping: tells a healthcheck service (healthchecks.io and those that do as it does) that a run
 * begins, ended well, or failed. The service sounds the alarm when nothing comes.
 */
#ifndef CMD_PING_H
#define CMD_PING_H

#include "cmd/base/buf.h"
#include "cmd/config.h"

enum ping {
    PING_START,   /* GET URL/start */
    PING_SUCCESS, /* GET URL */
    PING_FAILURE, /* GET URL/fail */
};

/* Sends it, if the configuration names a ping_url. One that does not arrive within some seconds is
 * a warning in the log and no more. */
void ping_send(const struct config *config, enum ping ping);

/* Appends what may be shown of the URL, which is a secret: whoever has it can say that all is well.
 * Always true. */
bool ping_url_add_masked(struct buf *out, const char *url);

#endif
