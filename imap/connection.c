#include "imap/connection.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "imap/login.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
    DEFAULT_IDLE_TIMEOUT = 120, /* seconds; Dovecot says "still here" every 30 s in a long command,
                                   others say nothing */
    ANSWER_IDLE_TIMES = 10, /* the default answer_timeout, in idle timeouts: a thousand messages are
                               moved in that time at two a second */
    ANSWER_RATE = 100,      /* octets a second that an answer has to come with beyond that: the
                               slowest line that anybody may still have */

    /* Of an answer that has come to so many octets, the next ones are awaited in such portions, and
     * no longer than so many milliseconds: else this process and the server's wake each other for
     * every message or two, which costs both more than reading it. */
    PORTION = 64 * 1024,
    PORTION_MILLISECONDS = 2,
};

struct connection {
    CURL *curl;
    curl_socket_t socket;
    int least; /* octets that poll(2) waits for */
    struct buf unsent;
    int64_t idle_timeout;   /* milliseconds */
    int64_t answer_timeout; /* milliseconds */
    int64_t waited;         /* milliseconds that the answer under way was waited for */
    uint64_t answer_octets; /* what has come of it */
    int64_t deadline;       /* on the monotonic clock, in milliseconds; 0 for none */
    uint64_t budget;        /* bytes that may still come */
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

struct connection *connection_establish(const struct imap_options *options, struct err *err) {
    struct connection *connection = memory_zero(1, sizeof *connection);
    unsigned idle = options->idle_timeout != 0 ? options->idle_timeout : DEFAULT_IDLE_TIMEOUT;
    connection->unsent = (struct buf)BUF_INIT;
    connection->idle_timeout = (int64_t)idle * 1000;
    connection->answer_timeout = options->answer_timeout != 0
                                     ? (int64_t)options->answer_timeout * 1000
                                     : connection->idle_timeout * ANSWER_IDLE_TIMES;
    connection->budget = options->byte_budget != 0 ? options->byte_budget : UINT64_MAX;
    if (options->deadline != 0)
        connection_limit(connection, options->deadline);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    connection->curl = login_open(options, err);
    if (connection->curl == NULL)
        goto out;
    if (curl_easy_getinfo(connection->curl, CURLINFO_ACTIVESOCKET, &connection->socket) ==
            CURLE_OK &&
        connection->socket != CURL_SOCKET_BAD)
        return connection;
    err_set(err, ERR_TEMPORARY, "the server closed the connection after the login");
out:
    connection_close(connection);
    return NULL;
}

void connection_close(struct connection *connection) {
    if (connection == NULL)
        return;
    curl_easy_cleanup(connection->curl);
    curl_global_cleanup();
    buf_free(&connection->unsent);
    free(connection);
}

void connection_write(struct connection *connection, struct bytes bytes) {
    buf_add_bytes(&connection->unsent, bytes);
}

static int closed(CURLcode code, struct err *err) {
    if (code == CURLE_OK)
        return err_set(err, ERR_TEMPORARY, "the server closed the connection");
    return err_set(err, ERR_TEMPORARY, "the connection to the server is lost: %s",
                   curl_easy_strerror(code));
}

/* Sends as much of what is queued as goes out now. */
static int flush(struct connection *connection, struct err *err) {
    size_t sent = 1;
    while (connection->unsent.len > 0 && sent > 0) {
        sent = 0;
        CURLcode code = curl_easy_send(connection->curl, connection->unsent.data,
                                       connection->unsent.len, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return closed(code, err);
        buf_remove_first(&connection->unsent, sent);
    }
    return 0;
}

/* How long the answer under way may still be waited for, in milliseconds. */
static int64_t answer_left(const struct connection *connection) {
    int64_t earned = (int64_t)(connection->answer_octets * 1000 / ANSWER_RATE);
    return connection->answer_timeout + earned - connection->waited;
}

static int out_of_time(const struct connection *connection, struct err *err) {
    if (connection->deadline != 0 && now() >= connection->deadline)
        return err_set(err, ERR_TEMPORARY, "the time for this mailbox is used up");
    if (answer_left(connection) <= 0)
        return err_set(
            err, ERR_TEMPORARY, "the server is too slow: %llu octets of an answer in %lld seconds",
            (unsigned long long)connection->answer_octets, (long long)(connection->waited / 1000));
    return err_set(err, ERR_TEMPORARY, "the server said nothing for %lld seconds",
                   (long long)(connection->idle_timeout / 1000));
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Where the system does not support it, poll(2) waits for one. */
static void set_least(struct connection *connection, int octets) {
    if (connection->least != octets)
        setsockopt(connection->socket, SOL_SOCKET, SO_RCVLOWAT, &octets, sizeof octets);
    connection->least = octets;
}

/* Waits for a portion of a long answer. Whether it is there. */
static bool wait_for_portion(struct connection *connection) {
    struct pollfd poll_for = {.fd = connection->socket, .events = POLLIN};
    if (connection->unsent.len > 0 || connection->answer_octets < PORTION)
        return false;
    set_least(connection, PORTION);
    return poll(&poll_for, 1, PORTION_MILLISECONDS) > 0;
}

/* Waits until there is something to read, or to send if something is queued. */
static int wait_for_server(struct connection *connection, struct err *err) {
    struct pollfd poll_for = {.fd = connection->socket, .events = POLLIN};
    int64_t timeout = smaller(connection->idle_timeout, answer_left(connection));
    int64_t start = now();
    int ready = wait_for_portion(connection);
    if (!ready)
        set_least(connection, 1);
    if (connection->unsent.len > 0)
        poll_for.events |= POLLOUT;
    if (connection->deadline != 0)
        timeout = smaller(timeout, connection->deadline - start);
    for (int64_t left = timeout; left > 0 && ready == 0; left = start + timeout - now()) {
        ready = poll(&poll_for, 1, (int)smaller(left, INT_MAX));
        if (ready < 0 && errno != EINTR)
            return err_set_errno(err, ERR_OS, "poll");
        if (ready < 0)
            ready = 0;
    }
    connection->waited += now() - start;
    return ready > 0 ? 0 : out_of_time(connection, err);
}

/* Receives first and polls after: TLS may hold decrypted bytes that poll(2) does not see. */
long connection_read(struct connection *connection, char *to, size_t room, bool wait,
                     struct err *err) {
    for (;;) {
        size_t got = 0;
        if (flush(connection, err) < 0)
            return -1;
        if (connection->deadline != 0 && now() >= connection->deadline)
            return out_of_time(connection, err);
        CURLcode code = curl_easy_recv(connection->curl, to, room, &got);
        if (code == CURLE_OK && got > connection->budget)
            return err_set(err, ERR_TEMPORARY, "the server sent more than the bytes allowed");
        if (code == CURLE_OK && got > 0) {
            connection->budget -= got;
            connection->answer_octets += got;
            return (long)got;
        }
        if (code != CURLE_AGAIN)
            return closed(code, err);
        if (!wait)
            return 0;
        if (wait_for_server(connection, err) < 0)
            return -1;
    }
}

int connection_idle(struct connection *connection, int64_t milliseconds, int wake,
                    struct err *err) {
    struct pollfd poll_for[] = {{.fd = connection->socket, .events = POLLIN},
                                {.fd = wake, .events = POLLIN}};
    if (connection->deadline != 0)
        milliseconds = smaller(milliseconds, connection->deadline - now());
    set_least(connection, 1);
    if (flush(connection, err) < 0)
        return -1;
    int ready = poll(poll_for, 2, (int)smaller(milliseconds < 0 ? 0 : milliseconds, INT_MAX));
    if (ready < 0 && errno != EINTR)
        return err_set_errno(err, ERR_OS, "poll");
    return ready > 0 && poll_for[1].revents == 0;
}

void connection_answered(struct connection *connection) {
    connection->waited = 0;
    connection->answer_octets = 0;
}

void connection_limit(struct connection *connection, unsigned seconds) {
    connection->deadline = seconds == 0 ? 0 : now() + (int64_t)seconds * 1000;
}

/* libcurl's GnuTLS writes "2026-12-12 08:24:58 GMT", its OpenSSL "Dec 12 08:24:58 2026 GMT". */
static int64_t certificate_time(const char *text) {
    struct tm utc = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M:%S GMT", &utc);
    if (end == NULL)
        end = strptime(text, "%b %d %H:%M:%S %Y GMT", &utc);
    return end != NULL ? (int64_t)timegm(&utc) : 0;
}

int64_t connection_certificate_expires(const struct connection *connection) {
    static const char key[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(connection->curl, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
        chain == NULL || chain->num_of_certs == 0)
        return 0;
    /* The first is the server's own. */
    for (struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
        if (bytes_starts_ignore_case(bytes_of(line->data), key))
            return certificate_time(line->data + strlen(key));
    return 0;
}
