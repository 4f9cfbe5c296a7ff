/*
 * delivery: proofs of life that the sending system puts into bounce.delivery.
 */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "cmd/base/err.h"
#include "store/store.h"

#include <stdint.h>

/* Takes the rows of bounce.delivery that are new into account, in several transactions where they
 * are many; *applied says how many there were. For the beginning of a run: the streaks that they
 * end must not grow by it. */
int store_deliveries_apply(struct store *store, uint64_t *applied, struct err *err);

#endif
