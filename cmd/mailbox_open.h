/*
 * mailbox_open: from a mailbox section of the configuration to a logged-in connection.
 */
#ifndef CMD_MAILBOX_OPEN_H
#define CMD_MAILBOX_OPEN_H

#include "cmd/base/err.h"
#include "cmd/config.h"
#include "imap/mailbox.h"

/* Reads the password or gets the token, connects and logs in; see imap_open(). A token of an
 * earlier run that the server refuses is fetched anew, once. With --verbose twice the conversation
 * is logged. `name` is what the log calls the connection; it lives as long. `beside` is a
 * connection to the same mailbox that is open already, or NULL. NULL on failure. */
struct imap *mailbox_open(const struct config *config, const struct config_mailbox *mailbox,
                          const char *name, const struct imap *beside, struct err *err);

#endif
