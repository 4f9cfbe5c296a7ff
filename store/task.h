/*
 * task: one function on a thread of its own: it waits for PostgreSQL while the caller is at work.
 *
 *     struct store_task task = {.run = read_next_page, .context = &pages};
 *     store_task_start(&task, &err);
 *     ... judge this page ...
 *     store_task_wait(&task, &err);
 *
 * Meanwhile what the function uses, such as a store, is nobody else's.
 */
#ifndef STORE_TASK_H
#define STORE_TASK_H

#include "cmd/base/err.h"

#include <pthread.h>
#include <stdbool.h>

struct store_task {
    int (*run)(void *context, struct err *err); /* 0/-1 */
    void *context;
    /* The task's own, zero at first. */
    pthread_t thread;
    bool under_way;
    int rc;
    struct err err;
};

/* `task` must stay where it is until store_task_wait(), which is due where this returns 0. Signals
 * go to other threads. ERR_OS where no thread can be had. */
int store_task_start(struct store_task *task, struct err *err);

/* Waits for the end, and returns what the function has returned, also to whoever asks again. */
int store_task_wait(struct store_task *task, struct err *err);

#endif
