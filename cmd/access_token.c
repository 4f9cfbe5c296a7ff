#include "cmd/access_token.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/file.h"
#include "cmd/log.h"
#include "cmd/oauth.h"
#include "cmd/secret.h"
#include "cmd/token_cache.h"

#include <string.h>
#include <sys/stat.h>

/* The endpoint's URL, with the tenant in it. */
static void write_endpoint(const struct config_mailbox *mailbox, struct buf *url) {
    static const char place[] = "{tenant}";
    struct bytes text = bytes_of(mailbox->oauth.token_endpoint);
    long at;
    while ((at = bytes_find(text, place)) >= 0) {
        buf_add_bytes(url, bytes_first(text, (size_t)at));
        buf_add_string(url, mailbox->oauth.tenant);
        text = bytes_from(text, (size_t)at + strlen(place));
    }
    buf_add_bytes(url, text);
}

/* All that the token depends on: mailboxes that share it share its place in the cache. */
static void write_identity(const struct config_mailbox *mailbox, const char *endpoint,
                           struct buf *identity) {
    const char *const parts[] = {endpoint, mailbox->oauth.client_id, mailbox->oauth.scope,
                                 mailbox->oauth.refresh_token_file};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_printf(identity, "%s\n", parts[i] ? parts[i] : "");
}

static void keep_refresh_token(const struct config_mailbox *mailbox, const char *refresh_token) {
    struct err err;
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s\n", refresh_token);
    if (file_replace(mailbox->oauth.refresh_token_file, buf_bytes(&line), S_IRUSR | S_IWUSR,
                     &err) != 0)
        log_warning("mailbox %s: a new refresh token has come and cannot be kept, the old one may "
                    "stop working: %s; let this user write to the file and its folder",
                    mailbox->name, err.text);
    secret_buf_free(&line);
}

static void keep_access_token(const struct config_mailbox *mailbox, const struct token_cache *cache,
                              const struct oauth_token *token) {
    struct err err;
    if (token->seconds && token_cache_put(cache, token->access_token, token->seconds, &err) != 0)
        log_warning("mailbox %s: the access token is not cached: %s", mailbox->name, err.text);
}

static int ask_endpoint(const struct config_mailbox *mailbox, const char *endpoint,
                        struct oauth_token *token, struct err *err) {
    const struct config_secret refresh_source = {.file = mailbox->oauth.refresh_token_file};
    char *client_secret = NULL, *refresh_token = NULL;
    int rc = -1;
    if (secret_read("oauth_client_secret", &mailbox->oauth.client_secret, &client_secret, err) !=
            0 ||
        secret_read("oauth_refresh_token", &refresh_source, &refresh_token, err) != 0)
        goto out;
    const struct oauth_request request = {
        .endpoint = endpoint,
        .client_id = mailbox->oauth.client_id,
        .client_secret = client_secret,
        .refresh_token = refresh_token,
        .scope = mailbox->oauth.scope,
        .ca_file = mailbox->oauth.ca_file,
        .timeout = (unsigned)mailbox->timeout,
    };
    rc = oauth_token_fetch(&request, token, err);
    if (rc == 0 && token->refresh_token && refresh_token &&
        strcmp(token->refresh_token, refresh_token) != 0)
        keep_refresh_token(mailbox, token->refresh_token);
out:
    secret_free(client_secret);
    secret_free(refresh_token);
    return rc;
}

/* NULL, with a warning, where nothing can be cached. */
static struct token_cache *open_cache(const struct config *config,
                                      const struct config_mailbox *mailbox, const char *endpoint,
                                      struct err *err) {
    struct buf identity = BUF_INIT;
    write_identity(mailbox, endpoint, &identity);
    /* Another run may have to wait for its endpoint, and one more before it. */
    struct token_cache *cache = token_cache_open(config_state_directory(config), identity.data,
                                                 2 * (unsigned)mailbox->timeout, err);
    buf_free(&identity);
    if (!cache && err->code != ERR_TEMPORARY)
        log_warning(
            "mailbox %s: the access token is not cached: %s; make the folder and give it to "
            "this user, or set state_directory",
            mailbox->name, err->text);
    return cache;
}

static int get_from_grant(const struct config *config, const struct config_mailbox *mailbox,
                          const char *refused, struct access_token *token, struct err *err) {
    struct buf endpoint = BUF_INIT;
    struct oauth_token fresh = {0};
    int rc = -1;
    write_endpoint(mailbox, &endpoint);
    struct token_cache *cache = open_cache(config, mailbox, endpoint.data, err);
    if (!cache && err->code == ERR_TEMPORARY)
        goto out;
    token->text = cache ? token_cache_get(cache) : NULL;
    if (token->text && refused && !strcmp(token->text, refused)) {
        token_cache_drop(cache);
        access_token_free(token);
    }
    token->cached = token->text;
    if (token->cached) {
        rc = 0;
        goto out;
    }
    rc = ask_endpoint(mailbox, endpoint.data, &fresh, err);
    if (rc != 0)
        goto out;
    if (cache)
        keep_access_token(mailbox, cache, &fresh);
    token->text = fresh.access_token;
    fresh.access_token = NULL;
out:
    oauth_token_free(&fresh);
    token_cache_close(cache);
    buf_free(&endpoint);
    return rc;
}

int access_token_get(const struct config *config, const struct config_mailbox *mailbox,
                     const char *refused, struct access_token *token, struct err *err) {
    *token = (struct access_token){0};
    if (mailbox->oauth.grant != CONFIG_GRANT_NONE)
        return get_from_grant(config, mailbox, refused, token, err);
    const struct config_secret source = {.command = mailbox->token_command};
    return secret_read("token", &source, &token->text, err);
}

void access_token_free(struct access_token *token) {
    secret_free(token->text);
    *token = (struct access_token){0};
}
