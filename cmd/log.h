/*
 * log: what the program says while it runs. The only state of the program that is not passed along.
 *
 * A cron job mails whatever is printed: without --verbose, only warnings and errors appear. Texts
 * may hold bytes from outside; control characters are made visible before they reach a terminal.
 *
 * Beside its text each line carries fields: which mailbox, run, message it is about. Where they go
 * depends on the format:
 *   text     "nullsender: warning: TEXT" on stderr, without the fields, whose words the text has
 *   json     one object a line on stderr: time, level, message and the fields
 *   journal  systemd's journal: MESSAGE, PRIORITY and NULLSENDER_MAILBOX, NULLSENDER_UID, ...
 *   syslog   syslog(3), facility mail: TEXT [mailbox=bounces uid=12]
 * With the last two, warnings and errors also go to stderr as text, for cron to mail. Where stderr
 * is the journal (a systemd unit), its lines there begin with the <N> of sd-daemon(3).
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

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL, LOG_FORMAT_SYSLOG };

/* "text json journal syslog", in the order of the enum. */
extern const char log_format_names[];

enum log_field {
    LOG_FIELD_COMMAND, /* the subcommand */
    LOG_FIELD_MAILBOX, /* the source's name in the ledger */
    LOG_FIELD_RUN,     /* id in bounce.run */
    LOG_FIELD_UID,     /* of the message in its folder */
    LOG_FIELD_OUTCOME, /* of the message, as in bounce.message */
    LOG_FIELD_RECIPIENT,
    LOG_FIELD_CAMPAIGN,
    LOG_FIELD_VERDICT,
    LOG_FIELD_CATEGORY,
    LOG_FIELD_RULE,
    LOG_FIELD_EXIT_CODE, /* of the line with which the program fails */
    LOG_FIELD_COUNT
};

/* Lines above `level` are not printed. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);

/* Text, with a warning, where no journal or no syslog listens: a run is worth more than its log. */
void log_set_format(enum log_format format);

/* What all lines carry from now on; copied; NULL takes the field away. */
void log_set_field(enum log_field field, const char *value);
void log_set_field_number(enum log_field field, unsigned long value);

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
