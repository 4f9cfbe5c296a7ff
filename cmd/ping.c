#include "cmd/ping.h"

#include "cmd/https.h"
#include "cmd/log.h"

#include <string.h>

enum {
    PING_SECONDS_MAX = 5, /* of a run's time, twice; a mailbox is not to wait for a website */
    PING_BODY_MAX = 1024, /* "OK" */
};

static const char *const paths[] = {
    [PING_START] = "/start",
    [PING_SUCCESS] = "",
    [PING_FAILURE] = "/fail",
};

/* The path goes before what may stand behind a '?'. */
static void add_url(struct buf *out, const char *url, enum ping ping) {
    size_t end = strcspn(url, "?#");
    size_t path = end;
    while (path > 0 && url[path - 1] == '/')
        path--;
    buf_add(out, url, path);
    buf_add_string(out, paths[ping]);
    buf_add_string(out, url + end);
}

void ping_send(const struct config *config, enum ping ping) {
    if (!config->ping_url)
        return;
    struct buf url = BUF_INIT, shown = BUF_INIT;
    struct err err = {0};
    struct https_answer answer = {0};
    add_url(&url, config->ping_url, ping);
    ping_url_add_masked(&shown, config->ping_url);
    const struct https_request request = {
        .url = url.data, .timeout = PING_SECONDS_MAX, .body_max = PING_BODY_MAX};
    if (https_send(&request, &answer, &err) != 0)
        log_warning("ping_url %s: %s", shown.data, err.text);
    else if (answer.status < 200 || answer.status > 299)
        log_warning("ping_url %s: the answer is %ld", shown.data, answer.status);
    https_answer_free(&answer);
    buf_free(&url);
    buf_free(&shown);
}

bool ping_url_add_masked(struct buf *out, const char *url) {
    const char *host = strstr(url, "://");
    size_t shown = host ? (size_t)(host - url) + strlen("://") : 0;
    /* A user and a password may stand before the host. */
    size_t authority = strcspn(url + shown, "/?#");
    const char *at = memrchr(url + shown, '@', authority);
    buf_add(out, url, shown);
    if (at)
        buf_add_string(out, "*****@");
    const char *from = at ? at + 1 : url + shown;
    buf_add(out, from, (size_t)(url + shown + authority - from));
    buf_add_string(out, "/*****");
    return true;
}
