#include "imap/session.h"

#include "imap/fetch.h"
#include "imap/refusal.h"
#include "imap/response.h"

enum {
    IN_FLIGHT_MAX = 4, /* commands sent and not answered: enough that the next FETCH is at the
                          server before it is through with the last one */
};

int session_check(const struct imap *imap, struct err *err) {
    if (imap->failure.code == ERR_NONE)
        return 0;
    if (err != NULL)
        *err = imap->failure;
    return -1;
}

int session_fail(struct imap *imap, const struct err *err) {
    imap->failure = *err;
    return -1;
}

size_t session_open_commands(const struct imap *imap) {
    return imap->filings.count + imap->fetches.count + imap->sent.count;
}

static void send_command(struct imap *imap, struct command *command) {
    command->tag = ++imap->tag;
    buf_reset(&imap->word);
    command_write(command, &imap->word);
    connection_write(imap->connection, buf_bytes(&imap->word));
    if (imap->options.trace != NULL)
        imap->options.trace(imap->options.context, IMAP_SENT, bytes_trim(buf_bytes(&imap->word)));
    command_list_add(&imap->sent, command);
}

static void send_commands(struct imap *imap) {
    while (imap->sent.count < IN_FLIGHT_MAX) {
        struct command *command = command_list_take_first(&imap->filings);
        if (command == NULL)
            command = command_list_take_first(&imap->fetches);
        if (command == NULL)
            return;
        send_command(imap, command);
    }
}

static void note_refusal(struct imap *imap, const struct command *command) {
    static const char *const doing[] = {
        [COMMAND_MOVE] = "move messages to ",
        [COMMAND_COPY] = "copy messages to ",
        [COMMAND_MARK] = "mark messages \\Deleted",
        [COMMAND_EXPUNGE] = "remove messages marked \\Deleted",
    };
    if (imap->refused.code == ERR_NONE)
        refusal_set(&imap->refused, buf_bytes(&imap->text), ERR_TEMPORARY,
                    "the server refuses to %s%s", doing[command->kind],
                    command->text != NULL ? command->text : "");
}

static void queue_next(struct imap *imap, enum command_kind kind, const struct command *done) {
    command_list_add_first(&imap->filings, command_new(kind, NULL, done->uids, done->count));
}

/* What follows from a filing command that is done. Each step waits for the OK of the one before: a
 * message is marked only when its copy is safe, and Dovecot 2.3 overlooks fresh marks where an
 * EXPUNGE comes in behind the STORE while a FETCH is still running. */
static void succeeded(struct imap *imap, const struct command *command) {
    if (command->kind == COMMAND_COPY)
        queue_next(imap, COMMAND_MARK, command);
    else if (command->kind == COMMAND_MARK && imap->has.uidplus)
        queue_next(imap, COMMAND_EXPUNGE, command);
    else if (command->kind == COMMAND_MARK)
        imap->left_marked += command->count;
    else if (command->kind == COMMAND_MOVE || command->kind == COMMAND_EXPUNGE)
        imap->filed += command->count;
}

/* Acts on the tagged response to `command`; imap->text has its text. */
static int answered(struct imap *imap, const struct command *command, struct bytes status,
                    struct err *err) {
    bool ok = bytes_equal_ignore_case(status, "OK");
    bool bad = bytes_equal_ignore_case(status, "BAD");
    if (!ok && !bad && !bytes_equal_ignore_case(status, "NO"))
        return err_set(err, ERR_PROTOCOL, "the server answers a command with \"%.*s\"",
                       (int)status.len, status.data);
    connection_answered(imap->connection);
    if (command->kind == COMMAND_FETCH)
        imap->open_fetches--;
    if (response_code(imap, err) < 0)
        return -1;
    if (!ok && refusal_is_throttling(buf_bytes(&imap->text)))
        return refusal_set(err, buf_bytes(&imap->text), ERR_TEMPORARY,
                           "the server wants to be left alone for a while");
    if (bad && command->kind != COMMAND_PLAIN)
        return err_set(err, ERR_PROTOCOL, "the server does not understand a command: %s",
                       imap->text.data);
    if (command->kind == COMMAND_PLAIN) {
        imap->plain_done = true;
        imap->plain_ok = ok;
        imap->plain_bad = bad;
    } else if (ok) {
        succeeded(imap, command);
    } else if (command->kind == COMMAND_FETCH) {
        return fetch_refused(imap, command, err);
    } else {
        note_refusal(imap, command);
    }
    return 0;
}

