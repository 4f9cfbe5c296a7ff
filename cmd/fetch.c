/* nullsender fetch: every mailbox of the configuration, one after the other. */
#include "cmd/base/buf.h"
#include "cmd/clock.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/inbox.h"
#include "cmd/log.h"
#include "cmd/mailbox_open.h"
#include "cmd/monitor.h"
#include "cmd/progress.h"
#include "cmd/prune.h"
#include "cmd/retry.h"
#include "cmd/session.h"
#include "cmd/summary.h"
#include "store/mailbox.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    FETCH_SECONDS = 3600, /* for one mailbox: one server that trickles must not keep the others from
                             being read; a million bounces are read in a third of it */
    FETCH_OVERTIME = 600, /* to store and file away what has come; then the line is cut */
};

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
    inbox->imap = mailbox_open(config, inbox->mailbox, err);
    *again = inbox->imap == NULL;
    if (inbox->imap == NULL)
        return -1;
    imap_limit(inbox->imap, FETCH_SECONDS + FETCH_OVERTIME);
    /* Of what is stored now, the next connection need not read anything. */
    uint64_t before = sums->run.stored + sums->run.quarantined;
    int rc = inbox_read(inbox, options, sums, again, err);
    uint64_t stored = sums->run.stored + sums->run.quarantined - before;
    inbox->limit = stored < limit ? limit - stored : 0;
    size_t left = imap_left_marked(inbox->imap);
    if (left)
        log_warning("mailbox %s: %zu messages are filed away but remain in %s, marked \\Deleted: "
                    "the server has no UIDPLUS",
                    inbox->mailbox->name, left, inbox->mailbox->folder);
    imap_close(inbox->imap);
    return rc;
}

/* The whole mailbox, over as many connections as it takes. */
static int read_inbox(const struct session *session, size_t index, uint64_t limit, const char *run,
                      struct pipeline_sums *sums, struct err *err) {
    const struct config_mailbox *mailbox = &session->config->mailboxes[index];
    struct progress progress;
    struct inbox inbox = {
        .mailbox = mailbox,
        .store = session->store,
        .dry_run = session->dry_run,
        .limit = limit,
        .until = clock_seconds() + FETCH_SECONDS,
        .window = (size_t)(mailbox->fetch_messages ? mailbox->fetch_messages
                                                   : session->config->commit_messages),
        .stop = &stop_asked,
    };
    struct retry retry = {.tries = (unsigned)mailbox->retries, .stop = &stop_asked};
    struct pipeline_options options = session_pipeline_options(session, mailbox->name, index, run);
    char source[256];
    bool again;
    int rc;
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

static int note_source(struct store *store, const struct config_mailbox *mailbox, struct err *err) {
    struct buf source = BUF_INIT;
    buf_printf(&source, "%s at %s, %s", mailbox->user, mailbox->host, mailbox->folder);
    int rc = store_mailbox_source(store, mailbox->name, source.data, err);
    buf_free(&source);
    return rc;
}

static int fetch_mailbox(const struct session *session, size_t index, long limit,
                         struct monitor *monitor, struct err *err) {
    const struct config_mailbox *mailbox = &session->config->mailboxes[index];
    double started = clock_time();
    struct pipeline_sums sums = {0};
    struct store_lock *lock = NULL;
    char run[STORE_RUN_ID_SIZE] = "";
    int rc = -1;
    log_about(mailbox->name);
    if (!session->dry_run) {
        if (store_mailbox_lock(session->store, mailbox->name, &lock, err) != 0)
            goto out;
        if (!lock) {
            log_info("mailbox %s: another run is at work on it; left alone", mailbox->name);
            return 0;
        }
        if (note_source(session->store, mailbox, err) != 0 ||
            store_run_begin(session->store, "fetch", mailbox->name, VERSION,
                            ruleset_version(session->analyst.rules), run, err) != 0)
            goto out;
        log_set_field(LOG_FIELD_RUN, run);
    }
    rc = read_inbox(session, index, limit ? (uint64_t)limit : UINT64_MAX, run, &sums, err);
    if (*run) {
        /* After a lost database this fails too; the first error is the one to tell. */
        struct err second;
        if (store_run_finish(session->store, run, &sums.run, rc ? err : NULL, &second) != 0 &&
            rc == 0) {
            *err = second;
            rc = -1;
        }
    }
out:
    store_lock_free(lock);
    monitor_add_run(monitor, mailbox->name, started, &sums, rc ? err : NULL);
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

int command_fetch(const struct invocation *invocation, struct err *err) {
    struct session session;
    struct monitor monitor;
    bool dry_run = invocation_has(invocation, OPTION_DRY_RUN);
    long limit;
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
