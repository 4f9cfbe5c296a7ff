/*
 * clock: how long something takes, and what time it is.
 */
#ifndef CMD_CLOCK_H
#define CMD_CLOCK_H

/* Seconds on a clock that nobody sets (CLOCK_MONOTONIC). */
double clock_seconds(void);

/* What time it is: seconds since 1970 UTC. */
double clock_time(void);

#endif
