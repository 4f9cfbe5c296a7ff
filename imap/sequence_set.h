/*
 * sequence_set: lists of UIDs as IMAP writes them, "1:5,7,9:12" (RFC 9051, sequence-set).
 */
#ifndef IMAP_SEQUENCE_SET_H
#define IMAP_SEQUENCE_SET_H

#include "cmd/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Appends as many of the ascending `uids` as fit into `room` octets, at least one range, and
 * returns how many UIDs those are. A UID alone takes at most 11 octets. */
size_t sequence_set_add(struct buf *out, const uint32_t *uids, size_t count, size_t room);

/* Sorts in place and drops doubles and zeroes (no message has UID 0); returns how many are left. */
size_t sequence_set_sort(uint32_t *uids, size_t count);

/* A malloc'ed copy, sorted in this way; `uids` may be NULL where *count is 0. */
uint32_t *sequence_set_sorted(const uint32_t *uids, size_t *count);

#endif
