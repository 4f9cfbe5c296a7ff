/* Waiting for new messages: imap_idle and imap_poll of mailbox.h. */
#include "imap/session.h"

#include <poll.h>
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool is_readable(int fd) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    return poll(&poll_for, 1, 0) > 0;
}

/* Reads what the server says until there is news, it ends the IDLE itself, or the wait is over,
 * which a server that never stops talking does not put off. */
static int listen_until(struct imap *imap, int64_t end, int wake, struct err *err) {
    struct err failure = {0};
    int awake = 1;
    while (awake > 0 && !imap->plain_done && !imap->news && now() < end && !is_readable(wake)) {
        int has_input = session_has_input(imap, err);
        if (has_input > 0)
            has_input = session_step(imap, err);
        else if (has_input == 0)
            awake = connection_idle(imap->connection, end - now(), wake, &failure);
        if (awake < 0)
            session_fail(imap, &failure);
        if (has_input < 0 || awake < 0)
            return session_check(imap, err);
    }
    return 0;
}

int imap_idle(struct imap *imap, unsigned seconds, int wake, enum imap_idle *result,
              struct err *err) {
    int64_t end = now() + (int64_t)seconds * 1000;
    *result = IMAP_IDLE_UNSUPPORTED;
    if (session_check(imap, err) < 0)
        return -1;
    if (!imap->selected)
        return err_set(err, ERR_SOFTWARE, "waiting for messages with no folder selected");
    if (!imap->has.idle && !imap->news)
        return 0;
    *result = IMAP_IDLE_NEWS;
    if (imap->news)
        return 0;
    imap->idling = false;
    if (session_begin(imap, "IDLE", err) < 0)
        return -1;
    while (!imap->idling && !imap->plain_done)
        if (session_step(imap, err) < 0)
            return -1;
    if (imap->plain_done && !imap->plain_ok) {
        imap->has.idle = false; /* whatever it says that it can */
        *result = imap->news ? IMAP_IDLE_NEWS : IMAP_IDLE_UNSUPPORTED;
        return 0;
    }
    if (listen_until(imap, end, wake, err) < 0)
        return -1;
    connection_answered(imap->connection); /* the wait itself was no slowness */
    if (!imap->plain_done)
        connection_write(imap->connection, bytes_of("DONE\r\n"));
    while (!imap->plain_done)
        if (session_step(imap, err) < 0)
            return -1;
    *result = imap->news ? IMAP_IDLE_NEWS : IMAP_IDLE_OVER;
    return 0;
}

int imap_poll(struct imap *imap, bool *news, struct err *err) {
    int result = session_run(imap, "NOOP", err);
    *news = imap->news;
    return result < 0 ? -1 : 0;
}
