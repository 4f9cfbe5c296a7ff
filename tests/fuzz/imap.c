/*
 * A whole session with an IMAP server that says whatever it likes, from behind the login (which is
 * libcurl's) to the logout.
 *
 * The first line of the input is the plan, "FILING OCTETS AFTER FOLDER": how messages are filed
 * (move, delete, or anything else: not at all), how many octets are fetched, above which UID, and
 * the folder they are moved to. All that follows is said by the server; in it, the first '$' stands
 * for the tag of our first command, the next one for that of the second, and so on.
 */
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "fuzz.h"
#include "imap/connection.h"
#include "imap/mailbox.h"

#include <string.h>

enum {
    LINE_MAX = 8000,  /* what every server takes, RFC 9051 section 4 */
    FETCHED_MAX = 40, /* of the listed messages: answers to more would not fit into an input */
    OCTETS_MAX = 4096,
};

struct plan {
    struct bytes filing;
    unsigned long octets;
    unsigned long after;
    const char *folder;
};

/* Takes the place of imap/connection.c. */
struct connection {
    struct bytes unread;
    size_t piece; /* octets that one read gives at most */
    struct buf written;
};

static struct connection server;

struct connection *connection_establish(const struct imap_options *options, struct err *err) {
    (void)options;
    (void)err;
    return &server;
}

void connection_close(struct connection *connection) {
    connection->unread.len = 0;
}

void connection_write(struct connection *connection, struct bytes bytes) {
    buf_add_bytes(&connection->written, bytes);
}

long connection_read(struct connection *connection, char *to, size_t room, bool wait,
                     struct err *err) {
    (void)wait;
    size_t len = connection->unread.len;
    if (len == 0)
        return err_set(err, ERR_TEMPORARY, "the server closed the connection");
    len = len > room ? room : len;
    len = len > connection->piece ? connection->piece : len;
    memcpy(to, connection->unread.data, len);
    connection->unread = bytes_from(connection->unread, len);
    return (long)len;
}

int connection_idle(struct connection *connection, int64_t milliseconds, int wake,
                    struct err *err) {
    (void)milliseconds;
    (void)wake;
    (void)err;
    return connection->unread.len > 0;
}

void connection_answered(struct connection *connection) {
    (void)connection;
}

void connection_limit(struct connection *connection, unsigned seconds) {
    (void)connection;
    (void)seconds;
}

static void read_plan(struct bytes *rest, struct arena *arena, struct plan *plan) {
    struct bytes line = bytes_of(fuzz_next_line(rest, arena));
    long blank = bytes_find_char(line, ' ');
    plan->filing = bytes_first(line, blank < 0 ? line.len : (size_t)blank);
    line = bytes_trim(bytes_from(line, plan->filing.len));
    if (!bytes_take_number(&line, OCTETS_MAX, &plan->octets) || plan->octets == 0)
        plan->octets = 1;
    line = bytes_trim(line);
    if (!bytes_take_number(&line, UINT32_MAX, &plan->after))
        plan->after = 0;
    plan->folder = arena_bytes(arena, bytes_trim(line));
}

static void add_script(struct bytes rest, struct buf *script) {
    unsigned tag = 0;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] == '$')
            buf_printf(script, "N%u", ++tag);
        else
            buf_add_char(script, rest.data[i]);
    }
}

/* What came of a step: also whether a session that is over stays so, in the same words. */
static void note(struct buf *story, const char *step, int result, const struct err *err) {
    buf_printf(story, "%s: %d %d %s\n", step, result, result < 0 ? (int)err->code : 0,
               result < 0 ? err->text : "");
    MUST(result >= 0 || (err->code != ERR_NONE && err->text[0] != '\0'));
}

static void check_list(const uint32_t *uids, size_t count, unsigned long after) {
    for (size_t i = 0; i < count; i++)
        MUST(uids[i] > (i == 0 ? after : uids[i - 1]));
}

/* That a message is one that was asked for and not yet given, within the octets asked for. */
static void check_message(const struct imap_message *message, const struct plan *plan,
                          const uint32_t *uids, size_t count, bool *given) {
    size_t i = 0;
    while (i < count && uids[i] != message->uid)
        i++;
    MUST(i < count && !given[i]);
    given[i] = true;
    MUST(message->body.len <= plan->octets);
    MUST(message->refusal == NULL || message->body.len == 0);
}

