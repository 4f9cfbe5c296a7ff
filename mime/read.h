/*
 * read: the bytes of one mail -> its report. The entrance to mime/.
 *
 * Runs in a worker process that holds no keys, sockets, files or database, because anyone can send
 * these bytes. It neither asks the clock nor the network, and the same bytes and options give the
 * same report every time.
 */
#ifndef MIME_READ_H
#define MIME_READ_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"
#include "mime/report.h"

struct charset_cache;

struct report_options {
    /* A header field that holds the envelope recipient where this mailbox is delivered, to be
     * trusted before all others; NULL for none. */
    const char *recipient_header;
    unsigned recipient_header_instance; /* 1 is the topmost; 0 means 1 */
    const char *campaign_header;        /* field of the returned original; NULL for none */
    /* Charset tables that are open already (charset.h): what a worker without files needs, and what
     * saves opening them for each message. NULL: opened as needed, and closed again. */
    struct charset_cache *charsets;
};

/* Reads a message (RFC 5322, line ends LF, CRLF or CR; a leading mbox "From " line is passed over).
 * There are no unreadable bytes: what cannot be understood gives a report of REPORT_ORDINARY, or of
 * REPORT_DELIVERY_STATUS without recipients, with notes. Never NULL. `truncated` says that the
 * caller cut the message. */
struct report *report_read(struct bytes message, bool truncated,
                           const struct report_options *options, struct arena *arena);

#endif
