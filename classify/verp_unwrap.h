/*
 * verp_unwrap: the wrappers of verp_unwrap(), on an address that is already taken apart.
 */
#ifndef CLASSIFY_VERP_UNWRAP_H
#define CLASSIFY_VERP_UNWRAP_H

#include "classify/address.h"
#include "cmd/base/arena.h"

#include <stdbool.h>

/* Takes off every wrapper. Whether there was one. Each one that goes makes the address shorter, so
 * this ends. */
bool verp_unwrap_address(struct arena *arena, struct address *address);

/* "<mailbox>+SRS=<hash>=<time>": Microsoft 365 kept the sender's address to itself. */
bool verp_is_microsoft_hash(const struct address *address);

#endif
