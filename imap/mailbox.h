/*
 * mailbox: a bounce mailbox on an IMAP server (RFC 3501, RFC 9051): log in, list, fetch, file away.
 *
 *     struct imap *imap = imap_open(&options, &err);
 *     imap_select(imap, "INBOX", &status, &err);
 *     imap_uid_list(imap, last_uid, &uids, &count, &err);
 *     imap_fetch_begin(imap, uids, count, 262144, &err);
 *     while ((found = imap_fetch_next(imap, &message, &err)) > 0)
 *         ... parse, judge, COMMIT, then imap_move_begin(imap, &message.uid, 1, "Processed", &err)
 *     imap_finish(imap, &err);
 *     imap_close(imap);
 *
 * Commands are pipelined: the _begin functions only queue, imap_fetch_next() and imap_finish()
 * send and read, so a slow line costs its latency once and not once a message. Messages are
 * addressed by UID only, so commands in flight cannot be confused by messages that come or go.
 *
 * Folder names are UTF-8 here, and modified UTF-7 on the wire (utf7.h).
 *
 * imap_select, imap_examine, imap_folder_ensure, imap_uid_list, imap_idle and imap_poll want
 * nothing queued or in flight (else ERR_SOFTWARE): imap_finish() first.
 *
 * `err->retry_after` is the wait that a server asks for (Microsoft 365: "Request is throttled.
 * Suggested Backoff Time: 8000 milliseconds").
 *
 * After a failure of the connection or of the protocol (ERR_TEMPORARY, ERR_PROTOCOL, ERR_IO) every
 * later call on the same `struct imap` fails with the same words; only imap_close() is left. A
 * command that the server refuses (NO) leaves the connection usable.
 *
 * Not thread-safe; one connection belongs to one thread. Reads CLOCK_MONOTONIC for its timeouts,
 * and nothing else of the environment (no proxy variables, no .netrc).
 */
#ifndef IMAP_MAILBOX_H
#define IMAP_MAILBOX_H

#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum imap_tls {
    IMAP_TLS_IMPLICIT, /* imaps, RFC 8314; port 993 */
    IMAP_TLS_STARTTLS, /* TLS or nothing, never plain text; port 143 */
    IMAP_TLS_NONE,     /* password and mail in the clear: for loopback; port 143 */
};

enum imap_direction {
    IMAP_SENT,
    IMAP_RECEIVED,
};

struct imap_options {
    const char *host; /* name or address; with TLS the certificate must be for this name */
    unsigned port;    /* 0: the port that belongs to `tls` */
    enum imap_tls tls;

    const char *user;
    const char *password;     /* NULL where there is a token */
    const char *oauth_bearer; /* an OAuth 2.0 access token (OAUTHBEARER or XOAUTH2), or NULL */
    const char *mechanism;    /* the one SASL mechanism to use, such as "PLAIN"; NULL: the best */

    const char *ca_file; /* PEM file of the trusted certificates; NULL: the system's. The server's
                            certificate and its name are always verified. */
    /* What the server is told about us where it asks (ID, RFC 2971), such as "nullsender" and
     * "1.0"; without '"' and '\\'. NetEase (163.com, 126.com) opens no folder for who does not say.
     * NULL: nothing is said. */
    const char *client_name;
    const char *client_version;

    const char *proxy; /* a libcurl proxy URL such as socks5h://127.0.0.1:1080; NULL: none */

    unsigned connect_timeout; /* seconds until logged in; 0: 30 */
    unsigned idle_timeout;    /* seconds of silence while an answer is awaited; 0: 120 */
    unsigned answer_timeout;  /* seconds until a command is answered, and one more for each 100
                                 octets of the answer: against one octet a second; 0: ten times
                                 idle_timeout */
    unsigned deadline;        /* seconds for all the connection's life; 0: none */
    uint64_t byte_budget;     /* received bytes after login; 0: no limit */

