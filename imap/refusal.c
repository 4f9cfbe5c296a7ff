#include "imap/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A response code where it starts with a bracket, else words that occur in the text. */
static const struct meaning {
    const char *sign;
    enum err_code code;
    const char *advice; /* NULL: the server's words say it */
} meanings[] = {
    {"[AUTHENTICATIONFAILED", ERR_PERMISSION, "is `user` right, and its password or token?"},
    {"[AUTHORIZATIONFAILED", ERR_PERMISSION, NULL},
    {"[EXPIRED", ERR_PERMISSION, "the password or token has run out and must be renewed"},
    {"[PRIVACYREQUIRED", ERR_PERMISSION, "the server wants TLS"},
    {"[CONTACTADMIN", ERR_PERMISSION, NULL},
    {"[NOPERM", ERR_PERMISSION, NULL},
    {"[WEBALERT", ERR_PERMISSION, "log in once with a browser"}, /* Gmail */
    {"[UNAVAILABLE", ERR_TEMPORARY, NULL},
    {"[INUSE", ERR_TEMPORARY, NULL},
    {"[LIMIT", ERR_TEMPORARY, NULL},
    {"[SERVERBUG", ERR_TEMPORARY, NULL},
    {"[CORRUPTION", ERR_TEMPORARY, NULL},
    {"[OVERQUOTA", ERR_TEMPORARY, "make room in the mailbox"},
    {"[THROTTLED", ERR_TEMPORARY, NULL}, /* Gmail */
    {"[NONEXISTENT", ERR_UNAVAILABLE, NULL},
    {"[TRYCREATE", ERR_UNAVAILABLE, NULL},
    {"[CANNOT", ERR_UNAVAILABLE, NULL},
    {"[ALREADYEXISTS", ERR_UNAVAILABLE, NULL},
    /* RFC 2193, RFC 2221. Following it would hand the password to whoever says so. */
    {"[REFERRAL", ERR_UNAVAILABLE,
     "the mailbox is on another server; that is not followed, so configure its host instead"},
    {"[CLIENTBUG", ERR_PROTOCOL, NULL},

    {"is throttled", ERR_TEMPORARY, NULL}, /* Microsoft 365 */
    /* Microsoft 365: the token is good and opens no mailbox. */
    {"authenticated but not connected", ERR_PERMISSION,
     "the login is right but opens no mailbox: `user` has to be the mailbox's own address, with "
     "IMAP enabled for it; an app needs the permission IMAP.AccessAsApp and access to this mailbox "
     "(Add-MailboxPermission); after very many logins it passes by itself"},
    {"basicauthblocked", ERR_PERMISSION,
     "Microsoft 365 takes no passwords any more: it needs OAuth2"},
    {"application-specific password required", ERR_PERMISSION,
     "make an app password in the account's security settings, or use OAuth2"}, /* Gmail */
    {"unsafe login", ERR_PERMISSION,
     "the provider wants an authorisation code in place of the password, made in its settings"},
    {"too many simultaneous connections", ERR_TEMPORARY, NULL},    /* Gmail */
    {"maximum number of connections", ERR_TEMPORARY, NULL},        /* Dovecot, Courier */
    {"too many connections", ERR_TEMPORARY, NULL},                 /* Cyrus, Courier */
    {"temporary authentication failure", ERR_TEMPORARY, NULL},     /* Dovecot */
    {"temporary system problem", ERR_TEMPORARY, NULL},             /* Gmail */
    {"exceeded command or bandwidth limits", ERR_TEMPORARY, NULL}, /* Gmail */
    {"temporary problem", ERR_TEMPORARY, NULL},                    /* Courier */
    {"server is too busy", ERR_TEMPORARY, NULL},                   /* Exchange */
    {"server unavailable", ERR_TEMPORARY, NULL},                   /* Exchange: with a number */
};

bool refusal_has_code(struct bytes text, const char *name) {
    size_t len = strlen(name);
    if (text.len < len + 2 || text.data[0] != '[')
        return false;
    char end = text.data[len + 1];
    return bytes_starts_ignore_case(bytes_from(text, 1), name) && (end == ']' || end == ' ');
}

static const struct meaning *meaning_of(struct bytes text) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const char *sign = meanings[i].sign;
        if (sign[0] == '[' ? refusal_has_code(text, sign + 1)
                           : bytes_find_ignore_case(text, sign) >= 0)
            return &meanings[i];
    }
    return NULL;
}

bool refusal_is_throttling(struct bytes text) {
    return refusal_has_code(text, "THROTTLED") || bytes_find_ignore_case(text, "is throttled") >= 0;
}

/* "Suggested Backoff Time: 8000 milliseconds" (Exchange, Microsoft 365), in seconds. */
static unsigned suggested_wait(struct bytes text) {
    static const char sign[] = "Suggested Backoff Time:";
    unsigned long milliseconds;
    long at = bytes_find_ignore_case(text, sign);
    if (at < 0)
        return 0;
    struct bytes rest = bytes_trim(bytes_from(text, (size_t)at + sizeof sign - 1));
    if (!bytes_take_number(&rest, REFUSAL_WAIT_MAX * 1000UL, &milliseconds))
        return rest.len > 0 && ascii_is_digit(rest.data[0]) ? REFUSAL_WAIT_MAX : 0;
    return (unsigned)((milliseconds + 999) / 1000);
}

int refusal_set(struct err *err, struct bytes words, enum err_code otherwise, const char *format,
                ...) {
    char doing[ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, format);
    vsnprintf(doing, sizeof doing, format, ap);
    va_end(ap);
    words = bytes_trim(words);
    const struct meaning *meaning = meaning_of(words);
    const char *advice = meaning != NULL ? meaning->advice : NULL;
    /* The advice is not to be cut off by a server that talks much. */
    int room = ERR_TEXT_MAX -
               (int)(strlen(doing) + (advice != NULL ? strlen(advice) : 0) + sizeof ":  ()");
    if (room < ERR_TEXT_MAX / 4)
        room = ERR_TEXT_MAX / 4;
    err_set(err, meaning != NULL ? meaning->code : otherwise, "%s: %.*s%s%s%s", doing,
            (int)bytes_first(words, (size_t)room).len, words.data, advice != NULL ? " (" : "",
            advice != NULL ? advice : "", advice != NULL ? ")" : "");
    if (err != NULL)
        err->retry_after = suggested_wait(words);
    return -1;
}
