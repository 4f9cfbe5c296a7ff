#include "cmd/provider.h"

#include <stddef.h>

const char provider_names[] = "gmail, microsoft365, fastmail, dovecot";

const struct provider_preset provider_presets[] = {
    {"gmail", "host", "imap.gmail.com", NULL},
    {"gmail", "port", "993", NULL},
    {"gmail", "tls", "implicit", NULL},
    /* Written where the admin has turned it on; Delivered-To is the mailbox itself there. */
    {"gmail", "recipient_header", "X-Gm-Original-To", NULL},
    /* Marked \\Deleted and expunged, a message only leaves the label: it is archived. */
    {"gmail", "trash_folder", "[Gmail]/Trash", NULL},
    /* Some 2.5 GB may be read a day, and what a lost connection had asked for counts. */
    {"gmail", "fetch_messages", "200", NULL},
    {"gmail", "oauth_token_endpoint", "https://oauth2.googleapis.com/token", NULL},
    {"gmail", "oauth_scope", "https://mail.google.com/", NULL},

    {"microsoft365", "host", "outlook.office365.com", NULL},
    {"microsoft365", "port", "993", NULL},
    {"microsoft365", "tls", "implicit", NULL},
    /* It throttles those who ask for much, says for how long, and is to be obeyed more than once.
     */
    {"microsoft365", "fetch_messages", "200", NULL},
    {"microsoft365", "retries", "6", NULL},
    {"microsoft365", "oauth_token_endpoint",
     "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", NULL},
    {"microsoft365", "oauth_scope", "https://outlook.office365.com/.default", "client_credentials"},
    {"microsoft365", "oauth_scope",
     "https://outlook.office.com/IMAP.AccessAsUser.All offline_access", "refresh_token"},

    {"fastmail", "host", "imap.fastmail.com", NULL},
    {"fastmail", "port", "993", NULL},
    {"fastmail", "tls", "implicit", NULL},
    {"fastmail", "recipient_header", "X-Delivered-To", NULL},

    {"dovecot", "tls", "implicit", NULL},
    {"dovecot", "port", "993", NULL},
    {"dovecot", "recipient_header", "Delivered-To", NULL},
    {NULL, NULL, NULL, NULL},
};
