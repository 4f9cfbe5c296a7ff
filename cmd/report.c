/* nullsender report and nullsender campaign set: the campaigns, for people. */
#include "cmd/report.h"

#include "cmd/base/utf8.h"
#include "cmd/command.h"
#include "cmd/database.h"
#include "cmd/near.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_WIDTH = 80,        /* where there is no terminal to ask */
    PAGE_RECIPIENTS = 1000, /* a browser sorts so many while one waits */
    TIME_TEXT_SIZE = sizeof "2026-11-22T06:14:00Z",
};

struct report {
    struct store *store;
    struct arena *arena;
    struct report_document document;
    unsigned wanted; /* tables: 1u << STORE_REPORT_X */
    size_t recipient_limit;
};

static unsigned terminal_width(bool to_stdout) {
    struct winsize size;
    if (to_stdout && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return TEXT_WIDTH;
}

static void add_text(struct buf *out, const struct report_document *document, bool to_stdout) {
    report_text_add(out, document, terminal_width(to_stdout));
}

static void add_csv(struct buf *out, const struct report_document *document, bool to_stdout) {
    (void)to_stdout;
    for (size_t i = 0; i < STORE_REPORT_COUNT; i++)
        if (document->tables[i].columns)
            report_csv_add(out, &document->tables[i]);
}

static void add_json(struct buf *out, const struct report_document *document, bool to_stdout) {
    (void)to_stdout;
    report_json_add(out, document);
}

static void add_page(struct buf *out, const struct report_document *document, bool to_stdout) {
    (void)to_stdout;
    char now[TIME_TEXT_SIZE];
    time_t seconds = time(NULL);
    struct tm parts;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
    report_page_add(out, document, now);
}

#define ONE(table) (1u << STORE_REPORT_##table)
#define OVERVIEW (ONE(CAMPAIGNS) | ONE(DAYS) | ONE(CATEGORIES) | ONE(DOMAINS))

static const struct format {
    const char *name;
    unsigned all;           /* its tables where the command line chooses none: of all campaigns, */
    unsigned one_campaign;  /* and of one */
    bool one_table;         /* there is no room for a second one */
    size_t recipient_limit; /* 0: none */
    void (*add)(struct buf *out, const struct report_document *document, bool to_stdout);
} formats[] = {
    /* in the order of the command table */
    {"text", ONE(CAMPAIGNS), OVERVIEW, false, 0, add_text},
    {"csv", ONE(CAMPAIGNS), ONE(CAMPAIGNS), true, 0, add_csv},
    {"json", ONE(CAMPAIGNS), OVERVIEW, false, 0, add_json},
    {"html", OVERVIEW, ONE(DAYS) | ONE(CATEGORIES) | ONE(DOMAINS) | ONE(RECIPIENTS), false,
     PAGE_RECIPIENTS, add_page},
};

static int choose_tables(struct report *report, const struct invocation *invocation,
                         const struct format *format, struct err *err) {
    static const struct {
        enum option_id option;
        enum store_report table;
    } choices[] = {
        {OPTION_REPORT_DAY, STORE_REPORT_DAYS},
        {OPTION_REPORT_CATEGORY, STORE_REPORT_CATEGORIES},
        {OPTION_REPORT_DOMAIN, STORE_REPORT_DOMAINS},
        {OPTION_REPORT_RECIPIENT, STORE_REPORT_RECIPIENTS},
    };
    const char *campaign = report->document.campaign;
    size_t chosen = 0;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (invocation_has(invocation, choices[i].option)) {
            report->wanted |= 1u << choices[i].table;
            chosen++;
        }
    if (report->wanted & ONE(RECIPIENTS) && !campaign)
        return err_set(err, ERR_USAGE, "--recipient needs a CAMPAIGN");
    if (chosen > 1 && format->one_table)
        return err_set(err, ERR_USAGE, "%s has room for one table; choose one of them",
                       format->name);
    if (!chosen)
        report->wanted = campaign ? format->one_campaign : format->all;
    report->recipient_limit = format->recipient_limit;
    return 0;
}

static int no_such_campaign(const char *name, const struct store_report_table *campaigns,
                            struct err *err) {
    struct near near = near_start(name);
    for (size_t row = 0; row < campaigns->row_count; row++)
        near_offer(&near, store_report_cell(campaigns, row, "campaign"));
    const char *otherwise =
        campaigns->row_count ? "; 'nullsender report' lists them" : ": the ledger has none yet";
    return err_set(err, ERR_NOT_FOUND, "no campaign '%s'%s", name, near_question(&near, otherwise));
}

/* The sums always come from the table of campaigns, whether it is shown or not. */
static int read_campaigns(struct report *report, struct err *err) {
    struct report_document *document = &report->document;
    const char *campaign = document->campaign;
    struct store_report_table campaigns = {0};
    /* What is no UTF-8 is no campaign's name, and PostgreSQL would refuse to compare it. */
    bool may_exist = !campaign || utf8_is_valid(bytes_of(campaign));
    if (may_exist && store_report_read(report->store, STORE_REPORT_CAMPAIGNS, campaign, 0,
                                       report->arena, &campaigns, err) != 0)
        return -1;
    if (campaign && !campaigns.row_count) {
        if (store_report_read(report->store, STORE_REPORT_CAMPAIGNS, NULL, 0, report->arena,
                              &campaigns, err) != 0)
            return -1;
        return no_such_campaign(campaign, &campaigns, err);
    }
    document->totals = report_totals_of(&campaigns);
    document->recipients = document->totals.bounced + document->totals.complaint;
    if (report->wanted & ONE(CAMPAIGNS))
        document->tables[STORE_REPORT_CAMPAIGNS] = campaigns;
    return 0;
}

static int read_document(struct report *report, struct err *err) {
    struct report_document *document = &report->document;
    if (read_campaigns(report, err) != 0)
        return -1;
    for (enum store_report r = STORE_REPORT_CAMPAIGNS + 1; r < STORE_REPORT_COUNT; r++) {
        size_t limit = r == STORE_REPORT_RECIPIENTS ? report->recipient_limit : 0;
        if (report->wanted >> r & 1 &&
            store_report_read(report->store, r, document->campaign, limit, report->arena,
                              &document->tables[r], err) != 0)
            return -1;
    }
    return store_freshness_read(report->store, report->arena, &document->freshness, err);
}

static int write_and_close(FILE *file, const char *path, struct bytes text, struct err *err) {
    bool written = fwrite(text.data, 1, text.len, file) == text.len;
    written = fclose(file) == 0 && written;
    return written ? 0 : err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
}

/* Under another name first: who reads the file meanwhile sees the old one or the new one. What is
 * no plain file (/dev/stdout, a pipe, a symbolic link) is written to and not replaced. */
static int write_file(const char *path, struct bytes text, struct err *err) {
    char temporary[PATH_MAX];
    struct stat there;
    bool replace = lstat(path, &there) != 0 || S_ISREG(there.st_mode);
    int len = snprintf(temporary, sizeof temporary, "%s%s", path, replace ? ".new" : "");
    FILE *file = len < (int)sizeof temporary ? fopen(temporary, "w") : NULL;
    if (!file)
        return err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
    if (write_and_close(file, path, text, err) != 0) {
        if (replace)
            unlink(temporary);
        return -1;
    }
    if (replace && rename(temporary, path) != 0) {
        err_set_errno(err, ERR_CANNOT_CREATE, "%s", path);
        unlink(temporary);
        return -1;
    }
    return 0;
}

int command_report(const struct invocation *invocation, struct err *err) {
    const char *path = invocation_value(invocation, OPTION_OUTPUT, "-");
    bool to_stdout = !strcmp(path, "-");
    unsigned format;
    struct report report = {.arena = arena_new()};
    struct buf out = BUF_INIT;
    int rc = -1;
    if (invocation->argument_count)
        report.document.campaign = invocation->arguments[0];
    if (invocation_format(invocation, &format, err) != 0 ||
        choose_tables(&report, invocation, &formats[format], err) != 0 ||
        database_connect(invocation, &report.store, err) != 0 || read_document(&report, err) != 0)
        goto out;
    formats[format].add(&out, &report.document, to_stdout);
    if (to_stdout)
        fwrite(out.data, 1, out.len, stdout); /* main() looks whether that went well */
    rc = to_stdout ? 0 : write_file(path, buf_bytes(&out), err);
out:
    buf_free(&out);
    store_close(report.store);
    arena_free(report.arena);
    return rc;
}

int command_campaign_set(const struct invocation *invocation, struct err *err) {
    const char *name = invocation->arguments[0];
    struct store *store = NULL;
    struct buf shown = BUF_INIT;
    long sent;
    bool bounced;
    int rc = -1;
    if (invocation_number(invocation, OPTION_SENT, 1, LONG_MAX, 0, &sent, err) != 0)
        goto out;
    if (!sent) {
        err_set(err, ERR_USAGE, "campaign set: --sent N is missing");
        goto out;
    }
    if (!*name || !utf8_is_valid(bytes_of(name))) {
        err_set(err, ERR_USAGE, "'%s' cannot be a campaign's name", name);
        goto out;
    }
    if (database_connect(invocation, &store, err) != 0 ||
        store_campaign_set_sent(store, name, (uint64_t)sent, &bounced, err) != 0)
        goto out;
    utf8_add_visible(&shown, name);
    printf("%s: %ld sent%s\n", shown.data, sent,
           bounced ? "" : "; nothing of it has bounced so far");
    rc = 0;
out:
    buf_free(&shown);
    store_close(store);
    return rc;
}
