/*
 * reader: the words of an IMAP server's responses (RFC 9051 section 9), one after the other, off a
 * stream of bytes.
 *
 * A response is never held as a whole: the caller asks for the next element that the grammar
 * allows, and the reader takes just that off the stream. Literals are bound by their announced
 * length and never by their content. Whatever the server sends, memory stays within the limits
 * below, and every function either takes at least one byte, or fails, or has nothing to take.
 *
 * All functions that return int return -1 on failure: ERR_PROTOCOL where the bytes are no IMAP,
 * else what the source of the bytes said.
 */
#ifndef IMAP_READER_H
#define IMAP_READER_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READER_WINDOW = 64 * 1024,         /* bytes asked for at once: some TLS records */
    READER_LINE_MAX = 1024 * 1024,     /* a response without its literals; BODYSTRUCTUREs of 100 KB
                                          have been seen, an endless line has to end */
    READER_LITERAL_MAX = 64 * 1048576, /* larger than any mail that passes a server */
    READER_DEPTH_MAX = 100,            /* nested parentheses */
    READER_TRACE_MAX = 400,            /* of a line, what a trace shows */
};

struct reader {
    /* Reads up to `room` bytes: how many there were. Waits for the first one, or, unless `wait`,
     * returns 0 where nothing is there. -1 on failure, and at the end of the stream. */
    long (*read)(void *context, char *to, size_t room, bool wait, struct err *err);
    /* Gets each line, without literals; NULL for none. */
    void (*trace)(void *context, struct bytes line);
    void *context;

    char *window;
    size_t start; /* the unread bytes are window[start..end) */
    size_t end;
    size_t line_length;
    bool hushed; /* what is taken now does not belong into a trace */
    struct buf traced;
};

/* Sets up a reader; `trace` may be NULL. */
void reader_init(struct reader *reader,
                 long (*read)(void *context, char *to, size_t room, bool wait, struct err *err),
                 void (*trace)(void *context, struct bytes line), void *context);
void reader_free(struct reader *reader);

/* Whether bytes are there; asks the source without waiting where none are. 1, 0 or -1. */
int reader_has_input(struct reader *reader, struct err *err);

/* The next byte, 0 to 255, which stays where it is; or -1. */
int reader_peek(struct reader *reader, struct err *err);

/* Takes the byte `c`, which must be the next one. */
int reader_expect(struct reader *reader, char c, struct err *err);

/* Takes a word: a tag, an atom, a flag, a response name. At least one byte long; ends before a
 * space, a line end, a parenthesis, a bracket or a quote. Replaces the contents of `out`. */
int reader_word(struct reader *reader, struct buf *out, struct err *err);

/* Takes the name of a FETCH item, with its section and origin: BODY[HEADER.FIELDS (TO)]<0>. */
int reader_item_name(struct reader *reader, struct buf *out, struct err *err);

/* Takes a decimal number of at most `max`. */
int reader_number(struct reader *reader, uint64_t max, uint64_t *number, struct err *err);

/* Takes an nstring: quoted, literal, literal8 (RFC 3516), or NIL. 1 for a string, 0 for NIL. Puts
 * its first `keep` bytes into `out` (replacing what was there; may be NULL with keep 0), and its
 * whole length into *length (may be NULL). */
int reader_string(struct reader *reader, struct buf *out, size_t keep, uint64_t *length,
                  struct err *err);

/* Takes an astring, all of it (up to READER_LINE_MAX bytes). */
int reader_astring(struct reader *reader, struct buf *out, struct err *err);

/* Takes any value whatever and drops it: a word, a string, a list in parentheses. */
int reader_skip_value(struct reader *reader, struct err *err);

/* Takes the end of the line; spaces before it do not count. A lone LF is a line end. */
int reader_end(struct reader *reader, struct err *err);

/* Takes the rest of the line as human-readable text, with the line end, which is not stored.
 * Nothing in it is a literal. `out` may be NULL. */
int reader_text(struct reader *reader, struct buf *out, struct err *err);

/* Drops the rest of a response of a kind that we do not know: up to the first line end that is not
 * that of a literal's announcement. */
int reader_skip_response(struct reader *reader, struct err *err);

/* Starts READER_LINE_MAX anew, for lines that may well be long: a list of UIDs. */
void reader_renew_line(struct reader *reader);

#endif