    /* One protocol line (for a log), without its line end; of a long one only the start. Never gets
     * a password, a token or a message's text. May be NULL. */
    void (*trace)(void *context, enum imap_direction direction, struct bytes line);
    /* What the server wants the user to read ([ALERT], RFC 9051 7.1), each text once. May be NULL.
     */
    void (*alert)(void *context, struct bytes text);
    void *context;
    const struct imap *beside; /* another connection of this user, or NULL: what it was alerted of
                                  is not told again */
};

struct imap;

/* Connects and logs in. The strings of `options` need to live until imap_open returns, `context` as
 * long as the connection. NULL on failure:
 *   ERR_PERMISSION   the server refuses the user, in the server's own words; do not try again with
 *                    the same password, for accounts get locked
 *   ERR_UNAVAILABLE  the certificate does not verify, TLS or a login method is not on offer
 *   ERR_NO_HOST      the name does not resolve
 *   ERR_TEMPORARY    connection refused, timeouts, a server that says that it is busy or is none
 *   ERR_PROTOCOL     not IMAP, or plain text injected where TLS must start (STARTTLS)
 *   ERR_CONFIG       options that contradict each other, a CA file that cannot be read */
struct imap *imap_open(const struct imap_options *options, struct err *err);

/* Whether the connection is of no more use; another imap_open() may be. */
bool imap_is_lost(const struct imap *imap);

/* Sets all that is left of the connection's life to so many seconds; 0: no limit. */
void imap_limit(struct imap *imap, unsigned seconds);

/* Logs out, politely but for two seconds at most, and frees. What is still queued is dropped: call
 * imap_finish() first. `imap` may be NULL. */
void imap_close(struct imap *imap);

struct imap_folder_status {
    uint32_t uidvalidity; /* 0: the server did not say, and UIDs prove nothing (Microsoft 365) */
    uint32_t uidnext;     /* 0: the server did not say */
    uint32_t exists;      /* messages in the folder */
    bool read_only;
};

/* Selects a folder; one that is only known below the user's namespace ("INBOX.Bounces" for
 * "Bounces") as that. An unknown one is ERR_UNAVAILABLE, with the server's words and the folders
 * that there are. If the folder's UIDVALIDITY changes later, the connection fails with
 * ERR_TEMPORARY. */
int imap_select(struct imap *imap, const char *folder, struct imap_folder_status *status,
                struct err *err);

/* The same, read-only (EXAMINE): nothing in the folder is changed, not even \Recent. */
int imap_examine(struct imap *imap, const char *folder, struct imap_folder_status *status,
                 struct err *err);

/* Makes sure that the folder exists: creates (and subscribes) it if LIST does not know it. Where
 * the server wants its folders below a prefix (NAMESPACE, RFC 2342: "INBOX." of Courier and Cyrus),
 * or separates levels by another character than '/', it is looked for and made there, and
 * imap_move_begin() knows it under the name given here. */
int imap_folder_ensure(struct imap *imap, const char *folder, struct err *err);

/* All UIDs above `after_uid` (0: all), ascending and each once, in a malloc'ed array for free(3);
 * *uids is NULL where there is none. 4 bytes a message. On a server without UIDPLUS (RFC 4315)
 * messages that carry \Deleted are left out: see imap_move_begin(). */
int imap_uid_list(struct imap *imap, uint32_t after_uid, uint32_t **uids, size_t *count,
                  struct err *err);

/* `body` and `refusal` are valid until the next imap_fetch_next() or imap_finish(). */
struct imap_message {
    uint32_t uid;
    int64_t internal_date; /* arrival, unix seconds; 0: the server did not say */
    uint64_t size;         /* RFC822.SIZE, what the whole message has in octets; 0: unknown. Some
                              servers only estimate it (Exchange) */
    struct bytes body;     /* the message from its first octet */
    bool truncated;        /* it has more octets than were asked for */
    const char *refusal;   /* NULL; or the words with which the server refused to hand out this one
                              message (and `body` is empty) */
};

