#include "imap/mailbox.h"

#include "cmd/base/memory.h"
#include "imap/folder_name.h"
#include "imap/refusal.h"
#include "imap/session.h"

#include <stdlib.h>
#include <strings.h>

enum {
    LOGOUT_SECONDS = 2, /* to be polite for */
};

static long read_bytes(void *context, char *to, size_t room, bool wait, struct err *err) {
    struct imap *imap = context;
    return connection_read(imap->connection, to, room, wait, err);
}

static void trace_line(void *context, struct bytes line) {
    struct imap *imap = context;
    imap->options.trace(imap->options.context, IMAP_RECEIVED, line);
}

struct imap *imap_open(const struct imap_options *options, struct err *err) {
    struct connection *connection = connection_establish(options, err);
    if (connection == NULL)
        return NULL;
    struct imap *imap = memory_zero(1, sizeof *imap);
    imap->connection = connection;
    imap->options.trace = options->trace;
    imap->options.alert = options->alert;
    imap->options.context = options->context;
    imap->body = imap->word = imap->text = (struct buf)BUF_INIT;
    reader_init(&imap->reader, read_bytes, options->trace != NULL ? trace_line : NULL, imap);
    /* libcurl has asked before the login, when the server need not tell all. */
    if (session_run(imap, "CAPABILITY", err) == 0)
        return imap;
    if (imap->failure.code == ERR_NONE)
        err_set(err, ERR_PROTOCOL, "the server refuses CAPABILITY: %s", imap->text.data);
    imap_close(imap);
    return NULL;
}

void imap_close(struct imap *imap) {
    if (imap == NULL)
        return;
    if (imap->failure.code == ERR_NONE && imap->sent.count == 0) {
        command_list_free(&imap->filings);
        command_list_free(&imap->fetches);
        connection_limit(imap->connection, LOGOUT_SECONDS);
        session_run(imap, "LOGOUT", NULL); /* the server's BYE ends it */
    }
    connection_close(imap->connection);
    command_list_free(&imap->filings);
    command_list_free(&imap->fetches);
    command_list_free(&imap->sent);
    reader_free(&imap->reader);
    buf_free(&imap->body);
    buf_free(&imap->word);
    buf_free(&imap->text);
    free(imap);
}

/* Adds the folders that there are to the server's refusal of one. */
static int unknown_folder(struct imap *imap, const char *folder, struct err *err) {
    struct buf folders = BUF_INIT;
    struct err refused = {0};
    err_set(&refused, refusal_code(buf_bytes(&imap->text), ERR_UNAVAILABLE),
            "folder %s: the server says: %s", folder, imap->text.data);
    imap->folders = &folders;
    int listed = session_run(imap, "LIST \"\" \"*\"", err);
    imap->folders = NULL;
    if (listed >= 0)
        err_set(err, refused.code, "%s%s%.*s%s", refused.text,
                folders.len > 0 ? "; there are: " : "",
                (int)bytes_first(buf_bytes(&folders), SESSION_FOLDERS_MAX).len, folders.data,
                folders.len > SESSION_FOLDERS_MAX ? "..." : "");
    buf_free(&folders);
    return -1;
}

static int open_folder(struct imap *imap, const char *verb, const char *folder,
                       struct imap_folder_status *status, struct err *err) {
    struct buf command = BUF_INIT;
    int result = -1;
    buf_printf(&command, "%s ", verb);
    if (session_check(imap, err) < 0 || folder_name_write(&command, folder, err) < 0)
        goto out;
    imap->selected = false;
    imap->status = (struct imap_folder_status){0};
    result = session_run(imap, command.data, err);
    if (result == 1)
        result = unknown_folder(imap, folder, err);
    if (result < 0)
        goto out;
    imap->selected = true;
    *status = imap->status;
out:
    buf_free(&command);
    return result;
}

int imap_select(struct imap *imap, const char *folder, struct imap_folder_status *status,
                struct err *err) {
    return open_folder(imap, "SELECT", folder, status, err);
}

int imap_examine(struct imap *imap, const char *folder, struct imap_folder_status *status,
                 struct err *err) {
    if (open_folder(imap, "EXAMINE", folder, status, err) < 0)
        return -1;
    imap->status.read_only = status->read_only = true; /* also where the server does not say so */
    return 0;
}

/* Runs `verb` with the folder's name; see session_run. */
static int run_on_folder(struct imap *imap, const char *verb, const char *folder, struct err *err) {
    struct buf command = BUF_INIT;
    buf_printf(&command, "%s ", verb);
    int result = folder_name_write(&command, folder, err);
    if (result == 0)
        result = session_run(imap, command.data, err);
    buf_free(&command);
    return result;
}

int imap_folder_ensure(struct imap *imap, const char *folder, struct err *err) {
    if (strcasecmp(folder, "INBOX") == 0) /* is always there, RFC 9051 section 5.1 */
        return session_check(imap, err);
    imap->wanted_folder = folder;
    imap->found_folder = false;
    int result = run_on_folder(imap, "LIST \"\"", folder, err);
    imap->wanted_folder = NULL;
    if (result < 0 || imap->found_folder)
        return result < 0 ? -1 : 0;
    result = run_on_folder(imap, "CREATE", folder, err);
    if (result < 0)
        return -1;
    /* Another run may have been faster. */
    if (result == 1 && !refusal_has_code(buf_bytes(&imap->text), "ALREADYEXISTS"))
        return err_set(err, refusal_code(buf_bytes(&imap->text), ERR_UNAVAILABLE),
                       "folder %s cannot be created: the server says: %s", folder, imap->text.data);
    /* So that mail programs show it; a server need not know subscriptions. */
    return run_on_folder(imap, "SUBSCRIBE", folder, err) < 0 ? -1 : 0;
}

int imap_uid_list(struct imap *imap, uint32_t after_uid, uint32_t **uids, size_t *count,
                  struct err *err) {
    struct uid_list list = {.above = after_uid};
    struct buf command = BUF_INIT;
    *uids = NULL;
    *count = 0;
    if (after_uid == UINT32_MAX)
        return session_check(imap, err);
    /* "n:*" gives the last message even where its UID is below n: uid_list drops it. */
    buf_printf(&command, "UID SEARCH %sUID %u:*%s", imap->has_esearch ? "RETURN (ALL) " : "",
               after_uid + 1, imap->has_uidplus ? "" : " UNDELETED");
    imap->search = &list;
    int result = session_run(imap, command.data, err);
    imap->search = NULL;
    buf_free(&command);
    if (result == 1)
        result = err_set(err, refusal_code(buf_bytes(&imap->text), ERR_TEMPORARY),
                         "the server refuses to list its messages: %s", imap->text.data);
    if (result < 0) {
        uid_list_free(&list);
        return -1;
    }
    uid_list_sort(&list);
    *uids = list.uids;
    *count = list.count;
    return 0;
}

int imap_fd(const struct imap *imap) {
    return connection_fd(imap->connection);
}

bool imap_has_input(struct imap *imap) {
    return imap->message_ready || session_has_input(imap, NULL) != 0;
}
