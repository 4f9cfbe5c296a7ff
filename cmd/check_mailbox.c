/* The part of `nullsender check` that logs in to a mailbox. */
#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/check.h"
#include "cmd/clock.h"
#include "cmd/mailbox_open.h"
#include "imap/mailbox.h"
#include "imap/traits.h"
#include "store/health.h"
#include "store/mailbox.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CERTIFICATE_DAYS_MIN =
        14, /* ACME clients renew at 30 days: at 14 theirs has failed for weeks */
    WAITING_MAX = 2 * CLOCK_DAY, /* cron runs every few minutes; this old, nobody reads it */
    SUCCESS_AGE_MAX = CLOCK_DAY,
};

/* What a server that lacks an extension makes different. */
static void check_capabilities(struct check_list *list, const struct config_mailbox *mailbox,
                               const struct imap_traits *traits) {
    bool keep = mailbox->after == CONFIG_AFTER_KEEP; /* nothing is moved or removed */
    if (!keep && !traits->uidplus && !traits->move)
        check_warning(list, "capabilities", "set after = \"keep\", or expunge the folder by hand",
                      "neither MOVE nor UIDPLUS: messages are copied, and the originals stay, "
                      "marked \\Deleted");
    else if (!traits->uidplus && mailbox->after == CONFIG_AFTER_DELETE)
        check_warning(list, "capabilities", "set after = \"move\"",
                      "no UIDPLUS: messages are only marked \\Deleted");
    else
        check_ok(list, "capabilities", "%s MOVE, %s UIDPLUS, %s IDLE", traits->move ? "has" : "no",
                 traits->uidplus ? "has" : "no", traits->idle ? "has" : "no");
}

static void check_certificate(struct check_list *list, const struct config_mailbox *mailbox,
                              int64_t expires) {
    if (mailbox->tls == CONFIG_TLS_NONE) {
        check_warning(list, "certificate", "set tls = \"implicit\" or \"starttls\"",
                      "tls = \"none\": password and mails are sent in the clear");
        return;
    }
    int64_t left = expires - (int64_t)clock_time();
    if (!expires)
        check_ok(list, "certificate", "verified");
    else if (left < (int64_t)CERTIFICATE_DAYS_MIN * CLOCK_DAY)
        check_warning(list, "certificate", "have it renewed: from then on no bounce is read",
                      "verified, but it ends in %" PRId64 " days", left / CLOCK_DAY);
    else
        check_ok(list, "certificate", "verified, good for %" PRId64 " days", left / CLOCK_DAY);
}

/* Looks without making one. */
static void check_folder(struct check_list *list, struct imap *imap, const char *what,
                         const char *folder, bool is_made) {
    struct imap_folder_status status;
    struct err err = {0};
    if (imap_examine(imap, folder, &status, &err) == 0)
        check_ok(list, what, "%s, %" PRIu32 " message%s", folder, status.exists,
                 status.exists == 1 ? "" : "s");
    else if (is_made && err.code == ERR_UNAVAILABLE)
        check_ok(list, what, "%s is not there yet; the first fetch makes it", folder);
    else
        check_error(list, what, NULL, &err);
}

static void check_folders(struct check_list *list, const struct config_mailbox *mailbox,
                          struct imap *imap) {
    if (mailbox->after == CONFIG_AFTER_MOVE)
        check_folder(list, imap, "processed", mailbox->processed_folder, true);
    if (mailbox->after != CONFIG_AFTER_KEEP)
        check_folder(list, imap, "quarantine", mailbox->quarantine_folder, true);
}

/* When the message that came first reached the folder; 0: unknown. */
static int first_arrival(struct imap *imap, uint32_t uid, int64_t *arrival, struct err *err) {
    struct imap_message message;
    *arrival = 0;
    if (imap_fetch_begin(imap, &uid, 1, 1, err) != 0)
        return -1;
    int found = imap_fetch_next(imap, &message, err);
    if (found > 0)
        *arrival = message.internal_date;
    return found < 0 ? -1 : imap_finish(imap, err);
}

