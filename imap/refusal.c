#include "imap/refusal.h"

#include <string.h>

static const struct {
    const char *name;
    enum err_code meaning;
} response_codes[] = {
    {"AUTHENTICATIONFAILED", ERR_PERMISSION},
    {"AUTHORIZATIONFAILED", ERR_PERMISSION},
    {"EXPIRED", ERR_PERMISSION},
    {"PRIVACYREQUIRED", ERR_PERMISSION},
    {"CONTACTADMIN", ERR_PERMISSION},
    {"NOPERM", ERR_PERMISSION},
    {"WEBALERT", ERR_PERMISSION}, /* Gmail: log in with a browser first */
    {"UNAVAILABLE", ERR_TEMPORARY},
    {"INUSE", ERR_TEMPORARY},
    {"LIMIT", ERR_TEMPORARY},
    {"SERVERBUG", ERR_TEMPORARY},
    {"CORRUPTION", ERR_TEMPORARY},
    {"OVERQUOTA", ERR_TEMPORARY},
    {"THROTTLED", ERR_TEMPORARY}, /* Gmail */
    {"NONEXISTENT", ERR_UNAVAILABLE},
    {"TRYCREATE", ERR_UNAVAILABLE},
    {"CANNOT", ERR_UNAVAILABLE},
    {"ALREADYEXISTS", ERR_UNAVAILABLE},
    {"REFERRAL", ERR_UNAVAILABLE}, /* RFC 2221: the mailbox is on another server */
    {"CLIENTBUG", ERR_PROTOCOL},
};

static const struct {
    const char *words;
    enum err_code meaning;
} known_words[] = {
    {"is throttled", ERR_TEMPORARY},                         /* Microsoft 365 */
    {"authenticated but not connected", ERR_PERMISSION},     /* Microsoft 365: the app's rights */
    {"too many simultaneous connections", ERR_TEMPORARY},    /* Gmail */
    {"maximum number of connections", ERR_TEMPORARY},        /* Dovecot, Courier */
    {"temporary authentication failure", ERR_TEMPORARY},     /* Dovecot */
    {"temporary system problem", ERR_TEMPORARY},             /* Gmail */
    {"exceeded command or bandwidth limits", ERR_TEMPORARY}, /* Gmail */
};

bool refusal_has_code(struct bytes text, const char *name) {
    size_t len = strlen(name);
    if (text.len < len + 2 || text.data[0] != '[')
        return false;
    char end = text.data[len + 1];
    return bytes_starts_ignore_case(bytes_from(text, 1), name) && (end == ']' || end == ' ');
}

enum err_code refusal_code(struct bytes text, enum err_code otherwise) {
    for (size_t i = 0; i < sizeof response_codes / sizeof *response_codes; i++)
        if (refusal_has_code(text, response_codes[i].name))
            return response_codes[i].meaning;
    for (size_t i = 0; i < sizeof known_words / sizeof *known_words; i++)
        if (bytes_find_ignore_case(text, known_words[i].words) >= 0)
            return known_words[i].meaning;
    return otherwise;
}

bool refusal_is_throttling(struct bytes text) {
    return refusal_has_code(text, "THROTTLED") || bytes_find_ignore_case(text, "is throttled") >= 0;
}
