/*
 * watch: `fetch --watch`: keeps a process for each mailbox at work (watcher.h), and tells systemd
 * and a healthcheck service how they are.
 *
 * One that fails is replaced after a wait that grows from a second to five minutes, for as long as
 * it takes. What a wait does not mend is not tried again: a refused password or privilege, and,
 * before a mailbox has been read for the first time, all but ERR_TEMPORARY (the configuration, a
 * certificate). Such a mailbox is given up and the others are watched on, as a fetch reads the
 * others.
 *
 * SIGTERM, SIGINT and SIGHUP end it: what has come is committed and filed away. A second signal
 * ends it at once.
 *
 * systemd (sd_notify(3)) hears READY=1 once each mailbox has been read or given up, STATUS=,
 * STOPPING=1, and WATCHDOG=1 whenever all processes have shown that they are at work.
 */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/base/err.h"
#include "cmd/command.h"
#include "cmd/config.h"

#include <stddef.h>

/* Watches these mailboxes of the configuration until a signal ends it, or none is left. -1 with the
 * first failure for which a mailbox was given up, or could not end cleanly. */
int watch_mailboxes(const struct invocation *invocation, const struct config *config,
                    const char *const *names, size_t count, struct err *err);

#endif