/* What a fetch would have to do. Of a mailbox whose messages stay, those behind what was read. */
static void check_waiting(struct check_list *list, const struct config_mailbox *mailbox,
                          struct imap *imap, struct store *store) {
    struct imap_folder_status status;
    struct store_cursor cursor = {0};
    struct err err = {0};
    struct buf span = BUF_INIT;
    uint32_t *uids = NULL, after_uid = 0;
    size_t count;
    int64_t arrival;
    bool keep = mailbox->after == CONFIG_AFTER_KEEP;
    if (imap_examine(imap, mailbox->folder, &status, &err) != 0 ||
        (keep && store && store_cursor_get(store, mailbox->name, &cursor, &err) != 0))
        goto failed;
    if (cursor.uidvalidity == status.uidvalidity)
        after_uid = cursor.last_uid;
    if (imap_uid_list(imap, after_uid, &uids, &count, &err) != 0 ||
        (count && first_arrival(imap, uids[0], &arrival, &err) != 0))
        goto failed;
    if (!count) {
        check_ok(list, "folder", "%s, nothing waiting", mailbox->folder);
        goto out;
    }
    double age = arrival ? clock_time() - (double)arrival : 0;
    check_add_span(&span, age > 0 ? (unsigned long)age : 0);
    if (age > WAITING_MAX)
        check_warning(list, "folder", "does cron run nullsender fetch?",
                      "%s, %zu waiting, the first of them for %s", mailbox->folder, count,
                      span.data);
    else
        check_ok(list, "folder", "%s, %zu waiting%s%s", mailbox->folder, count,
                 arrival ? ", the first of them for " : "", arrival ? span.data : "");
    goto out;
failed:
    check_error(list, "folder", NULL, &err);
out:
    buf_free(&span);
    free(uids);
}

static void check_last_run(struct check_list *list, const struct config_mailbox *mailbox,
                           struct store *store) {
    struct arena *arena = arena_new();
    struct store_last_run run;
    struct err err = {0};
    struct buf span = BUF_INIT;
    if (store_last_run_read(store, mailbox->name, arena, &run, &err) != 0)
        goto failed;
    check_add_span(&span, run.age);
    if (!run.any)
        check_ok(list, "last run", "none yet");
    else if (run.error)
        check_warning(list, "last run", NULL, "failed %s ago: %s", span.data, run.error);
    else if (!run.adds_up)
        check_fail(list, ERR_SOFTWARE, "last run", "see its row in bounce.run, and report it",
                   "its sums did not add up, %s ago", span.data);
    else if (run.age > SUCCESS_AGE_MAX)
        check_warning(list, "last run", "does cron run nullsender fetch?", "well, but %s ago",
                      span.data);
    else
        check_ok(list, "last run", "well, %s ago", span.data);
    goto out;
failed:
    check_error(list, "last run", NULL, &err);
out:
    buf_free(&span);
    arena_free(arena);
}

void check_mailbox(struct check_list *list, const struct config *config,
                   const struct config_mailbox *mailbox, struct store *store) {
    struct imap_traits traits;
    struct err err = {0};
    check_section(list, "mailbox %s", mailbox->name);
    struct imap *imap = mailbox_open(config, mailbox, mailbox->name, NULL, &err);
    if (!imap) {
        check_error(list, "login", NULL, &err);
    } else {
        check_ok(list, "login", "%s at %s", mailbox->user, mailbox->host);
        imap_traits_read(imap, &traits);
        check_certificate(list, mailbox, traits.certificate_expires);
        check_capabilities(list, mailbox, &traits);
        check_folders(list, mailbox, imap);
        check_waiting(list, mailbox, imap, store);
    }
    imap_close(imap);
    if (store)
        check_last_run(list, mailbox, store);
}
