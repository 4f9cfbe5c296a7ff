/*
 * log: what the program says on stderr while it runs. The only state of the program that is not
 * passed along.
 *
 * A cron job mails whatever is printed: without --verbose, only warnings and errors appear. Texts
 * may hold bytes from outside; control characters are made visible before they reach a terminal.
 */
#ifndef CMD_LOG_H
#define CMD_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR,   /* the command fails */
    LOG_LEVEL_WARNING, /* it goes on, and somebody should know */
    LOG_LEVEL_INFO,    /* --verbose: a line a message */
    LOG_LEVEL_DEBUG,   /* --verbose twice: the IMAP conversation, without secrets */
};

/* Lines above `level` are not printed. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);

/* A function to call before each line, so that a progress bar gets out of the way; NULL for none.
 */
void log_set_before(void (*before)(void *context), void *context);

/* One line, without "nullsender: " and without the final newline. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
