#include "imap/token_refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    WORDS_MAX = 300, /* octets of a server's text, what a log line can bear */
};

#define TOKEN_IS_BAD \
    "the token has expired, was revoked, or is for another account than `user` or another service"

static const struct {
    const char *status; /* NULL: any, or none */
    const char *words;  /* in the text behind the NO, any case; NULL: any */
    const char *cause;
} causes[] = {
    {"invalid_token", NULL, TOKEN_IS_BAD},
    {"insufficient_scope", NULL, "the token does not reach as far as IMAP: check its scope"},
    {"invalid_request", NULL, "the server does not understand the token"},
    {"400", NULL, TOKEN_IS_BAD ", or its scope does not reach as far as IMAP"}, /* Google */
    {"401", NULL, TOKEN_IS_BAD},
    {"403", NULL, "the account or its organisation does not allow IMAP"},
    /* Microsoft 365 gives no reason at all. */
    {NULL, "AUTHENTICATE failed",
     "if this is Microsoft 365: `user` has to be the mailbox's own address, with IMAP enabled for it "
     "(Set-CASMailbox -ImapEnabled); an app has to be known to Exchange by the object ID of its "
     "enterprise application (New-ServicePrincipal), and allowed into this mailbox "
     "(Add-MailboxPermission)"},
    {NULL, NULL, NULL},
};

/* Decodes base64 (RFC 4648) as far as it goes; only text comes out of it here. */
static void base64_decode(struct buf *out, struct bytes text) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < text.len && text.data[i] != '\0'; i++) {
        const char *digit = strchr(alphabet, text.data[i]);
        if (digit == NULL)
            return;
        bits = bits << 6 | (unsigned)(digit - alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_add_char(out, (char)(bits >> count & 0xFF));
        }
    }
}

/* The string or number behind `key` ("\"status\"") of a flat object; no bytes where there is none.
 * Searched and not parsed: what matters of it are two short fields, for people to read. */
static struct bytes value_of(struct bytes json, const char *key) {
    long at = bytes_find(json, key);
    if (at < 0)
        return bytes_of(NULL);
    struct bytes rest = bytes_trim(bytes_from(json, (size_t)at + strlen(key)));
    if (rest.len == 0 || rest.data[0] != ':')
        return bytes_of(NULL);
    rest = bytes_trim(bytes_from(rest, 1));
    bool quoted = rest.len > 0 && rest.data[0] == '"';
    if (quoted)
        rest = bytes_from(rest, 1);
    size_t len = 0;
    while (len < rest.len && strchr(quoted ? "\"" : ",} \r\n", rest.data[len]) == NULL)
        len++;
    return bytes_first(rest, len);
}

static const char *cause_of(struct bytes words, struct bytes status) {
    size_t i = 0;
    while ((causes[i].status != NULL && !bytes_equal_ignore_case(status, causes[i].status)) ||
           (causes[i].words != NULL && bytes_find_ignore_case(words, causes[i].words) < 0))
        i++;
    return causes[i].cause;
}

void token_refusal_describe(struct buf *out, struct bytes words, struct bytes challenge) {
    struct buf json = BUF_INIT;
    base64_decode(&json, challenge);
    struct bytes status = value_of(buf_bytes(&json), "\"status\"");
    struct bytes scope = value_of(buf_bytes(&json), "\"scope\"");
    const char *cause = cause_of(words, status);
    size_t before = out->len;
    const char *gap = words.len > 0 ? ", " : "";
    buf_add_bytes(out, bytes_first(words, WORDS_MAX));
    if (status.len > 0)
        buf_printf(out, "%sstatus %.*s", gap, (int)bytes_first(status, WORDS_MAX).len, status.data);
    else if (json.len > 0)
        buf_printf(out, "%s%.*s", gap, (int)bytes_first(buf_bytes(&json), WORDS_MAX).len,
                   json.data);
    if (scope.len > 0)
        buf_printf(out, ", wanted scope %.*s", (int)bytes_first(scope, WORDS_MAX).len, scope.data);
    if (out->len == before)
        buf_add_string(out, "for no reason that can be read");
    if (cause != NULL)
        buf_printf(out, "; %s", cause);
    buf_free(&json);
}
