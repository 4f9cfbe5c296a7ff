/*
 * session: the state of one IMAP connection behind mailbox.h: which commands are queued and sent,
 * and what the responses have told. Private to this folder.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "imap/command.h"
#include "imap/connection.h"
#include "imap/mailbox.h"
#include "imap/reader.h"
#include "imap/uid_list.h"

enum {
    SESSION_FOLDERS_MAX = 400, /* octets of folder names, for an error message */
    SESSION_ALERTS_MAX = 8,    /* different texts that the user is shown; some servers send theirs
                                  with each answer */
};

/* What the server says that it can, of what we use. */
struct capabilities {
    bool esearch;   /* RFC 4731 */
    bool id;        /* RFC 2971 */
    bool idle;      /* RFC 2177 */
    bool move;      /* RFC 6851 */
    bool namespace; /* RFC 2342 */
    bool uidplus;   /* RFC 4315 */
};

/* A folder that has another name on this server than it was asked for. */
struct folder_alias {
    char *asked;
    char *real;
};

struct imap {
    struct connection *connection;
    struct reader reader;
    struct imap_options options; /* trace, alert and context; the strings are not kept */
    struct err failure;          /* once set, the session is over */

    struct capabilities has;

    bool selected;
    struct imap_folder_status status;
    bool news; /* more messages were announced since imap_uid_list() last asked */

    bool asked_namespace;
    struct buf prefix; /* of the personal namespace (UTF-8), "INBOX."; often empty */
    char delimiter;    /* of the folders' hierarchy; NUL: unknown, or there is none */
    struct folder_alias *aliases;
    size_t alias_count;

    unsigned tag;                /* the last one given */
    struct command_list fetches; /* not yet sent */
    struct command_list filings; /* not yet sent; go before the fetches */
    struct command_list sent;
    size_t open_fetches; /* sent or not */

    uint32_t alerts[SESSION_ALERTS_MAX]; /* hashes of what the user was shown */
    size_t alert_count;

    struct err refused; /* the first filing command that the server refused */
    size_t filed;       /* messages moved or removed */
    size_t left_marked;
    size_t refused_in_a_row; /* messages that could not be fetched, with none between that could */

    bool plain_done; /* the PLAIN command has been answered: */
    bool plain_ok;   /* with OK */
    bool plain_bad;  /* with BAD: not understood */
    bool idling;     /* the server has answered IDLE with a "+" */

    bool message_ready; /* `message` waits to be taken */
    struct imap_message message;
    struct buf body;
    uint32_t octets_max; /* the largest number of octets that a FETCH has asked for */

    struct uid_list *search;   /* where SEARCH and ESEARCH results go; NULL: not asked for */
    struct buf *folders;       /* where the first names of LIST go, "a, b"; NULL: not asked for */
    const char *wanted_folder; /* of LIST: the name that is looked for (UTF-8), or NULL */
    bool found_folder;

    struct buf word; /* scratch of the response that is being read */
    struct buf text; /* the text of the last status response */
};

/* Reads one response and acts on it; sends what can be sent before. -1 ends the session. */
int session_step(struct imap *imap, struct err *err);

/* Sends what can be sent, without waiting, and tells whether bytes have come. 1, 0, or -1. */
int session_has_input(struct imap *imap, struct err *err);

/* The kind of failure, where the words do not say, of the PLAIN command that was refused:
 * `otherwise`, or ERR_PROTOCOL where it was not understood (BAD). */
enum err_code session_refusal(const struct imap *imap, enum err_code otherwise);

/* Runs one command that nothing may be in flight with. 0: OK; 1: refused, imap->text holds the
 * server's words; -1: the session is over. */
int session_run(struct imap *imap, const char *command, struct err *err);

/* Queues one command that nothing may be in flight with; imap->plain_done becomes true. */
int session_begin(struct imap *imap, const char *command, struct err *err);

/* Hands on what the user is to read, each text once. */
void session_alert(struct imap *imap, struct bytes text);

/* How much is queued or in flight. */
size_t session_open_commands(const struct imap *imap);

/* -1 with the old words where the session is over. */
int session_check(const struct imap *imap, struct err *err);

/* Ends the session with what `err` says. Always returns -1. */
int session_fail(struct imap *imap, const struct err *err);

#endif
