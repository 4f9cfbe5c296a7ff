#include "cmd/mailbox_run.h"

#include "cmd/base/buf.h"
#include "cmd/clock.h"
#include "cmd/log.h"
#include "store/run.h"

#include <stdint.h>

int mailbox_run_source(struct store *store, const struct config_mailbox *mailbox, struct err *err) {
    struct buf source = BUF_INIT;
    buf_printf(&source, "%s at %s, %s", mailbox->user, mailbox->host, mailbox->folder);
    int rc = store_mailbox_source(store, mailbox->name, source.data, err);
    buf_free(&source);
    return rc;
}

int mailbox_run_begin(struct mailbox_run *run, const struct session *session,
                      const struct config_mailbox *mailbox, bool *claimed, struct err *err) {
    *run = (struct mailbox_run){.store = session->store};
    *claimed = false;
    if (store_mailbox_lock(session->store, mailbox->name, &run->lock, err) != 0)
        return -1;
    if (!run->lock) {
        log_info("mailbox %s: another run is at work on it; left alone", mailbox->name);
        return 0;
    }
    *claimed = true;
    if (mailbox_run_source(session->store, mailbox, err) != 0 ||
        store_run_begin(session->store, "fetch", mailbox->name, VERSION,
                        ruleset_version(session->analyst.rules), run->id, err) != 0)
        return -1;
    log_set_field(LOG_FIELD_RUN, run->id);
    return 0;
}

int mailbox_run_end(struct mailbox_run *run, int rc, struct err *err) {
    /* After a lost database this fails too; the first error is the one to tell. */
    struct err second;
    if (*run->id &&
        store_run_finish(run->store, run->id, &run->sums.run, rc ? err : NULL, &second) != 0 &&
        rc == 0) {
        *err = second;
        rc = -1;
    }
    store_lock_free(run->lock);
    run->lock = NULL;
    return rc;
}

struct inbox mailbox_run_inbox(const struct session *session, size_t index,
                               const volatile sig_atomic_t *stop) {
    const struct config *config = session->config;
    const struct config_mailbox *mailbox = &config->mailboxes[index];
    long window = mailbox->fetch_messages ? mailbox->fetch_messages : config->commit_messages;
    return (struct inbox){
        .config = config,
        .mailbox = mailbox,
        .store = session->store,
        .dry_run = session->dry_run,
        .limit = UINT64_MAX,
        .until = clock_seconds() + MAILBOX_RUN_SECONDS,
        .window = (size_t)window,
        .stop = stop,
    };
}
