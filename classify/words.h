/*
 * words: a server's words, made ready for the rules' patterns.
 *
 * What a pattern's author should not have to think of is taken away: line ends and runs of white
 * space become one space, typographic quotes and no-break spaces become plain ones, and what stands
 * before the server's own words ("host mx.example.net[192.0.2.1] said: 550 ...") goes, since it is
 * the reporting side's, and so do the codes at the start, which are asked for apart. What must not
 * decide anything is taken away as well: an address becomes "@" and a host name "~", so that a
 * relay named spam-gw or a mailbox named blocked does not read as spam or blocked. Names below a
 * provider's hosts stay, because providers refer to their own pages and lists ("see
 * https://support.google.com/mail/?p=NoSuchUser", "blocked using zen.spamhaus.org").
 */
#ifndef CLASSIFY_WORDS_H
#define CLASSIFY_WORDS_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WORDS_MAX = 16 * 1024, /* bytes of text that are looked at: REPORT_TEXT_MAX */
};

/* Reused from text to text; all zero at first. */
struct words {
    struct buf text;            /* always valid UTF-8, which the regex engine relies on */
    uint32_t origin[WORDS_MAX]; /* for each byte of `text`, where it stood in the source */
    struct bytes source;        /* borrowed from the last words_set */
};

/* Called with each host name. True: the name stays in the text. */
typedef bool words_host_known(void *context, struct bytes host);

/* Fills in the words of `source`, which must outlive them. */
void words_set(struct words *words, struct bytes source, words_host_known *known, void *context);
void words_free(struct words *words);

/* What stood in the source for bytes from..to of words->text. */
struct bytes words_source(const struct words *words, size_t from, size_t to);

#endif
