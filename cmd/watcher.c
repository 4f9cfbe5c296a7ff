#include "cmd/watcher.h"

#include "cmd/clock.h"
#include "cmd/database.h"
#include "cmd/filing.h"
#include "cmd/log.h"
#include "cmd/mailbox_open.h"
#include "cmd/mailbox_run.h"
#include "cmd/monitor.h"
#include "cmd/prune.h"
#include "cmd/summary.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    /* Between two runs. What comes alone is read at once; a flood of bounces does not become a run
     * and a row in bounce.run for each. Also until a mailbox is looked at again that another run is
     * at work on. */
    GAP_SECONDS = 2,
    POLL_SECONDS = 10,    /* between two questions to a server without IDLE */
    UPKEEP_SECONDS = 300, /* as often as the timer fetches: see upkeep() */
};

struct watcher {
    const struct watcher_options *options;
    struct session session;
    struct inbox inbox;
    size_t index; /* of the mailbox in the configuration */
    bool busy;    /* another run is at work on the mailbox */
    bool can_idle;
    bool warned_left;
    double last_run, last_beat, next_upkeep; /* on clock_seconds()'s clock */
    double started;                          /* clock_time(): since when it is for the metrics */
    struct pipeline_sums sums;               /* since then */
};

static void report(const struct watcher *watcher, const struct watcher_report *report) {
    /* A parent that is gone shows when its end of the socket is looked at. */
    ssize_t ignored = send(watcher->options->socket, report, sizeof *report, MSG_NOSIGNAL);
    (void)ignored;
}

static void beat(void *context, const struct pipeline_sums *sums) {
    struct watcher *watcher = context;
    const struct watcher_report alive = {.news = WATCHER_ALIVE};
    (void)sums;
    if (clock_seconds() < watcher->last_beat + 1)
        return;
    watcher->last_beat = clock_seconds();
    report(watcher, &alive);
}

/* Waits, but not on after the end was asked for. */
static void pause_for(const struct watcher *watcher, double seconds) {
    struct pollfd parent = {.fd = watcher->options->socket, .events = POLLIN};
    if (seconds > 0)
        poll(&parent, 1, (int)(seconds * 1000) + 1);
}

/* The parent writes nothing: its socket is readable when it has closed or shut it. */
static bool is_over(const struct watcher *watcher) {
    struct pollfd parent = {.fd = watcher->options->socket, .events = POLLIN};
    return *watcher->options->stop || poll(&parent, 1, 0) > 0;
}

static void add_sums(struct watcher *watcher, const struct pipeline_sums *run) {
    struct pipeline_sums *sums = &watcher->sums;
    uint64_t left = run->waiting > run->run.fetched ? run->waiting - run->run.fetched : 0;
    sums->run.fetched += run->run.fetched;
    sums->waiting = sums->run.fetched + left;
    if (run->oldest_arrival &&
        (!sums->oldest_arrival || run->oldest_arrival < sums->oldest_arrival))
        sums->oldest_arrival = run->oldest_arrival;
}

/* One run. *again: some of the mailbox is left, for want of time. */
static int read_mailbox(struct watcher *watcher, bool *again, struct err *err) {
    struct inbox *inbox = &watcher->inbox;
    const char *name = inbox->mailbox->name;
    struct mailbox_run run;
    bool claimed, unused;
    char source[256];
    *again = false;
    int rc = mailbox_run_begin(&run, &watcher->session, inbox->mailbox, &claimed, err);
    watcher->busy = rc == 0 && !claimed;
    if (watcher->busy)
        return 0;
    if (rc == 0) {
        struct pipeline_options options =
            session_pipeline_options(&watcher->session, name, watcher->index, run.id);
        double started = clock_seconds();
        options.progress = beat;
        options.progress_context = watcher;
        inbox->until = started + MAILBOX_RUN_SECONDS;
        imap_limit(inbox->imap, MAILBOX_RUN_SECONDS + MAILBOX_RUN_OVERTIME);
        rc = inbox_read(inbox, options, &run.sums, &unused, err);
        imap_limit(inbox->imap, 0);
        if (rc == 0)
            rc = summary_check(&run.sums.run, err);
        snprintf(source, sizeof source, "mailbox %s", name);
        if (rc == 0)
            summary_print(source, &run.sums, false, clock_seconds() - started);
        fflush(stdout);
    }
    rc = mailbox_run_end(&run, rc, err);
    log_set_field(LOG_FIELD_RUN, NULL);
    watcher->last_run = clock_seconds();
    add_sums(watcher, &run.sums);
    *again = run.sums.waiting > run.sums.run.fetched &&
             run.sums.run.stored + run.sums.run.quarantined > 0;
    if (!watcher->warned_left)
        filing_warn_left(inbox->mailbox, inbox->imap);
    watcher->warned_left |= imap_left_marked(inbox->imap) > 0;
    return rc;
}

