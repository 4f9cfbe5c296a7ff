#include "cmd/metrics.h"

#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/file.h"
#include "cmd/log.h"
#include "store/totals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    READABLE_TO_ALL = 0644, /* a collector runs as another user */
};

/* Totals of the database, in the order of enum store_total. */
static const struct {
    const char *name;
    const char *help;
    const char *labels[STORE_TOTAL_LABELS_MAX];
} totals[STORE_TOTAL_COUNT] = {
    [STORE_TOTAL_MESSAGES] = {"nullsender_messages_total",
                              "Messages stored, as they were first judged.",
                              {"mailbox", "outcome"}},
    [STORE_TOTAL_EVENTS] = {"nullsender_events_total",
                            "Verdicts stored, one a message and recipient, as they were first "
                            "judged.",
                            {"mailbox", "verdict", "category"}},
    [STORE_TOTAL_RUNS] = {"nullsender_runs_total",
                          "Runs of fetch that ended, by exit code (sysexits).",
                          {"mailbox", "exit_code"}},
    [STORE_TOTAL_LOGIN_FAILURES] = {"nullsender_login_failures_total",
                                    "Runs that ended because a login or a privilege was refused.",
                                    {"mailbox"}},
    [STORE_TOTAL_BAD_SUMS] = {"nullsender_bad_sums_total",
                              "Runs after which not every message was accounted for.",
                              {"mailbox"}},
};

static const char silence_name[] = "nullsender_silent_campaigns";
static const char silence_help[] = "Campaigns that should have bounced by now (bounce.silence).";

enum run_value {
    RUN_STARTED,
    RUN_SECONDS,
    RUN_EXIT_CODE,
    RUN_SUCCESS,
    RUN_FETCHED,
    RUN_LEFT,
    RUN_OLDEST_AGE,
    RUN_VALUE_COUNT
};

static const struct {
    const char *name;
    const char *help;
    bool after_failure; /* a failed run knows it too */
} run_values[RUN_VALUE_COUNT] = {
    [RUN_STARTED] = {"nullsender_last_run_timestamp_seconds",
                     "When the mailbox was last tried (unix time).", true},
    [RUN_SECONDS] = {"nullsender_last_run_duration_seconds", "How long that took.", true},
    [RUN_EXIT_CODE] = {"nullsender_last_run_exit_code", "How that ended: 0, or sysexits' code.",
                       true},
    [RUN_SUCCESS] = {"nullsender_last_success_timestamp_seconds",
                     "When the mailbox was last read to its end (unix time).", false},
    [RUN_FETCHED] = {"nullsender_last_run_messages", "Messages that the last good run read.",
                     false},
    [RUN_LEFT] = {"nullsender_waiting_messages",
                  "Messages that the last good run left to the next.", false},
    [RUN_OLDEST_AGE] = {"nullsender_oldest_message_seconds",
                        "How long the oldest message had waited that the last good run read.",
                        false},
};

static void add_family(struct buf *out, const char *name, const char *type, const char *help) {
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* {name="value", as the format escapes it; the caller closes the brace. */
static void add_label(struct buf *out, bool first, const char *name, const char *value) {
    buf_printf(out, "%c%s=\"", first ? '{' : ',', name);
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '"')
            buf_add_char(out, '\\');
        if (*p == '\n')
            buf_add_string(out, "\\n");
        else
            buf_add_char(out, *p);
    }
    buf_add_char(out, '"');
}

/* Takes over the samples of the old file that begin so. */
static void carry_over(struct buf *out, struct bytes old, const char *start) {
    struct bytes line;
    while (bytes_next_line(&old, &line)) {
        if (line.len < strlen(start) || memcmp(line.data, start, strlen(start)) != 0)
            continue;
        buf_add_bytes(out, line);
        buf_add_char(out, '\n');
    }
}

static double run_value(const struct metrics_run *run, enum run_value value) {
    switch (value) {
    case RUN_STARTED: return run->started;
    case RUN_SECONDS: return run->seconds;
    case RUN_EXIT_CODE: return run->exit_code;
    case RUN_SUCCESS: return run->started + run->seconds;
    case RUN_FETCHED: return (double)run->fetched;
    case RUN_LEFT: return (double)run->left;
    case RUN_OLDEST_AGE: return (double)run->oldest_age;
    case RUN_VALUE_COUNT: break;
    }
    return 0;
}

