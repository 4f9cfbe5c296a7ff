/*
 * login: from a host name to a logged-in IMAP connection, done by libcurl: TCP, proxy, TLS or
 * STARTTLS, the greeting, SASL.
 */
#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

#include "imap/mailbox.h"

#include <curl/curl.h>

/* Connects and logs in, see imap_open(). On success curl_easy_send and curl_easy_recv go on from
 * behind the login's OK; bytes that came in one packet with it are lost, so ask for CAPABILITY.
 * NULL on failure. Needs curl_global_init(); free with curl_easy_cleanup(). */
CURL *login_open(const struct imap_options *options, struct err *err);

#endif
