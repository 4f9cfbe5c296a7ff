#include "imap/login.h"

#include "cmd/base/buf.h"
#include "imap/refusal.h"
#include "imap/token_refusal.h"

#include <string.h>

enum {
    DEFAULT_CONNECT_TIMEOUT = 30, /* seconds; Dovecot delays the answer to a wrong password by up to
                                     15 s */
    IMAPS_PORT = 993,
    IMAP_PORT = 143,
};

/* What the server said until the login was over. */
struct greeting {
    const struct imap_options *options;
    struct buf last;         /* the last line */
    struct buf continuation; /* the last "+" line: where XOAUTH2 explains a refusal */
    bool login_disabled;     /* LOGINDISABLED was among the capabilities */
};

/* libcurl hands over each line that the server sends. */
static size_t on_header(char *data, size_t size, size_t count, void *context) {
    struct greeting *greeting = context;
    const struct imap_options *options = greeting->options;
    struct bytes line = bytes_trim((struct bytes){data, size * count});
    buf_reset(&greeting->last);
    buf_add_bytes(&greeting->last, line);
    if (bytes_starts_ignore_case(line, "+ ")) {
        buf_reset(&greeting->continuation);
        buf_add_bytes(&greeting->continuation, bytes_from(line, 2));
    }
    if (bytes_find_ignore_case(line, "LOGINDISABLED") >= 0)
        greeting->login_disabled = true;
    if (options->trace != NULL)
        options->trace(options->context, IMAP_RECEIVED, line);
    long alert = bytes_find_ignore_case(line, "[ALERT]");
    if (alert >= 0 && options->alert != NULL)
        options->alert(options->context,
                       bytes_trim(bytes_from(line, (size_t)alert + strlen("[ALERT]"))));
    return size * count;
}

/* There is no mail to be written during a login. */
static size_t on_body(char *data, size_t size, size_t count, void *context) {
    (void)data;
    (void)context;
    return size * count;
}

/* The words of a tagged "A002 NO ...", or none where the line is no refusal. */
static struct bytes refusal_words(struct bytes line) {
    long space = bytes_find_char(line, ' ');
    if (space <= 0 || line.data[0] == '*' || line.data[0] == '+')
        return bytes_of(NULL);
    struct bytes rest = bytes_trim(bytes_from(line, (size_t)space));
    if (bytes_starts_ignore_case(rest, "NO "))
        return bytes_trim(bytes_from(rest, 3));
    if (bytes_starts_ignore_case(rest, "BAD "))
        return bytes_trim(bytes_from(rest, 4));
    return bytes_of(NULL);
}

/* No method in common, as far as is known of it. */
static int no_method(const struct greeting *greeting, struct err *err) {
    const struct imap_options *options = greeting->options;
    if (greeting->login_disabled && options->tls == IMAP_TLS_NONE)
        return err_set(err, ERR_UNAVAILABLE,
                       "the server takes no password without TLS (LOGINDISABLED)");
    const char *missing = options->mechanism;
    if (missing == NULL && options->oauth_bearer != NULL)
        missing = "OAUTHBEARER or XOAUTH2, which tokens need";
    return err_set(err, ERR_UNAVAILABLE,
                   "the server offers no login method that can be used here%s%s",
                   missing != NULL ? ": not " : "", missing != NULL ? missing : "");
}

static int login_denied(const struct greeting *greeting, struct err *err) {
    const struct imap_options *options = greeting->options;
    struct bytes words = refusal_words(buf_bytes(&greeting->last));
    struct buf said = BUF_INIT;
    if (options->oauth_bearer != NULL && (words.len > 0 || greeting->continuation.len > 0))
        token_refusal_describe(&said, words, buf_bytes(&greeting->continuation));
    else
        buf_add_bytes(&said, words);
    if (said.len > 0)
        refusal_set(err, buf_bytes(&said), ERR_PERMISSION, "the server refuses %suser %s",
                    options->oauth_bearer != NULL ? "the token of " : "", options->user);
    else
        no_method(greeting, err);
    buf_free(&said);
    return -1;
}

static const struct {
    CURLcode from;
    enum err_code to;
} curl_failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERR_NO_HOST},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_NO_HOST},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_UNAVAILABLE},
    {CURLE_SSL_ISSUER_ERROR, ERR_UNAVAILABLE},
    {CURLE_SSL_CONNECT_ERROR, ERR_UNAVAILABLE},
    {CURLE_USE_SSL_FAILED, ERR_UNAVAILABLE},
    {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG},
    {CURLE_UNKNOWN_OPTION, ERR_CONFIG},
    {CURLE_URL_MALFORMAT, ERR_CONFIG},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, ERR_OS},
};

static enum err_code failure_code(CURLcode code) {
    for (size_t i = 0; i < sizeof curl_failures / sizeof *curl_failures; i++)
        if (curl_failures[i].from == code)
            return curl_failures[i].to;
    return ERR_TEMPORARY;
}

/* libcurl has one code for a TLS that cannot be and for a connection that was lost on the way to
 * it; the words are those of GnuTLS. A record that ends before its length is one that it cannot
 * decode; what is no TLS at all is "an unexpected TLS packet". */
static bool is_broken_off(const char *words) {
    static const char *const signs[] = {"non-properly terminated",
                                        "decoding the received TLS packet", "pull function",
                                        "push function", "timed out"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(words, signs[i]) != NULL)
            return true;
    return false;
}