static const struct metrics_run *run_of(const struct metrics_run *runs, size_t count,
                                        const char *mailbox) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(runs[i].mailbox, mailbox))
            return &runs[i];
    return NULL;
}

static void add_runs(struct buf *out, const struct config *config, const struct metrics_run *runs,
                     size_t count, struct bytes old) {
    for (enum run_value value = 0; value < RUN_VALUE_COUNT; value++) {
        add_family(out, run_values[value].name, "gauge", run_values[value].help);
        for (size_t i = 0; i < config->mailbox_count; i++) {
            const char *mailbox = config->mailboxes[i].name;
            const struct metrics_run *run = run_of(runs, count, mailbox);
            struct buf sample = BUF_INIT;
            buf_add_string(&sample, run_values[value].name);
            add_label(&sample, true, "mailbox", mailbox);
            buf_add_char(&sample, '}');
            if (run && (!run->exit_code || run_values[value].after_failure))
                buf_printf(out, "%s %.3f\n", sample.data, run_value(run, value));
            else
                carry_over(out, old, sample.data);
            buf_free(&sample);
        }
    }
}

static int add_total(struct buf *out, enum store_total total, struct store *store,
                     struct arena *arena, struct err *err) {
    struct store_total_row *rows;
    size_t count;
    if (store_total_read(store, total, arena, &rows, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        buf_add_string(out, totals[total].name);
        for (size_t l = 0; l < STORE_TOTAL_LABELS_MAX && totals[total].labels[l]; l++)
            add_label(out, l == 0, totals[total].labels[l], rows[i].labels[l]);
        buf_printf(out, "} %" PRIu64 "\n", rows[i].count);
    }
    return 0;
}

static int add_silence(struct buf *out, struct store *store, struct arena *arena, struct err *err) {
    struct store_silent_campaign *campaigns;
    size_t count;
    if (store_silence_read(store, arena, &campaigns, &count, err) != 0)
        return -1;
    buf_printf(out, "%s %zu\n", silence_name, count);
    return 0;
}

/* A sample's start, so that one family is not taken for another whose name begins like its own. */
static void carry_family(struct buf *out, struct bytes old, const char *name, char behind) {
    char start[128];
    snprintf(start, sizeof start, "%s%c", name, behind);
    carry_over(out, old, start);
}

static void add_totals(struct buf *out, struct store *store, struct bytes old) {
    struct arena *arena = arena_new();
    struct err err = {0};
    bool known = store != NULL;
    for (enum store_total total = 0; total < STORE_TOTAL_COUNT; total++) {
        add_family(out, totals[total].name, "counter", totals[total].help);
        known = known && add_total(out, total, store, arena, &err) == 0;
        if (!known)
            carry_family(out, old, totals[total].name, '{');
    }
    add_family(out, silence_name, "gauge", silence_help);
    if (!known || add_silence(out, store, arena, &err) != 0)
        carry_family(out, old, silence_name, ' ');
    if (err.code)
        log_warning("metrics: %s", err.text);
    arena_free(arena);
}

void metrics_write(const struct config *config, const struct metrics_run *runs, size_t count,
                   struct store *store) {
    const char *path = config->metrics_file;
    if (!path)
        return;
    struct buf old = BUF_INIT, text = BUF_INIT;
    struct err err = {0};
    /* Another run would take over what is there now, and put it back over what we write. */
    int lock = file_lock_folder(path, &err);
    if (lock >= 0) {
        if (access(path, F_OK) == 0)
            file_read(path, &old, NULL);
        add_family(&text, "nullsender_info", "gauge", "The program that wrote this.");
        buf_add_string(&text, "nullsender_info{version=\"" VERSION "\"} 1\n");
        add_runs(&text, config, runs, count, buf_bytes(&old));
        add_totals(&text, store, buf_bytes(&old));
        file_replace(path, buf_bytes(&text), READABLE_TO_ALL, &err);
        close(lock);
    }
    if (err.code)
        log_warning("metrics_file: %s", err.text);
    buf_free(&old);
    buf_free(&text);
}
