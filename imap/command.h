/*
 * command: what has been asked of the server, or is about to be: one tagged command each.
 */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "cmd/base/buf.h"
#include "imap/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMMAND_SET_MAX = 6500, /* octets of sequence set: with a folder's name within the 8,000 a line
                               that every server takes (RFC 9051 section 4) */
    COMMAND_UIDS_MAX = READER_LINE_MAX / 11, /* of one MOVE, so that its COPYUID, at worst a number
                                                and a comma for each, is a line that is read */
};

enum command_kind {
    COMMAND_PLAIN, /* any command, given as text */
    COMMAND_FETCH,
    COMMAND_MOVE,
    COMMAND_COPY,
    COMMAND_MARK, /* \Deleted */
    COMMAND_EXPUNGE,
};

struct command {
    struct command *next;
    enum command_kind kind;
    unsigned tag;    /* given when it is sent */
    char *text;      /* PLAIN: the command; MOVE, COPY: the folder, as on the wire; else NULL */
    uint32_t octets; /* FETCH: how much of each message */
    size_t count;
    uint32_t *uids; /* ascending */
    bool *answered; /* FETCH: which of them the server has answered */
    size_t cursor;  /* FETCH: the index behind the last answered one, where the next is likely */
};

/* A command about `count` ascending UIDs (0 for PLAIN); text and UIDs are copied. */
struct command *command_new(enum command_kind kind, const char *text, const uint32_t *uids,
                            size_t count);
void command_free(struct command *command);

/* How many of `count` ascending UIDs one command takes: at least one. */
size_t command_fit(const uint32_t *uids, size_t count);

/* Appends the command with its tag and line end. */
void command_write(const struct command *command, struct buf *out);

/* Whether the UID is one that a FETCH asks for and that is still open; marks it answered. */
bool command_answer(struct command *fetch, uint32_t uid);

/* The UIDs that a FETCH has had no answer for, malloc'ed, ascending. */
uint32_t *command_unanswered(const struct command *fetch, size_t *count);

/* Commands in their order; the list owns them. A zeroed list is empty. */
struct command_list {
    struct command *first;
    struct command *last;
    size_t count;
};

void command_list_add(struct command_list *list, struct command *command);
void command_list_add_first(struct command_list *list, struct command *command);
struct command *command_list_take_first(struct command_list *list);         /* NULL: empty */
struct command *command_list_take(struct command_list *list, unsigned tag); /* NULL: not in it */
void command_list_free(struct command_list *list);

#endif
