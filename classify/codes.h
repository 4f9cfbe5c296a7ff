/*
 * codes: reply codes (RFC 5321 section 4.2) and enhanced status codes (RFC 3463): reading them out
 * of a server's words, and the patterns that rules have for them.
 */
#ifndef CLASSIFY_CODES_H
#define CLASSIFY_CODES_H

#include "cmd/base/bytes.h"

#include <stdbool.h>

/* An enhanced status code, class.subject.detail; class 0: there is none. */
struct status_code {
    unsigned class;
    unsigned subject;
    unsigned detail;
};

/* Reads a whole text as a status code: "5.1.1". False where it is none. */
bool status_code_read(const char *text, struct status_code *code);

/* Whether the code says no more than its class, or its class and subject (x.0.0, x.7.0): detail 0
 * is "other or undefined". */
bool status_code_is_generic(struct status_code code);

/* The refusing server's own words, without what the reporting side has put before them: behind
 * "said:" (Postfix, qmail), "says:" (CommuniGate), "SMTP error from remote ...: " (Exim), "<<<"
 * (sendmail), or a colon and a reply code ("refused to talk to me: 554 ..."), whichever comes
 * first. All of the text where there is none of these, or where it begins with a reply code: what
 * that server says of others ("550 Sender address rejected: host b said: 550 user unknown") is
 * its own words too. Behind a server's reply, Exim's ": retry timeout exceeded" is not. */
struct bytes codes_servers_words(struct bytes text);

/* The codes that a server's words begin with or carry: "550-5.1.1 no such user", "550 no such user
 * (#5.1.1)", "smtp; 550 5.1.1 ...", "host mx said: 550 5.1.1 ...". `status` points into the text,
 * which is read no further than the codes go; what is not there is 0 and empty. */
struct codes_found {
    unsigned reply_code;
    struct bytes status;
};
struct codes_found codes_find(const char *text);

/* The text behind the codes that it begins with. */
struct bytes codes_skip(struct bytes text);

/* Whether the refusing side meant it for good. SMTP acts on the reply code (RFC 5321
 * section 4.2.1); an enhanced code of another class beside it is an embellishment. `status` may be
 * NULL. */
enum permanence { PERMANENCE_UNKNOWN, PERMANENCE_TEMPORARY, PERMANENCE_PERMANENT };
enum permanence codes_permanence(unsigned reply_code, const char *status);

/* What a rule's `reply` asks for: "450", "4xx", "45x", "550-559". */
struct reply_pattern {
    unsigned from, to;
};
bool reply_pattern_read(struct bytes word, struct reply_pattern *pattern);
bool reply_pattern_matches(const struct reply_pattern *pattern, unsigned reply_code);

/* What a rule's `status` asks for: "4.2.1", "x.2.2" (any class), "5.7.x", "5.7.606-5.7.649". */
struct status_pattern {
    struct status_code from, to; /* each part apart: from <= part <= to */
};
bool status_pattern_read(struct bytes word, struct status_pattern *pattern);
bool status_pattern_matches(const struct status_pattern *pattern, struct status_code code);

#endif
