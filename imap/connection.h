/*
 * connection: bytes to and from a logged-in IMAP server, within limits of time and volume.
 *
 * Writing only queues; connection_read() sends what is queued while it waits, so that a server that
 * is itself blocked in sending to us does not block both sides.
 */
#ifndef IMAP_CONNECTION_H
#define IMAP_CONNECTION_H

#include "imap/mailbox.h"

struct connection;

/* See imap_open(). Free with connection_close(), which says nothing to the server. */
struct connection *connection_establish(const struct imap_options *options, struct err *err);
void connection_close(struct connection *connection);

void connection_write(struct connection *connection, struct bytes bytes);

/* What was read, at most `room` bytes into `to`; unless `wait`, 0 where nothing is there. -1 with
 * ERR_TEMPORARY: the server closed the connection, said nothing for idle_timeout, is too slow, or a
 * limit of the options is used up. Only time spent waiting in here counts for its slowness. */
long connection_read(struct connection *connection, char *to, size_t room, bool wait,
                     struct err *err);

/* Waits so long at most, with nothing expected of the server. 1: it has sent something; 0: the time
 * is over, `wake` (-1: none) is readable, or a signal came; -1: error. Ask connection_read() first:
 * TLS may hold decrypted bytes that poll(2) does not see. */
int connection_idle(struct connection *connection, int64_t milliseconds, int wake, struct err *err);

/* An answer is complete: the time for the next one starts anew. */
void connection_answered(struct connection *connection);

/* Sets all that is left of the connection's life to so many seconds; 0: no limit. */
void connection_limit(struct connection *connection, unsigned seconds);

/* When the server's certificate ends, in unix seconds; 0: unknown, or no TLS. */
int64_t connection_certificate_expires(const struct connection *connection);

#endif
