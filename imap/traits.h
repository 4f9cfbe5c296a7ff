/*
 * traits: what a server can do, and until when it can prove who it is. For `nullsender check`.
 */
#ifndef IMAP_TRAITS_H
#define IMAP_TRAITS_H

#include "imap/mailbox.h"

#include <stdbool.h>
#include <stdint.h>

struct imap_traits {
    bool move;                   /* RFC 6851; without it messages are copied and deleted */
    bool uidplus;                /* RFC 4315; without it they stay, marked \Deleted */
    bool idle;                   /* RFC 2177; without it fetch --watch asks now and then */
    int64_t certificate_expires; /* unix seconds; 0: unknown, or no TLS */
};

void imap_traits_read(const struct imap *imap, struct imap_traits *traits);

#endif
