/* nullsender fetch: every mailbox of the configuration, one after the other. */
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/database.h"
#include "cmd/inbox.h"
#include "cmd/log.h"
#include "cmd/pipeline.h"
#include "cmd/progress.h"
#include "cmd/secret.h"
#include "cmd/worker.h"
#include "store/mailbox.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What all mailboxes of a run share. */
struct fetch {
    struct config *config;
    struct report_options *report_options; /* by mailbox */
    struct worker_pool *pool;
    struct analyst analyst;
    struct store *store;
    bool dry_run;
    long limit;
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

static void trace(void *context, enum imap_direction direction, struct bytes line) {
    log_debug("%s %s %.*s", (const char *)context, direction == IMAP_SENT ? ">" : "<",
              (int)line.len, line.data);
}

static void alert(void *context, struct bytes text) {
    log_warning("mailbox %s: the server wants you to know: %.*s", (const char *)context,
                (int)text.len, text.data);
}

static struct imap *open_imap(const struct config_mailbox *mailbox, struct err *err) {
    static const enum imap_tls tls[] = {[CONFIG_TLS_IMPLICIT] = IMAP_TLS_IMPLICIT,
                                        [CONFIG_TLS_STARTTLS] = IMAP_TLS_STARTTLS,
                                        [CONFIG_TLS_NONE] = IMAP_TLS_NONE};
    char *password;
    if (secret_read(&mailbox->password, &password, err) != 0)
        return NULL;
    struct imap_options options = {
        .host = mailbox->host,
        .port = (unsigned)mailbox->port,
        .tls = tls[mailbox->tls],
        .user = mailbox->user,
        .password = password,
        .ca_file = mailbox->ca_file,
        .connect_timeout = (unsigned)mailbox->timeout,
        .idle_timeout = (unsigned)mailbox->timeout,
        .trace = log_is_on(LOG_LEVEL_DEBUG) ? trace : NULL,
        .alert = alert,
        .context = (void *)(uintptr_t)mailbox->name,
    };
    struct imap *imap = imap_open(&options, err);
    secret_free(password);
    return imap;
}

/* On a terminal or with --verbose; cron mails whatever is printed. */
static bool is_talkative(void) {
    return log_is_on(LOG_LEVEL_INFO) || isatty(STDOUT_FILENO);
}

static void print_summary(const struct config_mailbox *mailbox, const struct pipeline_sums *sums,
                          bool dry_run, double seconds) {
    const struct store_run_sums *run = &sums->run;
    if (!run->fetched) {
        printf("mailbox %s: nothing new\n", mailbox->name);
        return;
    }
    printf("mailbox %s: %" PRIu64 " fetched", mailbox->name, run->fetched);
    if (dry_run)
        printf(" (dry run: nothing stored, nothing filed away)\n");
    else
        printf(" = %" PRIu64 " stored + %" PRIu64 " quarantined + %" PRIu64 " already known\n",
               run->stored, run->quarantined, run->already_known);
    printf("  verdicts     ");
    for (enum verdict v = VERDICT_COUNT; v-- > 0;)
        printf("%s%s %" PRIu64, v == VERDICT_COUNT - 1 ? "" : ", ", verdict_name(v),
               sums->verdicts[v]);
    printf("\n  messages     not a bounce %" PRIu64 ", nobody identified %" PRIu64 "\n",
           sums->not_a_bounce, sums->unmatched);
    if (!dry_run)
        printf("  addresses    %" PRIu64 " newly suppressed, %" PRIu64
               " of them by repeated soft bounces\n",
               sums->suppressed, run->escalations);
    printf("  time         %.1f s, %.0f messages/s (waiting for IMAP %.1f s, for decoding %.1f s, "
           "for PostgreSQL %.1f s)\n",
           seconds, seconds > 0 ? (double)run->fetched / seconds : 0, sums->seconds_fetching,
           sums->seconds_decoding, sums->seconds_storing);
}

/* DESIGN: fetched = stored + quarantined + already known, or the run has failed. */
static int check_sums(const struct store_run_sums *run, struct err *err) {
    if (run->fetched == run->stored + run->quarantined + run->already_known)
        return 0;
    return err_set(err, ERR_SOFTWARE,
                   "the sums do not add up: %" PRIu64 " fetched, %" PRIu64 " stored, %" PRIu64
                   " quarantined, %" PRIu64 " already known",
                   run->fetched, run->stored, run->quarantined, run->already_known);
}

static int read_inbox(struct fetch *fetch, size_t index, struct imap *imap, const char *run,
                      struct pipeline_sums *sums, struct err *err) {
    const struct config_mailbox *mailbox = &fetch->config->mailboxes[index];
    struct progress progress;
    const struct inbox inbox = {
        .mailbox = mailbox,
        .imap = imap,
        .store = fetch->store,
        .dry_run = fetch->dry_run,
        .limit = (uint64_t)fetch->limit,
        .window = (size_t)fetch->config->commit_messages,
        .stop = &stop_asked,
    };
    const struct pipeline_options options = {
        .analyst = &fetch->analyst,
        .pool = fetch->pool,
        .report_option = (unsigned)index,
        .store = fetch->dry_run ? NULL : fetch->store,
        .run = run,
        .mailbox = mailbox->name,
        .keep_raw = fetch->config->keep_raw,
        .batch_messages = (size_t)fetch->config->commit_messages,
        .progress = progress_update,
        .progress_context = &progress,
    };
    progress_start(&progress, mailbox->name);
    int rc = inbox_read(&inbox, options, sums, err);
    progress_end(&progress);
    if (rc == 0 && !fetch->dry_run)
        rc = check_sums(&sums->run, err);
    if (rc == 0 && is_talkative())
        print_summary(mailbox, sums, fetch->dry_run, progress_seconds(&progress));
    size_t left = imap_left_marked(imap);
    if (left)
        log_warning("mailbox %s: %zu messages are filed away but remain in %s, marked \\Deleted: "
                    "the server has no UIDPLUS",
                    mailbox->name, left, mailbox->folder);
    return rc;
}

static int fetch_mailbox(struct fetch *fetch, size_t index, struct err *err) {
    const struct config_mailbox *mailbox = &fetch->config->mailboxes[index];
    struct pipeline_sums sums = {0};
    struct store_lock *lock = NULL;
    struct imap *imap = NULL;
    char run[STORE_RUN_ID_SIZE] = "";
    int rc = -1;
    if (!fetch->dry_run) {
        if (store_mailbox_lock(fetch->store, mailbox->name, &lock, err) != 0)
            goto out;
        if (!lock) {
            log_info("mailbox %s: another run is at work on it; left alone", mailbox->name);
            rc = 0;
            goto out;
        }
        if (store_run_begin(fetch->store, "fetch", mailbox->name, VERSION,
                            ruleset_version(fetch->analyst.rules), run, err) != 0)
            goto out;
    }
    imap = open_imap(mailbox, err);
    if (imap)
        rc = read_inbox(fetch, index, imap, run, &sums, err);
    if (*run) {
        /* After a lost database this fails too; the first error is the one to tell. */
        struct err second;
        if (store_run_finish(fetch->store, run, &sums.run, rc ? err->text : NULL, &second) != 0 &&
            rc == 0) {
            *err = second;
            rc = -1;
        }
    }
out:
    imap_close(imap);
    store_lock_free(lock);
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
static int fetch_all(struct fetch *fetch, const struct invocation *invocation, struct err *err) {
    int rc = 0;
    for (size_t i = 0; i < fetch->config->mailbox_count && !stop_asked; i++) {
        struct err failure = {0};
        if (!is_wanted(invocation, fetch->config->mailboxes[i].name) ||
            fetch_mailbox(fetch, i, &failure) == 0)
            continue;
        if (rc == 0)
            *err = failure;
        else
            log_error("%s", failure.text);
        rc = -1;
        if (failure.code == ERR_TEMPORARY && store_reconnect(fetch->store, &failure) != 0)
            break;
    }
    return rc;
}

static int start(struct fetch *fetch, const struct invocation *invocation, struct err *err) {
    long workers;
    if (invocation_number(invocation, OPTION_LIMIT, 1, LONG_MAX, 0, &fetch->limit, err) != 0 ||
        database_config_read(invocation, &fetch->config, err) != 0 ||
        check_mailbox_names(invocation, fetch->config, err) != 0)
        return -1;
    const struct config *config = fetch->config;
    long cores = config->workers ? config->workers : (long)worker_core_count();
    if (invocation_number(invocation, OPTION_WORKERS, 1, 256, cores, &workers, err) != 0)
        return -1;
    fetch->report_options = memory_zero(config->mailbox_count, sizeof *fetch->report_options);
    for (size_t i = 0; i < config->mailbox_count; i++)
        fetch->report_options[i] = (struct report_options){
            .recipient_header = config->mailboxes[i].recipient_header,
            .recipient_header_instance = (unsigned)config->mailboxes[i].recipient_header_instance,
            .campaign_header = config->campaign_header,
        };
    if (analyst_open(&fetch->analyst, config->rules_directory, config->verp_patterns, err) != 0)
        return -1;
    /* The processes that see hostile mail start before any secret is read. */
    const struct worker_pool_options pool = {
        .count = (unsigned)workers,
        .reports = fetch->report_options,
        .report_count = config->mailbox_count,
    };
    if (worker_pool_start(&pool, &fetch->pool, err) != 0 ||
        database_open(config, &fetch->store, err) != 0 ||
        database_prepare(fetch->store, config, fetch->dry_run, err) != 0)
        return -1;
    return 0;
}

int command_fetch(const struct invocation *invocation, struct err *err) {
    struct fetch fetch = {.dry_run = invocation_has(invocation, OPTION_DRY_RUN)};
    catch_signals();
    int rc = start(&fetch, invocation, err);
    if (rc == 0)
        rc = fetch_all(&fetch, invocation, err);
    worker_pool_stop(fetch.pool);
    store_close(fetch.store);
    analyst_close(&fetch.analyst);
    free(fetch.report_options);
    config_free(fetch.config);
    return rc;
}
