/*
 * command: the table of subcommands and options. Usage, --help and the checks of the command line
 * all come from it.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/base/buf.h"
#include "cmd/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Every option of every subcommand, so that a name means the same everywhere. (Save that report's
 * --domain and --category choose a table, where other commands choose addresses by one, and that
 * check's --mailbox chooses what is looked at.) */
enum option_id {
    OPTION_CONFIG,
    OPTION_LOG_FORMAT,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_ADD,
    OPTION_APPLY,
    OPTION_CAMPAIGN,
    OPTION_CATEGORY,
    OPTION_CHECK_MAILBOX,
    OPTION_DOMAIN,
    OPTION_DRY_RUN,
    OPTION_FILE,
    OPTION_FORMAT,
    OPTION_HOST,
    OPTION_LIMIT,
    OPTION_MAILBOX,
    OPTION_MESSAGE,
    OPTION_OUTPUT,
    OPTION_QUARANTINED,
    OPTION_REASON,
    OPTION_RECIPIENT,
    OPTION_REPORT_CATEGORY,
    OPTION_REPORT_DAY,
    OPTION_REPORT_DOMAIN,
    OPTION_REPORT_RECIPIENT,
    OPTION_RULE,
    OPTION_RULES,
    OPTION_SENT,
    OPTION_SINCE,
    OPTION_UNDETERMINED,
    OPTION_UNDO,
    OPTION_UNMATCHED,
    OPTION_UNTIL,
    OPTION_VERDICT,
    OPTION_VERP,
    OPTION_WATCH,
    OPTION_WORKERS,
    OPTION_COUNT
};

struct option_info {
    const char *name;     /* "dry-run" */
    char letter;          /* 'n'; 0 for none */
    const char *argument; /* "FILE"; NULL where it takes none */
    const char *help;
};

/* A command line, taken apart. */
struct invocation {
    const struct command *command;
    const char **values[OPTION_COUNT]; /* an option's arguments, in order */
    unsigned counts[OPTION_COUNT];     /* how often it was given */
    char **arguments;                  /* what is not an option */
    int argument_count;
};

struct command {
    const char *name;      /* one word, or two: "rules test" */
    const char *arguments; /* "[MAILBOX...]" */
    int arguments_min;
    int arguments_max; /* -1: any number */
    const char *summary;
    const char *description; /* for --help: what it does, in whole sentences */
    uint64_t options;        /* bit OPTION_X for each that it takes besides the common ones */
    const char *formats;     /* those of --format, the default first: "text json" */
    int (*run)(const struct invocation *invocation, struct err *err);
};

/* The tables, in command_table.c. */
extern const struct option_info option_table[OPTION_COUNT];
extern const struct command command_table[];  /* ends with a NULL name */
extern const uint64_t command_common_options; /* those that every command takes */

/* The last value of an option, or `fallback`. */
const char *invocation_value(const struct invocation *invocation, enum option_id option,
                             const char *fallback);
bool invocation_has(const struct invocation *invocation, enum option_id option);

/* The value of an option that takes a number from `min` to `max`; ERR_USAGE where it is none. */
int invocation_number(const struct invocation *invocation, enum option_id option, long min,
                      long max, long fallback, long *number, struct err *err);

/* The place of an option's value among the blank-separated `choices`, the first of which is the
 * default: "text csv json". ERR_USAGE where it is none of them. */
int invocation_choice(const struct invocation *invocation, enum option_id option,
                      const char *choices, unsigned *place, struct err *err);

/* The same for --format, among those of the command. */
int invocation_format(const struct invocation *invocation, unsigned *place, struct err *err);

/* Takes a command line apart. ERR_USAGE with what is wrong and what would be right; the caller
 * frees with invocation_free() in either case. --help and --version come back as counts, with the
 * command NULL where none was named. */
int invocation_parse(int argc, char **argv, struct invocation *invocation, struct err *err);
void invocation_free(struct invocation *invocation);

/* Appends what --help says of an option; `command` is NULL for those that every command takes. */
void command_option_help(const struct command *command, enum option_id option, struct buf *out);

/* The overview of all commands; the page of one. */
void command_print_overview(FILE *out);
void command_print_help(const struct command *command, FILE *out);

int command_fetch(const struct invocation *invocation, struct err *err);
int command_import(const struct invocation *invocation, struct err *err);
int command_campaign_set(const struct invocation *invocation, struct err *err);
int command_check(const struct invocation *invocation, struct err *err);
int command_config(const struct invocation *invocation, struct err *err);
int command_migrate(const struct invocation *invocation, struct err *err);
int command_parse(const struct invocation *invocation, struct err *err);
int command_explain(const struct invocation *invocation, struct err *err);
int command_export(const struct invocation *invocation, struct err *err);
int command_prune(const struct invocation *invocation, struct err *err);
int command_rebuild(const struct invocation *invocation, struct err *err);
int command_reinstate(const struct invocation *invocation, struct err *err);
int command_report(const struct invocation *invocation, struct err *err);
int command_review(const struct invocation *invocation, struct err *err);
int command_reprocess(const struct invocation *invocation, struct err *err);
int command_suppress(const struct invocation *invocation, struct err *err);
int command_rules_test(const struct invocation *invocation, struct err *err);
int command_verp_encode(const struct invocation *invocation, struct err *err);
int command_verp_decode(const struct invocation *invocation, struct err *err);
int command_verp_check(const struct invocation *invocation, struct err *err);
int command_verp_keygen(const struct invocation *invocation, struct err *err);
int command_rules_explain(const struct invocation *invocation, struct err *err);

#endif
