#include "store/committer.h"

#include "cmd/base/memory.h"
#include "store/task.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* A batch, and what became of it. */
struct commit {
    struct store_batch batch;
    struct store_batch_result result;
    int rc;
    struct err err;
};

struct store_committer {
    struct store *store;
    struct store_task thread;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t changed;
    struct commit ring[STORE_COMMITTER_MAX]; /* number n is at n % STORE_COMMITTER_MAX */
    uint64_t given, done, taken;             /* how many so far */
    bool stop;
};

static struct commit *commit_at(struct store_committer *c, uint64_t number) {
    return &c->ring[number % STORE_COMMITTER_MAX];
}

static int commit_batch(struct store *store, struct commit *commit) {
    if (store_batch_send(store, &commit->batch, &commit->err) != 0)
        return -1;
    return store_batch_finish(store, &commit->result, &commit->err);
}

static int serve(void *context, struct err *err) {
    (void)err; /* a failure is its batch's */
    struct store_committer *c = context;
    bool failed = false;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        while (!c->stop && (failed || c->done == c->given))
            pthread_cond_wait(&c->changed, &c->mutex);
        if (c->stop)
            break;
        struct commit *commit = commit_at(c, c->done);
        pthread_mutex_unlock(&c->mutex);
        commit->rc = commit_batch(c->store, commit);
        failed = commit->rc != 0;
        pthread_mutex_lock(&c->mutex);
        c->done++;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->mutex);
    return 0;
}

int store_committer_new(struct store *store, struct store_committer **committer, struct err *err) {
    struct store_committer *c = memory_zero(1, sizeof *c);
    c->store = store;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->thread = (struct store_task){.run = serve, .context = c};
    if (store_task_start(&c->thread, err) != 0) {
        store_committer_free(c);
        return -1;
    }
    *committer = c;
    return 0;
}

size_t store_committer_count(const struct store_committer *committer) {
    return (size_t)(committer->given - committer->taken);
}

void store_committer_give(struct store_committer *c, const struct store_batch *batch) {
    pthread_mutex_lock(&c->mutex);
    *commit_at(c, c->given++) = (struct commit){.batch = *batch};
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

int store_committer_take(struct store_committer *c, bool wait, struct store_batch_result *result,
                         struct err *err) {
    pthread_mutex_lock(&c->mutex);
    while (wait && c->taken == c->done && c->taken < c->given)
        pthread_cond_wait(&c->changed, &c->mutex);
    bool ready = c->taken < c->done;
    const struct commit *commit = commit_at(c, c->taken);
    bool failed = ready && commit->rc != 0;
    c->taken += ready && !failed; /* a failure is told to whoever asks again */
    pthread_mutex_unlock(&c->mutex);
    if (!ready)
        return 0;
    *result = commit->result;
    if (failed)
        *err = commit->err;
    return failed ? -1 : 1;
}

void store_committer_free(struct store_committer *c) {
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    store_task_wait(&c->thread, NULL);
    pthread_mutex_destroy(&c->mutex);
    pthread_cond_destroy(&c->changed);
    free(c);
}
