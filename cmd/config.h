/*
 * config: the configuration file (libconfuse syntax), checked and with its defaults filled in.
 *
 * config_keys is the one table of all keys; etc/nullsender.conf shows each with its meaning, and a
 * test compares the two.
 */
#ifndef CMD_CONFIG_H
#define CMD_CONFIG_H

#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a secret comes from; at most one of the three is set. */
struct config_secret {
    const char *file;       /* refused where others than its owner can read it */
    const char *command;    /* its first line of output */
    const char *credential; /* a file in systemd's $CREDENTIALS_DIRECTORY */
};

enum config_tls { CONFIG_TLS_IMPLICIT, CONFIG_TLS_STARTTLS, CONFIG_TLS_NONE };
enum config_grant {
    CONFIG_GRANT_NONE,
    CONFIG_GRANT_REFRESH_TOKEN,      /* RFC 6749 section 6 */
    CONFIG_GRANT_CLIENT_CREDENTIALS, /* RFC 6749 section 4.4 */
};
enum config_after { CONFIG_AFTER_MOVE, CONFIG_AFTER_DELETE, CONFIG_AFTER_KEEP };

struct config_mailbox {
    const char *name;     /* the section's title: "bounces" */
    const char *provider; /* what it presets is in the other members already (provider.h) */
    const char *host;
    long port; /* 0: 993 or 143, by tls */
    int tls;   /* enum config_tls */
    const char *user;
    /* How to log in: by exactly one of password, token_command, oauth. */
    struct config_secret password;
    const char *token_command;
    struct {
        int grant; /* enum config_grant */
        const char *client_id;
        struct config_secret client_secret;
        const char *refresh_token_file; /* written to where the endpoint hands out a new one */
        const char *token_endpoint;     /* may hold "{tenant}" */
        const char *tenant;
        const char *scope;
        const char *ca_file; /* of the endpoint; NULL: the system's */
    } oauth;
    const char *ca_file; /* NULL: the system's */
    const char *folder;
    int after;                /* enum config_after */
    const char *trash_folder; /* where "delete" moves to; NULL: it deletes */
    const char *processed_folder;
    const char *quarantine_folder;
    const char *recipient_header; /* NULL: the usual ones */
    long recipient_header_instance;
    long message_octets;
    long fetch_messages; /* to ask for at once; 0: cmd/inbox.c chooses */
    long timeout;
    long retries;
};

struct config {
    const char *path;
    const char *conninfo;
    struct config_secret database_password;
    bool keep_raw;
    long keep_raw_days;         /* 0: for ever */
    long keep_events_days;      /* 0: for ever */
    const char **verp_patterns; /* ends with NULL */
    const char *campaign_header;
    const char *verp_key_file; /* NULL: addresses are not signed */
    int require_signature;     /* enum identify_required */
    long verp_lifetime_days;
    long verp_local_part_octets;
    const char *rules_directory; /* NULL: none */
    long strikes;
    long window_days;
    long minimum_span_days;
    const char **category_strikes; /* "mailbox_full 7"; ends with NULL */
    const char **expire;           /* "mailbox_full 90"; ends with NULL */
    long outage_recipients;
    long outage_share;
    long outage_window_hours;
    long commit_messages;
    long database_timeout;
    long workers;                /* 0: worker_count_default() */
    const char *state_directory; /* NULL: see config_state_directory() */
    int log_format;              /* enum log_format */
    const char *metrics_file;    /* NULL: none */
    const char *ping_url;        /* NULL: none */
    struct config_mailbox *mailboxes;
    size_t mailbox_count;
    struct cfg_t *parsed; /* libconfuse's tree: owns all strings */
};

enum config_type {
    CONFIG_STRING,
    CONFIG_NUMBER,
    CONFIG_FLAG,
    CONFIG_CHOICE,
    CONFIG_LIST,
};

/* One row of the key table. */
struct config_key {
    const char *section; /* "mailbox"; NULL: outside of any */
    const char *name;
    enum config_type type;
    size_t offset;       /* into struct config_mailbox for "mailbox", else into struct config */
    const char *initial; /* the default, as text; NULL: none */
    long min, max;       /* of a CONFIG_NUMBER */
    const char *choices; /* of a CONFIG_CHOICE: "move delete keep", in the order of its enum */
};

extern const struct config_key config_keys[]; /* ends with a NULL name */

/* The index of `word` among the blank-separated `choices` of a key, or -1. */
int config_choice_index(const char *choices, const char *word);

extern const char config_default_path[];
extern const char config_default_rules[]; /* fine where it is missing */

/* Reads the file. ERR_CONFIG with "FILE:LINE: what is wrong and what would be right"; ERR_NO_INPUT
 * where it cannot be read. */
int config_read(const char *path, struct config **config, struct err *err);
void config_free(struct config *config); /* NULL is fine */

/* Whether the file gives the key, or it has its default. `mailbox` is one of the configuration's
 * for a key of the section "mailbox", else NULL. */
bool config_is_set(const struct config *config, const struct config_key *key,
                   const struct config_mailbox *mailbox);

/* Where the program keeps what it may lose: as configured, else systemd's $STATE_DIRECTORY, else
 * /var/lib/nullsender. */
const char *config_state_directory(const struct config *config);

/* The mailbox of that name, or NULL. */
const struct config_mailbox *config_mailbox_find(const struct config *config, const char *name);

#endif