/* Says what libcurl's code means. `words` is its error buffer. */
static int login_failed(CURLcode code, const char *words, const struct greeting *greeting,
                        struct err *err) {
    const struct imap_options *options = greeting->options;
    struct bytes last = buf_bytes(&greeting->last);
    if (words[0] == '\0')
        words = curl_easy_strerror(code);
    const char *ca = options->ca_file != NULL ? options->ca_file : "the system's CA certificates";
    switch (code) {
    case CURLE_LOGIN_DENIED: return login_denied(greeting, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(err, ERR_UNAVAILABLE,
                       "the server's certificate does not verify: %s (it must be valid today, for "
                       "the name %s, and signed by one of %s)",
                       words, options->host, ca);
    case CURLE_SSL_CACERT_BADFILE: return err_set(err, ERR_CONFIG, "%s: %s", ca, words);
    case CURLE_SSL_CONNECT_ERROR:
        return err_set(
            err, is_broken_off(words) ? ERR_TEMPORARY : ERR_UNAVAILABLE,
            "no TLS with the server: %s%s", words,
            options->tls == IMAP_TLS_IMPLICIT ? " (does the port expect STARTTLS instead?)" : "");
    case CURLE_USE_SSL_FAILED:
        return err_set(err, ERR_UNAVAILABLE,
                       "the server does not start TLS, and without it nothing is sent");
    case CURLE_WEIRD_SERVER_REPLY:
        if (options->tls == IMAP_TLS_STARTTLS)
            return err_set(err, ERR_PROTOCOL,
                           "no sound STARTTLS: the server sent plain text where TLS must start, or "
                           "is no IMAP server (last line: \"%.*s\")",
                           (int)last.len, last.data);
        break;
    default: break;
    }
    if (bytes_starts_ignore_case(last, "* BYE"))
        return refusal_set(err, bytes_from(last, 5), ERR_TEMPORARY,
                           "the server closes the connection");
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
        return err_set(err, failure_code(code), "%s (are `host` and `port` right?)", words);
    if (last.len == 0)
        return err_set(err, failure_code(code), "%s", words);
    return err_set(err, failure_code(code), "%s (the server's last words: \"%.*s\")", words,
                   (int)last.len, last.data);
}

/* The URL, made of parts so that nothing in a host name can become another part of it. */
static CURLU *server_url(const struct imap_options *options, struct err *err) {
    struct buf text = BUF_INIT;
    CURLU *url = curl_url();
    bool is_ipv6 = strchr(options->host, ':') != NULL && options->host[0] != '[';
    unsigned port = options->port;
    if (port == 0)
        port = options->tls == IMAP_TLS_IMPLICIT ? IMAPS_PORT : IMAP_PORT;
    buf_printf(&text, is_ipv6 ? "[%s]" : "%s", options->host);
    CURLUcode code = curl_url_set(url, CURLUPART_SCHEME,
                                  options->tls == IMAP_TLS_IMPLICIT ? "imaps" : "imap", 0);
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_HOST, text.data, 0);
    buf_reset(&text);
    buf_printf(&text, "%u", port);
    if (code == CURLUE_OK)
        code = curl_url_set(url, CURLUPART_PORT, text.data, 0);
    buf_free(&text);
    if (code == CURLUE_OK)
        return url;
    err_set(err, ERR_CONFIG, "host \"%s\", port %u: %s", options->host, port,
            curl_url_strerror(code));
    curl_url_cleanup(url);
    return NULL;
}

static long login_timeout(const struct imap_options *options) {
    unsigned seconds = options->connect_timeout;
    if (seconds == 0)
        seconds = DEFAULT_CONNECT_TIMEOUT;
    if (options->deadline != 0 && options->deadline < seconds)
        seconds = options->deadline;
    return (long)seconds;
}

static void set_options(CURL *curl, const struct imap_options *options) {
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    /* "" and not unset, else libcurl takes one from ALL_PROXY. */
    curl_easy_setopt(curl, CURLOPT_PROXY, options->proxy != NULL ? options->proxy : "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, login_timeout(options));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, login_timeout(options));
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(options->tls == IMAP_TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    if (options->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* these and no others */
    }
    curl_easy_setopt(curl, CURLOPT_USERNAME, options->user);
    if (options->oauth_bearer != NULL)
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options->oauth_bearer);
    else
        curl_easy_setopt(curl, CURLOPT_PASSWORD, options->password);
    if (options->mechanism != NULL) {
        struct buf login_options = BUF_INIT;
        buf_printf(&login_options, "AUTH=%s", options->mechanism);
        curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, login_options.data);
        buf_free(&login_options);
    } else if (options->oauth_bearer != NULL) {
        /* Else libcurl prefers CRAM-MD5 and the like where they are on offer, without a password.
         */
        curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
    }
}

CURL *login_open(const struct imap_options *options, struct err *err) {
    struct greeting greeting = {
        .options = options, .last = BUF_INIT, .continuation = BUF_INIT, .login_disabled = false};
    char words[CURL_ERROR_SIZE] = "";
    CURL *curl = NULL;
    CURLU *url = NULL;
    CURLcode code = CURLE_FAILED_INIT;

    if (options->host == NULL || options->user == NULL ||
        (options->password == NULL) == (options->oauth_bearer == NULL)) {
        err_set(err, ERR_CONFIG, "a mailbox needs a host, a user, and a password or a token");
        return NULL;
    }
    url = server_url(options, err);
    if (url == NULL)
        return NULL;
    curl = curl_easy_init();
    if (curl == NULL) {
        err_set(err, ERR_OS, "libcurl does not start");
        goto out;
    }
    set_options(curl, options);
    curl_easy_setopt(curl, CURLOPT_CURLU, url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &greeting);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    code = curl_easy_perform(curl);
    /* They point into this function. */
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, NULL);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_CURLU, NULL);
    if (code != CURLE_OK) {
        login_failed(code, words, &greeting, err);
        curl_easy_cleanup(curl);
        curl = NULL;
    }
out:
    curl_url_cleanup(url);
    buf_free(&greeting.last);
    buf_free(&greeting.continuation);
    return curl;
}
