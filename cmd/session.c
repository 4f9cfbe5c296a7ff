#include "cmd/session.h"

#include "cmd/base/memory.h"
#include "cmd/database.h"

#include <stdlib.h>

static int start_workers(struct session *session, const struct invocation *invocation,
                         struct err *err) {
    const struct config *config = session->config;
    size_t count = config->mailbox_count ? config->mailbox_count : 1;
    long workers = config->workers ? config->workers : (long)worker_count_default();
    if (invocation_number(invocation, OPTION_WORKERS, 1, 256, workers, &workers, err) != 0)
        return -1;
    session->report_options = memory_zero(count, sizeof *session->report_options);
    for (size_t i = 0; i < count; i++)
        session->report_options[i].campaign_header = config->campaign_header;
    for (size_t i = 0; i < config->mailbox_count; i++) {
        const struct config_mailbox *mailbox = &config->mailboxes[i];
        session->report_options[i].recipient_header = mailbox->recipient_header;
        session->report_options[i].recipient_header_instance =
            (unsigned)mailbox->recipient_header_instance;
    }
    const struct worker_pool_options options = {
        .count = (unsigned)workers,
        .reports = session->report_options,
        .report_count = count,
    };
    return worker_pool_start(&options, &session->pool, err);
}

int session_open(struct session *session, const struct invocation *invocation, bool dry_run,
                 int (*check)(const struct invocation *, const struct config *, struct err *),
                 struct err *err) {
    *session = (struct session){.dry_run = dry_run};
    if (database_config_read(invocation, &session->config, err) != 0 ||
        (check && check(invocation, session->config, err) != 0) ||
        start_workers(session, invocation, err) != 0)
        return -1;
    /* While the workers start. */
    if (analyst_open(&session->analyst, session->config->rules_directory,
                     session->config->verp_patterns, err) != 0 ||
        analyst_read_keys(&session->analyst, session->config, err) != 0 ||
        database_open(session->config, &session->store, err) != 0)
        return -1;
    return database_prepare(session->store, session->config, dry_run, err);
}

void session_close(struct session *session) {
    worker_pool_stop(session->pool);
    store_close(session->store);
    analyst_close(&session->analyst);
    free(session->report_options);
    config_free(session->config);
}

struct pipeline_options session_pipeline_options(const struct session *session, const char *mailbox,
                                                 size_t report_option, const char *run) {
    return (struct pipeline_options){
        .analyst = &session->analyst,
        .pool = session->pool,
        .report_option = (unsigned)report_option,
        .store = session->dry_run ? NULL : session->store,
        .tokens = session->store,
        .run = run,
        .mailbox = mailbox,
        .keep_raw = session->config->keep_raw,
        .batch_messages = (size_t)session->config->commit_messages,
    };
}
