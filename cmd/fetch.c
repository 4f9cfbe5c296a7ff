/* nullsender fetch: every mailbox of the configuration, one after the other. */
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/clock.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/database.h"
#include "cmd/filing.h"
#include "cmd/inbox.h"
#include "cmd/log.h"
#include "cmd/mailbox_open.h"
#include "cmd/mailbox_run.h"
#include "cmd/monitor.h"
#include "cmd/progress.h"
#include "cmd/prune.h"
#include "cmd/retry.h"
#include "cmd/session.h"
#include "cmd/summary.h"
#include "cmd/watch.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal_number) {
    (void)signal_number;
    stop_asked = 1;
}

/* No SA_RESTART: a wait ends at the signal. A second signal ends the program at once. */
static void catch_signals(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* One connection's worth of a mailbox; *again as inbox_read says. */
static int read_once(const struct config *config, struct inbox *inbox,
                     struct pipeline_options options, struct pipeline_sums *sums, bool *again,
                     struct err *err) {
    uint64_t limit = inbox->limit;
    inbox->imap = mailbox_open(config, inbox->mailbox, inbox->mailbox->name, NULL, err);
    *again = inbox->imap == NULL;
    if (inbox->imap == NULL)
        return -1;
    imap_limit(inbox->imap, MAILBOX_RUN_SECONDS + MAILBOX_RUN_OVERTIME);
    /* Of what is stored now, the next connection need not read anything. */
    uint64_t before = sums->run.stored + sums->run.quarantined;
    int rc = inbox_read(inbox, options, sums, again, err);
    uint64_t stored = sums->run.stored + sums->run.quarantined - before;
    inbox->limit = stored < limit ? limit - stored : 0;
    /* A server that allows one connection may have ended this one for the second. */
    inbox->one_connection |= rc != 0 && !stored;
    filing_warn_left(inbox->mailbox, inbox->imap);
    imap_close(inbox->imap);
    return rc;
}

/* The whole mailbox, over as many connections as it takes. */
static int read_inbox(const struct session *session, size_t index, uint64_t limit, const char *run,
                      struct pipeline_sums *sums, struct err *err) {
    const struct config_mailbox *mailbox = &session->config->mailboxes[index];
    struct progress progress;
    struct inbox inbox = mailbox_run_inbox(session, index, &stop_asked);
    struct retry retry = {.tries = (unsigned)mailbox->retries, .stop = &stop_asked};
    struct pipeline_options options = session_pipeline_options(session, mailbox->name, index, run);
    char source[256];
    bool again;
    int rc;
    inbox.limit = limit;
    snprintf(source, sizeof source, "mailbox %s", mailbox->name);
    options.progress = progress_update;
    options.progress_context = &progress;
    progress_start(&progress, mailbox->name);
    do {
        uint64_t before = sums->run.stored + sums->run.quarantined;
        rc = read_once(session->config, &inbox, options, sums, &again, err);
        if (sums->run.stored + sums->run.quarantined > before)
            retry.done = 0;
        if (session->dry_run && sums->run.fetched) /* nothing was stored to go on behind */
            retry.tries = 0;
    } while (rc != 0 && again && retry_wait(&retry, source, err));
    progress_end(&progress);
    if (rc == 0 && !session->dry_run)
        rc = summary_check(&sums->run, err);
    if (rc == 0)
        summary_print(source, sums, session->dry_run, progress_seconds(&progress));
    return rc;
}

/* What the lines of the log are about from now on. */
static void log_about(const char *mailbox) {
    log_set_field(LOG_FIELD_MAILBOX, mailbox);
    log_set_field(LOG_FIELD_RUN, NULL);
}

static int fetch_mailbox(const struct session *session, size_t index, long limit,
                         struct monitor *monitor, struct err *err) {
    const struct config_mailbox *mailbox = &session->config->mailboxes[index];
    double started = clock_time();
    struct mailbox_run run = {0};
    bool claimed = true;
    int rc = 0;
    log_about(mailbox->name);
    if (!session->dry_run)
        rc = mailbox_run_begin(&run, session, mailbox, &claimed, err);
    if (rc == 0 && !claimed)
        return 0;
    if (rc == 0)
        rc = read_inbox(session, index, limit ? (uint64_t)limit : UINT64_MAX, run.id, &run.sums,
                        err);
    rc = mailbox_run_end(&run, rc, err);
    monitor_add_run(monitor, mailbox->name, started, &run.sums, rc ? err : NULL);
    return rc ? err_prefix(err, "mailbox %s", mailbox->name) : 0;
}

static int check_mailbox_names(const struct invocation *invocation, const struct config *config,
                               struct err *err) {
    if (!config->mailbox_count)
        return err_set(err, ERR_CONFIG, "%s has no mailbox section, so there is nothing to fetch",
                       config->path);
    for (int i = 0; i < invocation->argument_count; i++) {
        if (config_mailbox_find(config, invocation->arguments[i]))
            continue;
        struct buf names = BUF_INIT;
        for (size_t j = 0; j < config->mailbox_count; j++)
            buf_printf(&names, "%s%s", j ? ", " : "", config->mailboxes[j].name);
        err_set(err, ERR_USAGE, "no mailbox '%s' in %s; it has: %s", invocation->arguments[i],
                config->path, names.data);
        buf_free(&names);
        return -1;
    }
    return 0;
}

static bool is_wanted(const struct invocation *invocation, const char *name) {
    for (int i = 0; i < invocation->argument_count; i++)
        if (!strcmp(invocation->arguments[i], name))
            return true;
    return !invocation->argument_count;
}

/* A mailbox that fails does not keep the others from being read; the first failure is the run's. */
static int fetch_all(const struct session *session, const struct invocation *invocation, long limit,
                     struct monitor *monitor, struct err *err) {
    const char *failed = NULL, *last = NULL;
    for (size_t i = 0; i < session->config->mailbox_count && !stop_asked; i++) {
        const char *name = session->config->mailboxes[i].name;
        struct err failure = {0};
        if (!is_wanted(invocation, name))
            continue;
        last = name;
        if (fetch_mailbox(session, i, limit, monitor, &failure) == 0)
            continue;
        if (failed) {
            log_error("%s", failure.text);
        } else {
            failed = name;
            *err = failure;
        }
        if (failure.code == ERR_TEMPORARY && store_reconnect(session->store, &failure) != 0)
            break;
    }
    if (failed && failed != last)
        log_about(failed);
    return failed ? -1 : 0;
}

/* Nothing could be opened, and so no mailbox was read. */
static void note_all_failed(struct monitor *monitor, const struct invocation *invocation,
                            const struct config *config, const struct err *err) {
    const struct pipeline_sums none = {0};
    for (size_t i = 0; config && i < config->mailbox_count; i++)
        if (is_wanted(invocation, config->mailboxes[i].name))
            monitor_add_run(monitor, config->mailboxes[i].name, monitor->started, &none, err);
}

static int watch(const struct invocation *invocation, struct err *err) {
    struct config *config = NULL;
    size_t count = 0;
    if (invocation_has(invocation, OPTION_DRY_RUN) || invocation_has(invocation, OPTION_LIMIT))
        return err_set(err, ERR_USAGE, "--watch goes with neither --dry-run nor --limit");
    int rc = database_config_read(invocation, &config, err);
    if (rc == 0)
        rc = check_mailbox_names(invocation, config, err);
    if (rc == 0) {
        const char **names = memory_zero(config->mailbox_count, sizeof *names);
        for (size_t i = 0; i < config->mailbox_count; i++)
            if (is_wanted(invocation, config->mailboxes[i].name))
                names[count++] = config->mailboxes[i].name;
        rc = watch_mailboxes(invocation, config, names, count, err);
        free(names);
    }
    config_free(config);
    return rc;
}

int command_fetch(const struct invocation *invocation, struct err *err) {
    struct session session;
    struct monitor monitor;
    bool dry_run = invocation_has(invocation, OPTION_DRY_RUN);
    long limit;
    if (invocation_has(invocation, OPTION_WATCH))
        return watch(invocation, err);
    if (invocation_number(invocation, OPTION_LIMIT, 1, LONG_MAX, 0, &limit, err) != 0)
        return -1;
    catch_signals();
    int opened = session_open(&session, invocation, dry_run, check_mailbox_names, err);
    int rc = opened;
    bool mistyped = opened != 0 && err->code == ERR_USAGE; /* a person is looking */
    monitor_begin(&monitor, dry_run || mistyped ? NULL : session.config);
    if (rc == 0)
        rc = fetch_all(&session, invocation, limit, &monitor, err);
    else
        note_all_failed(&monitor, invocation, session.config, err);
    if (rc == 0 && !dry_run && !stop_asked)
        rc = prune_daily(session.store, session.config, err);
    monitor_end(&monitor, opened == 0 ? session.store : NULL, rc ? err : NULL);
    session_close(&session);
    return rc;
}