/* Reads what there is. Where there is nothing, there is no run. */
static int look(struct watcher *watcher, struct err *err) {
    struct watcher_report read = {.news = WATCHER_READ};
    uint64_t before = watcher->sums.run.fetched;
    size_t waiting = 0;
    bool again = false;
    watcher->busy = false;
    do {
        if (inbox_look(&watcher->inbox, &waiting, err) != 0 ||
            (waiting && read_mailbox(watcher, &again, err) != 0))
            return -1;
    } while (waiting && again && !is_over(watcher));
    watcher->inbox.one_connection = false;
    read.messages = watcher->sums.run.fetched - before;
    report(watcher, &read);
    return 0;
}

/* What each fetch does, beside reading: a changed policy, deliveries and expiries are taken into
 * account, a schema that has been migrated meanwhile is noticed, the metrics are written, and once
 * a day it is pruned. */
static int upkeep(struct watcher *watcher, struct err *err) {
    struct session *session = &watcher->session;
    watcher->next_upkeep = clock_seconds() + UPKEEP_SECONDS;
    if (database_prepare(session->store, session->config, false, err) != 0 ||
        prune_daily(session->store, session->config, err) != 0)
        return -1;
    monitor_write(session->config, watcher->options->mailbox, watcher->started, &watcher->sums,
                  session->store, NULL);
    watcher->sums = (struct pipeline_sums){0};
    watcher->started = clock_time();
    return 0;
}

static double smaller(double a, double b) {
    return a < b ? a : b;
}

/* Waits, for one beat at most. *news: there may be something to read. */
static int wait_for_news(struct watcher *watcher, bool *news, struct err *err) {
    struct imap *imap = watcher->inbox.imap;
    double beat_seconds = watcher->options->beat_seconds;
    enum imap_idle result = IMAP_IDLE_UNSUPPORTED;
    *news = watcher->busy;
    if (watcher->busy) {
        pause_for(watcher, smaller(beat_seconds, GAP_SECONDS));
        return 0;
    }
    double seconds = smaller(beat_seconds, WATCHER_IDLE_SECONDS);
    if (watcher->can_idle &&
        imap_idle(imap, (unsigned)seconds, watcher->options->socket, &result, err) != 0)
        return -1;
    *news = result == IMAP_IDLE_NEWS;
    if (result != IMAP_IDLE_UNSUPPORTED)
        return 0;
    if (watcher->can_idle)
        log_info("mailbox %s: the server has no IDLE; it is asked every %d s",
                 watcher->options->mailbox, POLL_SECONDS);
    watcher->can_idle = false;
    pause_for(watcher, smaller(beat_seconds, POLL_SECONDS));
    return is_over(watcher) ? 0 : imap_poll(imap, news, err);
}

/* The same, until there is news or something else to do; keeps the gap to the last run. */
static int wait_until_due(struct watcher *watcher, struct err *err) {
    bool news = false;
    while (!news && !is_over(watcher) && clock_seconds() < watcher->next_upkeep) {
        beat(watcher, NULL);
        if (wait_for_news(watcher, &news, err) != 0)
            return -1;
    }
    if (watcher->last_run > 0)
        pause_for(watcher, watcher->last_run + GAP_SECONDS - clock_seconds());
    return 0;
}

static int watch(struct watcher *watcher, struct err *err) {
    while (!is_over(watcher)) {
        if (look(watcher, err) != 0)
            return -1;
        if (clock_seconds() >= watcher->next_upkeep && upkeep(watcher, err) != 0)
            return -1;
        if (wait_until_due(watcher, err) != 0)
            return -1;
    }
    return 0;
}

static int find_mailbox(struct watcher *watcher, struct err *err) {
    const struct config *config = watcher->session.config;
    const struct config_mailbox *mailbox = config_mailbox_find(config, watcher->options->mailbox);
    if (!mailbox)
        return err_set(err, ERR_CONFIG, "%s does not have it any more", config->path);
    watcher->index = (size_t)(mailbox - config->mailboxes);
    watcher->inbox = mailbox_run_inbox(&watcher->session, watcher->index, watcher->options->stop);
    /* A server that allows one connection may have ended the first for the second. */
    watcher->inbox.one_connection = watcher->options->after_failure;
    return 0;
}

int watcher_run(const struct watcher_options *options, struct err *err) {
    struct watcher watcher = {.options = options, .can_idle = true, .started = clock_time()};
    log_set_field(LOG_FIELD_MAILBOX, options->mailbox);
    int rc = session_open(&watcher.session, options->invocation, false, NULL, err);
    if (rc == 0)
        rc = find_mailbox(&watcher, err);
    if (rc == 0)
        rc = mailbox_run_source(watcher.session.store, watcher.inbox.mailbox, err);
    if (rc == 0) {
        watcher.inbox.imap = mailbox_open(watcher.session.config, watcher.inbox.mailbox,
                                          options->mailbox, NULL, err);
        rc = watcher.inbox.imap ? 0 : -1;
    }
    if (rc == 0) {
        log_info("mailbox %s: logged in; watching folder %s", options->mailbox,
                 watcher.inbox.mailbox->folder);
        rc = watch(&watcher, err);
    }
    if (rc != 0) {
        struct watcher_report failed = {.news = WATCHER_FAILED};
        err_prefix(err, "mailbox %s", options->mailbox);
        failed.failure = *err;
        report(&watcher, &failed);
    }
    imap_close(watcher.inbox.imap);
    session_close(&watcher.session);
    return rc;
}
