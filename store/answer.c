#include "store/answer.h"

#include "cmd/base/memory.h"
#include "store/connection.h"

#include <errno.h>
#include <libpq-events.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    NUMBER_TEXT_SIZE = 24,
    READS_PER_RECORD = 2, /* PQconsumeInput() reads at least 8 KB, and a TLS record has 16 KB: what
                             is left of one inside of the TLS library wakes no poll(2) */
};

/* What is known about a connection beside what libpq knows. */
struct watch {
    const struct store *store;
    bool is_inquiry; /* the second connection: where this one is silent, nobody else is asked */
    bool given_up;
};

/* libpq's way to keep data with a connection. */
static int on_event(PGEventId id, void *info, void *context) {
    (void)context;
    if (id == PGEVT_CONNDESTROY)
        free(PQinstanceData(((PGEventConnDestroy *)info)->conn, on_event));
    return 1;
}

static struct watch *watch_of(const PGconn *connection) {
    return PQinstanceData(connection, on_event);
}

void answer_watch(PGconn *connection, const struct store *store) {
    struct watch *watch = memory_zero(1, sizeof *watch);
    watch->store = store;
    if (!PQregisterEventProc(connection, on_event, "answer", NULL) ||
        !PQsetInstanceData(connection, on_event, watch))
        memory_fail();
    PQsetnonblocking(connection, 1);
}

/* Whether the server is at work on what this connection has sent, and does not wait for us. */
static bool is_at_work(const PGconn *connection) {
    PGconn *inquiry;
    if (connection_open(watch_of(connection)->store, &inquiry, NULL) != 0)
        return false;
    watch_of(inquiry)->is_inquiry = true;
    char pid[NUMBER_TEXT_SIZE];
    const char *const values[] = {pid};
    snprintf(pid, sizeof pid, "%d", PQbackendPID(connection));
    PGresult *r = NULL;
    bool found = connection_query(inquiry,
                                  "SELECT FROM pg_stat_activity WHERE pid = $1::integer"
                                  " AND state = 'active'"
                                  " AND wait_event_type IS DISTINCT FROM 'Client'",
                                  1, values, &r, NULL) == 0 &&
                 PQntuples(r) == 1;
    PQclear(r);
    PQfinish(inquiry);
    return found;
}

/* Waits until something has been received or sent. False where the connection is lost. */
static bool wait_for_server(PGconn *connection) {
    struct watch *watch = watch_of(connection);
    for (;;) {
        int unsent = PQflush(connection);
        struct pollfd wait = {.fd = PQsocket(connection),
                              .events = (short)(POLLIN | (unsent ? POLLOUT : 0))};
        if (unsent < 0 || wait.fd < 0)
            return false;
        int ready = poll(&wait, 1, (int)watch->store->answer_timeout * 1000);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
        if (ready == 0 && (watch->is_inquiry || !is_at_work(connection)))
            break;
    }
    /* For libpq the server has closed it. */
    watch->given_up = true;
    shutdown(PQsocket(connection), SHUT_RDWR);
    return false;
}

static bool receive(PGconn *connection) {
    for (int i = 0; i < READS_PER_RECORD; i++)
        if (!PQconsumeInput(connection))
            return false;
    return true;
}

bool answer_flush(PGconn *connection) {
    int unsent;
    while ((unsent = PQflush(connection)) > 0)
        if (!wait_for_server(connection) || !receive(connection))
            return false;
    return unsent == 0;
}

PGresult *answer_next(PGconn *connection) {
    while (PQisBusy(connection))
        if (!receive(connection) || (PQisBusy(connection) && !wait_for_server(connection)))
            break; /* then PQgetResult() has nothing to wait for */
    return PQgetResult(connection);
}

PGresult *answer_to(PGconn *connection, int sent) {
    PGresult *last = NULL, *next;
    while (sent && (next = answer_next(connection)) != NULL) {
        PQclear(last);
        last = next;
    }
    return last;
}

bool answer_given_up(const PGconn *connection, struct err *err) {
    const struct watch *watch = watch_of(connection);
    if (!watch || !watch->given_up)
        return false;
    err_set(err, ERR_TEMPORARY, "the server says nothing for %u seconds",
            watch->store->answer_timeout);
    return true;
}