static void fetch(struct imap *imap, const struct plan *plan, const uint32_t *uids, size_t count,
                  struct buf *story) {
    struct err err = {0};
    struct imap_message message;
    bool given[FETCHED_MAX] = {false};
    int found;
    note(story, "fetch", imap_fetch_begin(imap, uids, count, (uint32_t)plan->octets, &err), &err);
    while ((found = imap_fetch_next(imap, &message, &err)) > 0) {
        int filed = 0;
        check_message(&message, plan, uids, count, given);
        buf_printf(story, "%u: %lld %llu %d %s\n", message.uid, (long long)message.internal_date,
                   (unsigned long long)message.size, message.truncated,
                   message.refusal != NULL ? message.refusal : "");
        buf_add_bytes(story, message.body);
        if (bytes_equal(plan->filing, bytes_of("move")))
            filed = imap_move_begin(imap, &message.uid, 1, plan->folder, &err);
        else if (bytes_equal(plan->filing, bytes_of("delete")))
            filed = imap_delete_begin(imap, &message.uid, 1, &err);
        note(story, "file", filed, &err);
    }
    note(story, "next", found, &err);
}

static void count_line(void *context, enum imap_direction direction, struct bytes line) {
    (void)direction;
    (void)line;
    ++*(size_t *)context;
}

/* Runs the plan; the story is all that the caller of imap/ gets to see. */
static void run(struct bytes script, const struct plan *plan, size_t piece, bool trace,
                struct buf *story) {
    struct err err = {0};
    struct imap_folder_status status = {0};
    enum imap_idle idle = IMAP_IDLE_OVER;
    uint32_t *uids = NULL;
    size_t count = 0, lines = 0;
    bool news = false;
    struct imap_options options = {.trace = trace ? count_line : NULL,
                                   .context = &lines,
                                   .client_name = "nullsender",
                                   .client_version = "1"};
    buf_reset(&server.written);
    server.unread = script;
    server.piece = piece;
    struct imap *imap = imap_open(&options, &err);
    note(story, "open", imap != NULL ? 0 : -1, &err);
    if (imap == NULL)
        return;
    note(story, "ensure", imap_folder_ensure(imap, plan->folder, &err), &err);
    note(story, "select", imap_select(imap, "INBOX", &status, &err), &err);
    buf_printf(story, "%u %u %u %d\n", status.uidvalidity, status.uidnext, status.exists,
               status.read_only);
    note(story, "list", imap_uid_list(imap, (uint32_t)plan->after, &uids, &count, &err), &err);
    check_list(uids, count, plan->after);
    fetch(imap, plan, uids, count < FETCHED_MAX ? count : FETCHED_MAX, story);
    note(story, "finish", imap_finish(imap, &err), &err);
    note(story, "poll", imap_poll(imap, &news, &err), &err);
    note(story, "idle", imap_idle(imap, 1, -1, &idle, &err), &err);
    buf_printf(story, "%d %d, %zu left, lost %d\n", news, (int)idle, imap_left_marked(imap),
               imap_is_lost(imap));
    free(uids);
    imap_close(imap);
}

/* That what was sent is commands, one a line, of our making, whatever the folder is called. */
static void check_written(struct bytes rest) {
    struct bytes line;
    while (rest.len > 0) {
        long end = bytes_find_char(rest, '\n');
        MUST(end > 0 && end < LINE_MAX && rest.data[end - 1] == '\r');
        line = bytes_first(rest, (size_t)end - 1);
        rest = bytes_from(rest, (size_t)end + 1);
        bool has_tag = line.len > 2 && line.data[0] == 'N' && ascii_is_digit(line.data[1]);
        MUST(has_tag || bytes_equal(line, bytes_of("DONE"))); /* the latter ends an IDLE */
        for (size_t i = 0; i < line.len; i++)
            MUST(line.data[i] >= 0x20 && line.data[i] < 0x7F);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = fuzz_input(data, size);
    struct buf script = BUF_INIT, story = BUF_INIT, again = BUF_INIT, written = BUF_INIT;
    struct arena *arena = arena_new();
    struct plan plan;
    server.written = (struct buf)BUF_INIT;
    read_plan(&rest, arena, &plan);
    add_script(rest, &script);

    run(buf_bytes(&script), &plan, SIZE_MAX, false, &story);
    check_written(buf_bytes(&server.written));
    buf_add_bytes(&written, buf_bytes(&server.written));
    /* How the bytes come, and whether somebody looks on, changes nothing. */
    run(buf_bytes(&script), &plan, 1, true, &again);
    MUST(bytes_equal(buf_bytes(&story), buf_bytes(&again)));
    MUST(bytes_equal(buf_bytes(&written), buf_bytes(&server.written)));

    buf_free(&server.written);
    buf_free(&written);
    buf_free(&again);
    buf_free(&story);
    buf_free(&script);
    arena_free(arena);
    return 0;
}
