/*
 * sequence_set: lists of UIDs as IMAP writes them, "1:5,7,9:12" (RFC 9051, sequence-set).
 */
#ifndef IMAP_SEQUENCE_SET_H
#define IMAP_SEQUENCE_SET_H

#include "cmd/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Appends as many of the ascending `uids` as fit into `room` octets (at least 21, the longest
 * range), and returns how many those are: at least 1 where `count` is. */
size_t sequence_set_add(struct buf *out, const uint32_t *uids, size_t count, size_t room);

/* Sorts in place and drops doubles and zeroes; returns how many are left. */
size_t sequence_set_sort(uint32_t *uids, size_t count);

#endif
