#include "store/task.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static void *run(void *context) {
    struct store_task *task = context;
    task->rc = task->run(task->context, &task->err);
    return NULL;
}

int store_task_start(struct store_task *task, struct err *err) {
    /* Signals are the first thread's: its waits end with them. */
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int failed = pthread_create(&task->thread, NULL, run, task);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    task->under_way = !failed;
    if (!failed)
        return 0;
    errno = failed;
    return err_set_errno(err, ERR_OS, "a thread for the database");
}

int store_task_wait(struct store_task *task, struct err *err) {
    if (task->under_way)
        pthread_join(task->thread, NULL);
    task->under_way = false;
    if (task->rc != 0 && err)
        *err = task->err;
    return task->rc;
}
