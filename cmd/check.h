/*
 * check: what `nullsender check` found out, line by line, for people and for programs.
 *
 * Each part of the program has a function that tries its part for real, changes nothing, and adds
 * what it found; one that fails does not keep the others from being tried.
 */
#ifndef CMD_CHECK_H
#define CMD_CHECK_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"
#include "cmd/config.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

enum check_result {
    CHECK_OK,
    CHECK_WARNING, /* works, and somebody should see to it */
    CHECK_FAIL,    /* a run would fail, or do what it must not */
};

struct check_list;
struct check_list *check_list_new(void);
void check_list_free(struct check_list *list); /* NULL is fine */

/* What is added from now on is about this: "mailbox bounces". */
void check_section(struct check_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line: `what` was looked at ("certificate"), and what there is to say about it. */
void check_ok(struct check_list *list, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with `advice`: what to do, as a sentence that begins in lower case; or NULL. */
void check_warning(struct check_list *list, const char *what, const char *advice,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void check_fail(struct check_list *list, enum err_code code, const char *what, const char *advice,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A failure with the words of an error; `advice` may be NULL, since most errors say what to do. */
void check_error(struct check_list *list, const char *what, const char *advice,
                 const struct err *err);

size_t check_count(const struct check_list *list, enum check_result result);

/* 0 where nothing failed, warnings or not. Else the code of the first failure; one that the next
 * run may find gone (ERR_TEMPORARY) gives way to one that it will not. */
enum err_code check_code(const struct check_list *list);

/* Appends the list with its columns aligned, in colour where it goes to a terminal; or as one JSON
 * object: result, exit_code, checks. */
void check_text_add(struct buf *out, const struct check_list *list, bool colour);
void check_json_add(struct buf *out, const struct check_list *list);

/* The parts. */
void check_config(struct check_list *list, const struct config *config);
void check_rules(struct check_list *list, const struct config *config);
void check_verp(struct check_list *list, const struct config *config);
/* Starts a worker, as a run does. */
void check_workers(struct check_list *list);
/* `store` is NULL where there is no database. */
void check_mailbox(struct check_list *list, const struct config *config,
                   const struct config_mailbox *mailbox, struct store *store);
/* *store is the caller's where the database can be used, else NULL. */
void check_database(struct check_list *list, const struct config *config, struct store **store);

/* Appends "3 days", "40 minutes": a span of time in the largest unit of which there are two. */
void check_add_span(struct buf *out, unsigned long seconds);

#endif
