#include "cmd/oauth.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/https.h"
#include "cmd/oauth_refusal.h"
#include "cmd/secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* RFC 6749 sections 4.4.2 and 6, the client's secret in the body (section 2.3.1), which Google and
 * Microsoft both take. */
static void write_form(const struct oauth_request *request, struct buf *form) {
    /* In one piece: growing would leave copies behind in freed memory. Each octet takes three. */
    buf_reserve(form,
                1024 + 3 * (strlen(request->client_id) + bytes_of(request->client_secret).len +
                            bytes_of(request->refresh_token).len + bytes_of(request->scope).len));
    https_form_add(form, "grant_type",
                   request->refresh_token ? "refresh_token" : "client_credentials");
    https_form_add(form, "client_id", request->client_id);
    if (request->client_secret)
        https_form_add(form, "client_secret", request->client_secret);
    if (request->refresh_token)
        https_form_add(form, "refresh_token", request->refresh_token);
    if (request->scope)
        https_form_add(form, "scope", request->scope);
}

/* What libcurl and a file of lines can carry: VSCHAR without blanks (RFC 6750 section 2.1). */
static bool is_token(const char *text) {
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return *text && strlen(text) <= SECRET_MAX;
}

static const char *string_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Seconds, which some endpoints write as a string. */
static int64_t seconds_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    int64_t seconds = json_is_string(value) ? strtoll(json_string_value(value), NULL, 10)
                                            : json_integer_value(value);
    return seconds > 0 ? seconds : 0;
}

static int take_token(const json_t *object, struct oauth_token *token, struct err *err) {
    const char *access = string_of(object, "access_token");
    const char *refresh = string_of(object, "refresh_token");
    const char *type = string_of(object, "token_type");
    if (!is_token(access))
        return err_set(err, ERR_PROTOCOL, "the answer holds no access_token that can be used");
    if (*type && ascii_compare(type, "bearer") != 0)
        return err_set(err, ERR_PROTOCOL, "the token is not of the type Bearer");
    token->access_token = memory_string(access);
    token->seconds = seconds_of(object, "expires_in");
    if (is_token(refresh))
        token->refresh_token = memory_string(refresh);
    return 0;
}

/* Whether the text is one of the secrets, or holds it: an endpoint may quote what it was sent. */
static bool gives_away(const char *text, const char *secret) {
    return secret && *secret && strstr(text, secret);
}

static int take_refusal(const struct oauth_request *request, const json_t *object,
                        struct err *err) {
    const char *error = string_of(object, "error");
    const char *description = string_of(object, "error_description");
    if (gives_away(description, request->client_secret) ||
        gives_away(description, request->refresh_token))
        description = "";
    if (gives_away(error, request->client_secret) || gives_away(error, request->refresh_token))
        error = "an error that quotes a secret";
    return oauth_refusal(error, description, err);
}

static int not_a_token_endpoint(const struct https_answer *answer, struct err *err) {
    return err_set(err, answer->status == 200 ? ERR_PROTOCOL : ERR_CONFIG,
                   "answers with status %ld and %s, not with JSON as a token endpoint does; check "
                   "oauth_token_endpoint, and whether a proxy is in between",
                   answer->status, answer->content_type ? answer->content_type : "no type");
}

static int busy(const struct https_answer *answer, struct err *err) {
    err_set(err, ERR_TEMPORARY, "no token now: status %ld", answer->status);
    if (err)
        err->retry_after = answer->retry_after;
    return -1;
}

static int take_answer(const struct oauth_request *request, const struct https_answer *answer,
                       struct oauth_token *token, struct err *err) {
    if (answer->status == 408 || answer->status == 429 || answer->status >= 500)
        return busy(answer, err);
    if (answer->status >= 300 && answer->status < 400)
        return err_set(err, ERR_CONFIG,
                       "redirects to %s; secrets are not sent there, put the right URL into "
                       "oauth_token_endpoint",
                       answer->location ? answer->location : "nowhere");
    json_t *object = json_loadb(answer->body.data, answer->body.len, 0, NULL);
    int rc;
    if (answer->status == 200 && json_is_object(object))
        rc = take_token(object, token, err);
    else if (*string_of(object, "error"))
        rc = take_refusal(request, object, err);
    else
        rc = not_a_token_endpoint(answer, err);
    json_decref(object);
    return rc;
}

int oauth_token_fetch(const struct oauth_request *request, struct oauth_token *token,
                      struct err *err) {
    struct buf form = BUF_INIT;
    struct https_answer answer;
    *token = (struct oauth_token){0};
    write_form(request, &form);
    const struct https_request post = {
        .url = request->endpoint,
        .form = form.data,
        .ca_file = request->ca_file,
        .timeout = request->timeout,
    };
    int rc = https_send(&post, &answer, err);
    if (rc == 0)
        rc = take_answer(request, &answer, token, err);
    https_answer_free(&answer);
    secret_buf_free(&form);
    return rc ? err_prefix(err, "token endpoint %s", request->endpoint) : 0;
}

void oauth_token_free(struct oauth_token *token) {
    secret_free(token->access_token);
    secret_free(token->refresh_token);
    *token = (struct oauth_token){0};
}
