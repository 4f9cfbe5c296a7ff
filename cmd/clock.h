/*
 * clock: how long something takes.
 */
#ifndef CMD_CLOCK_H
#define CMD_CLOCK_H

/* Seconds on a clock that nobody sets (CLOCK_MONOTONIC). */
double clock_seconds(void);

#endif
