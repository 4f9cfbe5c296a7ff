#include "imap/mailbox.h"

#include "cmd/base/memory.h"
#include "imap/folder.h"
#include "imap/refusal.h"
#include "imap/session.h"

#include <stdlib.h>
#include <string.h>

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

static void trace_login(void *context, enum imap_direction direction, struct bytes line) {
    struct imap *imap = context;
    imap->options.trace(imap->options.context, direction, line);
}

static void alert_login(void *context, struct bytes text) {
    session_alert(context, text);
}

/* ID (RFC 2971), whose refusal matters to nobody. */
static int introduce(struct imap *imap, const struct imap_options *options, struct err *err) {
    if (!imap->has.id || options->client_name == NULL)
        return 0;
    struct buf command = BUF_INIT;
    buf_printf(&command, "ID (\"name\" \"%s\"", options->client_name);
    if (options->client_version != NULL)
        buf_printf(&command, " \"version\" \"%s\"", options->client_version);
    buf_add_char(&command, ')');
    int result = session_run(imap, command.data, err);
    buf_free(&command);
    return result < 0 ? -1 : 0;
}

struct imap *imap_open(const struct imap_options *options, struct err *err) {
    struct imap *imap = memory_zero(1, sizeof *imap);
    struct imap_options through_us = *options;
    imap->options.trace = options->trace;
    imap->options.alert = options->alert;
    imap->options.context = options->context;
    if (options->beside != NULL) {
        memcpy(imap->alerts, options->beside->alerts, sizeof imap->alerts);
        imap->alert_count = options->beside->alert_count;
    }
    through_us.trace = options->trace != NULL ? trace_login : NULL;
    through_us.alert = alert_login;
    through_us.context = imap;
    imap->connection = connection_establish(&through_us, err);
    if (imap->connection == NULL) {
        free(imap);
        return NULL;
    }
    imap->body = imap->word = imap->text = imap->prefix = (struct buf)BUF_INIT;
    reader_init(&imap->reader, read_bytes, options->trace != NULL ? trace_line : NULL, imap);
    /* libcurl has asked before the login, when the server need not tell all. */
    int result = session_run(imap, "CAPABILITY", err);
    if (result > 0)
        refusal_set(err, buf_bytes(&imap->text), ERR_PROTOCOL, "the server refuses CAPABILITY");
    if (result == 0 && introduce(imap, options, err) == 0)
        return imap;
    imap_close(imap);
    return NULL;
}

bool imap_is_lost(const struct imap *imap) {
    return imap->failure.code != ERR_NONE;
}

void imap_limit(struct imap *imap, unsigned seconds) {
    connection_limit(imap->connection, seconds);
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
    buf_free(&imap->prefix);
    folder_aliases_free(imap);
    free(imap);
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
    buf_printf(&command, "UID SEARCH %sUID %u:*%s", imap->has.esearch ? "RETURN (ALL) " : "",
               after_uid + 1, imap->has.uidplus ? "" : " UNDELETED");
    imap->search = &list;
    imap->news = false;
    int result = session_run(imap, command.data, err);
    imap->search = NULL;
    buf_free(&command);
    if (result == 1)
        result = refusal_set(err, buf_bytes(&imap->text), session_refusal(imap, ERR_TEMPORARY),
                             "the server refuses to list its messages");
    if (result < 0) {
        uid_list_free(&list);
        return -1;
    }
    uid_list_sort(&list);
    *uids = list.uids;
    *count = list.count;
    return 0;
}
