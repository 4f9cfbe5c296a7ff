/* Moving and deleting: imap_move_begin, imap_delete_begin, imap_advance, imap_finish of mailbox.h.
 */
#include "imap/folder.h"
#include "imap/folder_name.h"
#include "imap/sequence_set.h"
#include "imap/session.h"

#include <stdlib.h>

static int check_writable(const struct imap *imap, struct err *err) {
    if (session_check(imap, err) < 0)
        return -1;
    if (!imap->selected)
        return err_set(err, ERR_SOFTWARE, "filing messages away with no folder selected");
    if (imap->status.read_only)
        return err_set(err, ERR_PERMISSION, "the folder is read-only");
    return 0;
}

/* Queues the first step; session.c goes on from there. */
static void queue(struct imap *imap, enum command_kind kind, const char *text, const uint32_t *uids,
                  size_t count) {
    uint32_t *sorted = sequence_set_sorted(uids, &count);
    for (size_t i = 0, some; i < count; i += some) {
        some = command_fit(sorted + i, count - i);
        command_list_add(&imap->filings, command_new(kind, text, sorted + i, some));
    }
    free(sorted);
}

int imap_move_begin(struct imap *imap, const uint32_t *uids, size_t count, const char *folder,
                    struct err *err) {
    struct buf name = BUF_INIT;
    int result = -1;
    if (check_writable(imap, err) < 0 ||
        folder_name_write(&name, folder_name_here(imap, folder), err) < 0)
        goto out;
    queue(imap, imap->has.move ? COMMAND_MOVE : COMMAND_COPY, name.data, uids, count);
    result = 0;
out:
    buf_free(&name);
    return result;
}

int imap_delete_begin(struct imap *imap, const uint32_t *uids, size_t count, struct err *err) {
    if (check_writable(imap, err) < 0)
        return -1;
    queue(imap, COMMAND_MARK, NULL, uids, count);
    return 0;
}

int imap_advance(struct imap *imap, struct err *err) {
    int has_input;
    while ((has_input = session_has_input(imap, err)) > 0)
        if (session_step(imap, err) < 0)
            return -1;
    return has_input < 0 ? -1 : session_open_commands(imap) > 0;
}

int imap_finish(struct imap *imap, struct err *err) {
    if (session_check(imap, err) < 0)
        return -1;
    for (;;) {
        imap->open_fetches -= imap->fetches.count;
        command_list_free(&imap->fetches);
        if (session_open_commands(imap) == 0)
            break;
        if (session_step(imap, err) < 0)
            return -1;
        imap->message_ready = false;
    }
    imap->message_ready = false;
    if (imap->refused.code == ERR_NONE)
        return 0;
    if (err != NULL)
        *err = imap->refused;
    imap->refused = (struct err){0};
    return -1;
}

size_t imap_filed(const struct imap *imap) {
    return imap->filed + imap->left_marked;
}

size_t imap_left_marked(const struct imap *imap) {
    return imap->left_marked;
}
