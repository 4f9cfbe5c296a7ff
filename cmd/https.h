/*
 * https: one request to a web server, for the small errands of a cron job: an OAuth token endpoint,
 * a URL to ping. By libcurl.
 *
 * The server's certificate and its name are always verified; http:// is for loopback only; a
 * redirect is an answer like any other and never followed, since what is sent is not for others. Of
 * the environment libcurl reads https_proxy and no_proxy; loopback is always reached directly.
 */
#ifndef CMD_HTTPS_H
#define CMD_HTTPS_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"

struct https_request {
    const char *url;
    const char *form;    /* the body of a POST, application/x-www-form-urlencoded; NULL: GET */
    const char *ca_file; /* PEM file of the certificates to trust; NULL: the system's */
    unsigned timeout;    /* seconds for all of it; 0: 30 */
    size_t body_max;     /* octets of an answer; a longer one is ERR_PROTOCOL; 0: 65536 */
};

struct https_answer {
    long status;          /* 200, 404, ... */
    struct buf body;      /* may hold secrets: https_answer_free() overwrites it */
    char *content_type;   /* as the server says it, or NULL */
    char *location;       /* where a redirect points, or NULL */
    unsigned retry_after; /* seconds that the server asks to be left alone; 0: it does not */
};

/* Sends the request and waits for the answer, whatever its status is. `*answer` is filled in either
 * case and due for https_answer_free().
 *   ERR_CONFIG       no URL that can be used, or http:// to somewhere else than loopback
 *   ERR_NO_HOST      the name does not resolve
 *   ERR_UNAVAILABLE  the certificate does not verify, no TLS
 *   ERR_TEMPORARY    nobody listens, time ran out, the connection was lost
 *   ERR_PROTOCOL     not HTTP, or an answer that is too long
 * The text holds nothing of what was sent, and not the URL, which may be a secret itself. */
int https_send(const struct https_request *request, struct https_answer *answer, struct err *err);

void https_answer_free(struct https_answer *answer);

/* Appends "name=value" to a form, percent-encoded (WHATWG URL, application/x-www-form-urlencoded),
 * behind an "&" where it is not the first. */
void https_form_add(struct buf *form, const char *name, const char *value);

#endif