static int read_tagged(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    unsigned long tag = 0;
    if (reader_word(reader, &imap->word, err) < 0)
        return -1;
    struct bytes word = buf_bytes(&imap->word);
    struct bytes digits = bytes_from(word, 1);
    struct command *command = NULL;
    if (word.data[0] == 'N' && bytes_take_number(&digits, UINT32_MAX, &tag) && digits.len == 0)
        command = command_list_take(&imap->sent, (unsigned)tag);
    if (command == NULL)
        return err_set(err, ERR_PROTOCOL, "the server answers a command that was not sent (%.*s)",
                       (int)bytes_first(word, 40).len, word.data);
    int result = -1;
    if (reader_expect(reader, ' ', err) < 0 || reader_word(reader, &imap->word, err) < 0 ||
        reader_text(reader, &imap->text, err) < 0)
        goto out;
    buf_remove_first(&imap->text, imap->text.len > 0 && imap->text.data[0] == ' ');
    result = answered(imap, command, buf_bytes(&imap->word), err);
out:
    command_free(command);
    return result;
}

static int read_response(struct imap *imap, struct err *err) {
    int c = reader_peek(&imap->reader, err);
    if (c < 0)
        return -1;
    if (c == '+') { /* nothing that we send needs one, save IDLE */
        imap->idling = true;
        return reader_text(&imap->reader, NULL, err);
    }
    if (c != '*')
        return read_tagged(imap, err);
    if (reader_expect(&imap->reader, '*', err) < 0 || reader_expect(&imap->reader, ' ', err) < 0)
        return -1;
    return response_read(imap, err);
}

int session_step(struct imap *imap, struct err *err) {
    struct err failure = {0};
    if (session_check(imap, err) < 0)
        return -1;
    send_commands(imap);
    if (read_response(imap, &failure) == 0)
        return 0;
    session_fail(imap, &failure);
    return session_check(imap, err);
}

int session_has_input(struct imap *imap, struct err *err) {
    struct err failure = {0};
    if (session_check(imap, err) < 0)
        return -1;
    send_commands(imap);
    int has_input = reader_has_input(&imap->reader, &failure);
    if (has_input >= 0)
        return has_input;
    session_fail(imap, &failure);
    return session_check(imap, err);
}

enum err_code session_refusal(const struct imap *imap, enum err_code otherwise) {
    return imap->plain_bad ? ERR_PROTOCOL : otherwise;
}

static uint32_t hash_of(struct bytes text) {
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 16777619U;
    return hash;
}

void session_alert(struct imap *imap, struct bytes text) {
    text = bytes_trim(text);
    uint32_t hash = hash_of(text);
    for (size_t i = 0; i < imap->alert_count; i++)
        if (imap->alerts[i] == hash)
            return;
    if (imap->alert_count == SESSION_ALERTS_MAX || imap->options.alert == NULL)
        return;
    imap->alerts[imap->alert_count++] = hash;
    imap->options.alert(imap->options.context, text);
}

int session_begin(struct imap *imap, const char *command, struct err *err) {
    if (session_check(imap, err) < 0)
        return -1;
    if (session_open_commands(imap) > 0)
        return err_set(err, ERR_SOFTWARE, "%s while other commands are queued", command);
    imap->plain_done = false;
    command_list_add(&imap->filings, command_new(COMMAND_PLAIN, command, NULL, 0));
    return 0;
}

int session_run(struct imap *imap, const char *command, struct err *err) {
    if (session_begin(imap, command, err) < 0)
        return -1;
    while (!imap->plain_done)
        if (session_step(imap, err) < 0)
            return -1;
    return imap->plain_ok ? 0 : 1;
}
