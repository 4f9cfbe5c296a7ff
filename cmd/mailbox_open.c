#include "cmd/mailbox_open.h"

#include "cmd/access_token.h"
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "cmd/log.h"
#include "cmd/secret.h"

#include <stdint.h>

/* A server may send NULs, behind which printf would not look. */
static void trace(void *context, enum imap_direction direction, struct bytes line) {
    struct buf shown = BUF_INIT;
    utf8_add_visible_bytes(&shown, line);
    log_debug("%s %s %s", (const char *)context, direction == IMAP_SENT ? ">" : "<", shown.data);
    buf_free(&shown);
}

static void alert(void *context, struct bytes text) {
    struct buf shown = BUF_INIT;
    utf8_add_visible_bytes(&shown, text);
    log_warning("mailbox %s: the server wants you to know: %s", (const char *)context, shown.data);
    buf_free(&shown);
}

static struct imap *open_with_token(const struct config *config,
                                    const struct config_mailbox *mailbox,
                                    struct imap_options *options, struct err *err) {
    struct access_token token, fresh;
    if (access_token_get(config, mailbox, NULL, &token, err) != 0)
        return NULL;
    options->oauth_bearer = token.text;
    struct imap *imap = imap_open(options, err);
    if (!imap && err->code == ERR_PERMISSION && token.cached) {
        /* It may have been revoked since. What the endpoint says tells more than the refusal. */
        if (access_token_get(config, mailbox, token.text, &fresh, err) == 0) {
            options->oauth_bearer = fresh.text;
            imap = imap_open(options, err);
            access_token_free(&fresh);
        }
    }
    access_token_free(&token);
    return imap;
}

struct imap *mailbox_open(const struct config *config, const struct config_mailbox *mailbox,
                          const char *name, const struct imap *beside, struct err *err) {
    static const enum imap_tls tls[] = {[CONFIG_TLS_IMPLICIT] = IMAP_TLS_IMPLICIT,
                                        [CONFIG_TLS_STARTTLS] = IMAP_TLS_STARTTLS,
                                        [CONFIG_TLS_NONE] = IMAP_TLS_NONE};
    struct imap_options options = {
        .host = mailbox->host,
        .port = (unsigned)mailbox->port,
        .tls = tls[mailbox->tls],
        .user = mailbox->user,
        .ca_file = mailbox->ca_file,
        .connect_timeout = (unsigned)mailbox->timeout,
        .idle_timeout = (unsigned)mailbox->timeout,
        .client_name = "nullsender",
        .client_version = VERSION,
        .trace = log_is_on(LOG_LEVEL_DEBUG) ? trace : NULL,
        .alert = alert,
        .context = (void *)(uintptr_t)name,
        .beside = beside,
    };
    if (mailbox->oauth.grant != CONFIG_GRANT_NONE || mailbox->token_command)
        return open_with_token(config, mailbox, &options, err);
    char *password;
    if (secret_read("password", &mailbox->password, &password, err) != 0)
        return NULL;
    options.password = password;
    struct imap *imap = imap_open(&options, err);
    secret_free(password);
    return imap;
}