/* Queues a FETCH of the first `octets` (1 or more) octets of these messages, in any order. \Seen is
 * not set (BODY.PEEK). The array is copied. More can be queued while messages are outstanding. */
int imap_fetch_begin(struct imap *imap, const uint32_t *uids, size_t count, uint32_t octets,
                     struct err *err);

/* 1: *message is the next one, in the server's order; 0: all that was asked for has been answered;
 * -1: error. UIDs that are gone from the folder are answered by nothing; a message that was not
 * asked for, or is given again, is skipped. Memory: one message (`octets`) and the buffers. A
 * filing command that is refused meanwhile does not show here but in imap_finish(). */
int imap_fetch_next(struct imap *imap, struct imap_message *message, struct err *err);

/* Queues moving these messages into the folder (which must exist: imap_folder_ensure).
 *
 * With MOVE (RFC 6851): UID MOVE. Without: UID COPY and, only after its OK, UID STORE \Deleted and
 * UID EXPUNGE (RFC 4315) of exactly these UIDs. Without UIDPLUS too, a plain EXPUNGE would remove
 * what other people have marked, so the messages stay, marked \Deleted: imap_uid_list() does not
 * list such messages, and imap_left_marked() counts them. */
int imap_move_begin(struct imap *imap, const uint32_t *uids, size_t count, const char *folder,
                    struct err *err);

/* Queues deleting these messages: UID STORE \Deleted, and UID EXPUNGE as above. (Gmail only
 * archives on EXPUNGE: move to its Trash there.) */
int imap_delete_begin(struct imap *imap, const uint32_t *uids, size_t count, struct err *err);

/* Sends what is queued and takes what has been answered: for a connection that only files away,
 * while another one fetches. Waits for nothing but the rest of a response whose first octets have
 * come. 1: commands are still open; 0: none is; -1: error. Filing commands that are refused show in
 * imap_finish(). */
int imap_advance(struct imap *imap, struct err *err);

/* Waits until every queued command has been answered; fetched messages that imap_fetch_next() did
 * not take are dropped. -1 with the server's words for the first one that was refused since the
 * last imap_finish(): ERR_PERMISSION, ERR_UNAVAILABLE (no such folder) or ERR_TEMPORARY (quota and
 * all else). A refused command has not removed anything that is not safe in the other folder. */
int imap_finish(struct imap *imap, struct err *err);

/* How many messages the server says that it has moved or deleted since imap_open(), those that
 * imap_left_marked() counts included. */
size_t imap_filed(const struct imap *imap);

/* How many messages were marked \Deleted and left, for want of UIDPLUS, since imap_open(). */
size_t imap_left_marked(const struct imap *imap);

enum imap_idle {
    IMAP_IDLE_OVER,        /* the time is over, `wake` is readable, or a signal came */
    IMAP_IDLE_NEWS,        /* there are more messages than imap_uid_list() has been told of */
    IMAP_IDLE_UNSUPPORTED, /* the server cannot do it: use imap_poll() now and then */
};

/* Waits up to `seconds` for new messages in the selected folder (IDLE, RFC 2177), or until the
 * descriptor `wake` (-1: none) becomes readable. What came between the last imap_uid_list() and
 * now counts: then it returns at once. Call it again for longer: servers end what takes 30 minutes
 * (RFC 2177 wants 29 at most), and routers forget connections that are silent for 5 to 15. A server
 * that has vanished shows at the end of the wait, as the silence of idle_timeout. Nothing may be
 * queued or in flight. */
int imap_idle(struct imap *imap, unsigned seconds, int wake, enum imap_idle *result,
              struct err *err);

/* Asks (NOOP) whether there is something new, in the same sense. */
int imap_poll(struct imap *imap, bool *news, struct err *err);

#endif
