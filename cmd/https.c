#include "cmd/https.h"

#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/secret.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_TIMEOUT = 30,         /* seconds; what is slower than this will not be faster soon */
    DEFAULT_BODY_MAX = 64 * 1024, /* Microsoft's tokens with many claims are some 4 KB */
};

struct receiving {
    struct buf *body;
    size_t max;
    bool too_long;
};

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    struct receiving *receiving = context;
    if (size * count > receiving->max - receiving->body->len) {
        receiving->too_long = true;
        return 0;
    }
    buf_add(receiving->body, data, size * count);
    return size * count;
}

/* 127.0.0.0/8, ::1, and the name that libcurl itself maps to them. */
static bool is_loopback(const char *host) {
    return !ascii_compare(host, "localhost") || !strcmp(host, "[::1]") ||
           (!strncmp(host, "127.", 4) && strspn(host, "0123456789.") == strlen(host));
}

static int check_url(const char *text, CURLU *url, bool *is_plain, struct err *err) {
    char *scheme = NULL, *host = NULL;
    int rc = -1;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_HOST, &host, 0);
    if (code != CURLUE_OK) {
        err_set(err, ERR_CONFIG, "this is no URL: %s", curl_url_strerror(code));
        goto out;
    }
    *is_plain = !strcmp(scheme, "http");
    if (!*is_plain && strcmp(scheme, "https") != 0)
        err_set(err, ERR_CONFIG, "the URL must begin with https://");
    else if (*is_plain && !is_loopback(host))
        err_set(err, ERR_CONFIG,
                "the URL must begin with https:// (http:// is for this machine only)");
    else
        rc = 0;
out:
    curl_free(scheme);
    curl_free(host);
    return rc;
}

static const struct {
    CURLcode from;
    enum err_code to;
    const char *remedy;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERR_NO_HOST, ""},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_NO_HOST, ""},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_UNAVAILABLE,
     " (the certificate must be valid today, for this name, and signed by somebody who is trusted "
     "here)"},
    {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, ""},
    {CURLE_SSL_CONNECT_ERROR, ERR_UNAVAILABLE, ""},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, " (not a web server)"},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, " (not a web server)"},
    {CURLE_OUT_OF_MEMORY, ERR_OS, ""},
};

static int transfer_failed(CURLcode code, const char *words, struct err *err) {
    enum err_code meaning = ERR_TEMPORARY;
    const char *remedy = "";
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].from == code) {
            meaning = failures[i].to;
            remedy = failures[i].remedy;
        }
    return err_set(err, meaning, "%s%s", *words ? words : curl_easy_strerror(code), remedy);
}

static void set_options(CURL *curl, const struct https_request *request, CURLU *url,
                        bool is_plain) {
    curl_easy_setopt(curl, CURLOPT_CURLU, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT,
                     (long)(request->timeout ? request->timeout : DEFAULT_TIMEOUT));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* these and no others */
    }
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "nullsender/" VERSION);
    if (is_plain)
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (request->form) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->form));
    }
}

static char *copy_of(const char *text) {
    return text ? memory_string(text) : NULL;
}

static void take_answer(CURL *curl, struct https_answer *answer) {
    char *text = NULL;
    curl_off_t seconds = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK)
        answer->content_type = copy_of(text);
    if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &text) == CURLE_OK)
        answer->location = copy_of(text);
    /* libcurl caps it at six hours. */
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        answer->retry_after = (unsigned)seconds;
}

int https_send(const struct https_request *request, struct https_answer *answer, struct err *err) {
    char words[CURL_ERROR_SIZE] = "";
    bool is_plain = false;
    struct receiving receiving = {
        .body = &answer->body,
        .max = request->body_max ? request->body_max : DEFAULT_BODY_MAX,
    };
    int rc = -1;
    CURLcode code;

    *answer = (struct https_answer){.body = BUF_INIT};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLU *url = curl_url();
    CURL *curl = curl_easy_init();
    if (!url || !curl)
        memory_fail();
    if (check_url(request->url, url, &is_plain, err) != 0)
        goto out;
    /* In one piece: growing would leave copies of a token behind in freed memory. */
    buf_reserve(&answer->body, receiving.max);
    set_options(curl, request, url, is_plain);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiving);
    code = curl_easy_perform(curl);
    take_answer(curl, answer);
    if (receiving.too_long)
        err_set(err, ERR_PROTOCOL, "answers with more than %zu octets", receiving.max);
    else if (code != CURLE_OK)
        transfer_failed(code, words, err);
    else
        rc = 0;
out:
    curl_easy_cleanup(curl);
    curl_url_cleanup(url);
    curl_global_cleanup();
    return rc;
}

void https_answer_free(struct https_answer *answer) {
    secret_buf_free(&answer->body);
    free(answer->content_type);
    free(answer->location);
    *answer = (struct https_answer){.body = BUF_INIT};
}

void https_form_add(struct buf *form, const char *name, const char *value) {
    static const char hex[] = "0123456789ABCDEF";
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    buf_printf(form, "%s%s=", form->len ? "&" : "", name);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (strchr(unreserved, c)) {
            buf_add_char(form, *value);
        } else {
            buf_add_char(form, '%');
            buf_add_char(form, hex[c >> 4]);
            buf_add_char(form, hex[c & 15]);
        }
    }
}
