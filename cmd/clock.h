/*
 * clock: how long something takes, and what time it is.
 */
#ifndef CMD_CLOCK_H
#define CMD_CLOCK_H

#include <stdint.h>

enum {
    CLOCK_DAY = 24 * 60 * 60, /* seconds; UTC, which has no summer time */
};

/* Seconds on a clock that nobody sets (CLOCK_MONOTONIC). */
double clock_seconds(void);

/* What time it is: seconds since 1970 UTC. */
double clock_time(void);

/* Which day it is: days since 1970-01-01 UTC. */
uint32_t clock_today(void);

#endif
