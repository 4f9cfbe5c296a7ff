/* nullsender import: mails from disk, through the same pipeline as fetch. */
#include "cmd/command.h"
#include "cmd/file.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/summary.h"

/* The name that mails from disk have in the ledger where mailboxes have theirs. */
static const char SOURCE[] = "import";

/* On disk there are no UIDs; the bytes tell whether a mail is known (their SHA-256 is the message's
 * identity), so that this only has to be stable and spread: FNV-1a. */
static uint32_t uid_of(struct bytes mail) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < mail.len; i++)
        hash = (hash ^ (unsigned char)mail.data[i]) * 16777619u;
    return hash ? hash : 1;
}

struct import {
    struct pipeline *pipeline;
    size_t octets_max;
};

static int import_mail(void *context, const char *path, struct bytes mail, struct err *err) {
    struct import *import = context;
    const struct pipeline_message message = {
        .uid = uid_of(mail),
        .path = path,
        .size = mail.len,
        .bytes = bytes_first(mail, import->octets_max),
        .truncated = mail.len > import->octets_max,
    };
    if (pipeline_add(import->pipeline, &message, err) != 0)
        return err_prefix(err, "%s", path);
    return 0;
}

static int import_all(const struct session *session, const struct invocation *invocation,
                      const char *run, struct pipeline_sums *sums, struct err *err) {
    struct progress progress;
    const struct config *config = session->config;
    struct pipeline_options options = session_pipeline_options(session, SOURCE, 0, run);
    options.progress = progress_update;
    options.progress_context = &progress;
    struct import import = {
        .pipeline = pipeline_new(&options, sums),
        .octets_max =
            config->mailbox_count ? (size_t)config->mailboxes[0].message_octets : 256 * 1024,
    };
    progress_start(&progress, SOURCE);
    int rc = 0;
    for (int i = 0; rc == 0 && i < invocation->argument_count; i++)
        rc = file_mails(invocation->arguments[i], import_mail, &import, err);
    /* What was read before a file that cannot be read is stored all the same. */
    struct err second;
    if (pipeline_finish(import.pipeline, rc ? &second : err) != 0)
        rc = -1;
    progress_end(&progress);
    pipeline_free(import.pipeline);
    if (rc == 0 && !session->dry_run)
        rc = summary_check(&sums->run, err);
    if (rc == 0)
        summary_print(SOURCE, sums, session->dry_run, progress_seconds(&progress));
    return rc;
}

int command_import(const struct invocation *invocation, struct err *err) {
    struct session session;
    struct pipeline_sums sums = {0};
    struct err second;
    char run[STORE_RUN_ID_SIZE] = "";
    int rc =
        session_open(&session, invocation, invocation_has(invocation, OPTION_DRY_RUN), NULL, err);
    if (rc == 0 && !session.dry_run)
        rc = store_run_begin(session.store, "import", SOURCE, VERSION,
                             ruleset_version(session.analyst.rules), run, err);
    if (rc == 0)
        rc = import_all(&session, invocation, run, &sums, err);
    if (*run &&
        store_run_finish(session.store, run, &sums.run, rc ? err : NULL, rc ? &second : err) != 0)
        rc = -1;
    session_close(&session);
    return rc;
}
