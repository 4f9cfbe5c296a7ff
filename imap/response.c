#include "imap/response.h"

#include "imap/fetch.h"
#include "imap/folder_name.h"
#include "imap/refusal.h"
#include "imap/utf7.h"

static int on_uidvalidity(struct imap *imap, unsigned long value, struct err *err) {
    if (imap->selected && value != imap->status.uidvalidity)
        return err_set(err, ERR_TEMPORARY,
                       "the folder was made anew while it was read (UIDVALIDITY %u became %lu)",
                       imap->status.uidvalidity, value);
    imap->status.uidvalidity = (uint32_t)value;
    return 0;
}

static int on_uidnext(struct imap *imap, unsigned long value, struct err *err) {
    (void)err;
    imap->status.uidnext = (uint32_t)value;
    return 0;
}

static int on_read_only(struct imap *imap, unsigned long value, struct err *err) {
    (void)value;
    (void)err;
    imap->status.read_only = true;
    return 0;
}

static int on_alert(struct imap *imap, unsigned long value, struct err *err) {
    (void)value;
    (void)err;
    session_alert(imap, bytes_from(buf_bytes(&imap->text), sizeof "[ALERT]" - 1));
    return 0;
}

/* Others need nothing done; a COPYUID is not read, for it is not always well formed. */
static const struct {
    const char *name;
    bool has_number;
    int (*act)(struct imap *imap, unsigned long value, struct err *err);
} codes[] = {
    {"UIDVALIDITY", true, on_uidvalidity},
    {"UIDNEXT", true, on_uidnext},
    {"READ-ONLY", false, on_read_only},
    {"ALERT", false, on_alert},
};

int response_code(struct imap *imap, struct err *err) {
    struct bytes text = buf_bytes(&imap->text);
    long end = bytes_find_char(text, ']');
    if (text.len == 0 || text.data[0] != '[' || end < 0)
        return 0;
    struct bytes code = bytes_from(bytes_first(text, (size_t)end), 1);
    long space = bytes_find_char(code, ' ');
    struct bytes name = space < 0 ? code : bytes_first(code, (size_t)space);
    struct bytes rest = bytes_trim(bytes_from(code, name.len));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        unsigned long value = 0;
        if (!bytes_equal_ignore_case(name, codes[i].name))
            continue;
        if (codes[i].has_number && !bytes_take_number(&rest, UINT32_MAX, &value))
            continue;
        return codes[i].act(imap, value, err);
    }
    return 0;
}

static int on_status(struct imap *imap, struct err *err) {
    if (reader_text(&imap->reader, &imap->text, err) < 0)
        return -1;
    buf_remove_first(&imap->text, imap->text.len > 0 && imap->text.data[0] == ' ');
    return response_code(imap, err);
}

static int on_bye(struct imap *imap, struct err *err) {
    if (reader_text(&imap->reader, &imap->text, err) < 0)
        return -1;
    return refusal_set(err, buf_bytes(&imap->text), ERR_TEMPORARY,
                       "the server closes the connection");
}

static const struct {
    const char *name;
    struct capabilities has;
} capabilities[] = {
    {"ESEARCH", {.esearch = true}},
    {"ID", {.id = true}},
    {"IDLE", {.idle = true}},
    {"MOVE", {.move = true}},
    {"NAMESPACE", {.namespace = true}},
    {"UIDPLUS", {.uidplus = true}},
    /* RFC 9051 has them built in. */
    {"IMAP4rev2",
     {.esearch = true, .idle = true, .move = true, .namespace = true, .uidplus = true}},
};

static int on_capability(struct imap *imap, struct err *err) {
    struct capabilities *has = &imap->has;
    *has = (struct capabilities){0};
    while (reader_peek(&imap->reader, err) == ' ') {
        if (reader_expect(&imap->reader, ' ', err) < 0)
            return -1;
        int c = reader_peek(&imap->reader, err);
        if (c == ' ' || c == '\r' || c == '\n')
            continue;
        if (c < 0 || reader_word(&imap->reader, &imap->word, err) < 0)
            return -1;
        for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
            if (!bytes_equal_ignore_case(buf_bytes(&imap->word), capabilities[i].name))
                continue;
            has->esearch |= capabilities[i].has.esearch;
            has->id |= capabilities[i].has.id;
            has->idle |= capabilities[i].has.idle;
            has->move |= capabilities[i].has.move;
            has->namespace |= capabilities[i].has.namespace;
            has->uidplus |= capabilities[i].has.uidplus;
        }
    }
    return reader_end(&imap->reader, err);
}

/* The hierarchy delimiter: a string of one character, or NIL where there is no hierarchy. */
static int read_delimiter(struct imap *imap, struct err *err) {
    if (reader_string(&imap->reader, &imap->word, 1, NULL, err) < 0)
        return -1;
    imap->delimiter = imap->word.data[0];
    return 0;
}

/* RFC 2342: * NAMESPACE (("INBOX." ".")) NIL NIL; the first personal one. */
static int on_namespace(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    if (reader_expect(reader, ' ', err) < 0)
        return -1;
    if (reader_peek(reader, err) == '(') {
        if (reader_expect(reader, '(', err) < 0 || reader_expect(reader, '(', err) < 0 ||
            reader_string(reader, &imap->word, FOLDER_NAME_MAX, NULL, err) < 0)
            return -1;
        buf_reset(&imap->prefix);
        utf7_decode(&imap->prefix, buf_bytes(&imap->word));
        if (reader_expect(reader, ' ', err) < 0 || read_delimiter(imap, err) < 0)
            return -1;
    }
    return reader_skip_response(reader, err);
}

/* SP "(" flags ")" SP delimiter SP name, and maybe more (RFC 5258). */
static int on_list(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    bool selectable = true;
    if (imap->folders == NULL && imap->wanted_folder == NULL)
        return reader_skip_response(reader, err);
    if (reader_expect(reader, ' ', err) < 0 || reader_expect(reader, '(', err) < 0)
        return -1;
    int c;
    while ((c = reader_peek(reader, err)) != ')') {
        if (c < 0 || (c == ' ' ? reader_expect(reader, ' ', err)
                               : reader_word(reader, &imap->word, err)) < 0)
            return -1;
        struct bytes flag = buf_bytes(&imap->word);
        if (c != ' ' && (bytes_equal_ignore_case(flag, "\\Noselect") ||
                         bytes_equal_ignore_case(flag, "\\NonExistent")))
            selectable = false;
    }
    if (reader_expect(reader, ')', err) < 0 || reader_expect(reader, ' ', err) < 0 ||
        read_delimiter(imap, err) < 0 || reader_expect(reader, ' ', err) < 0 ||
        reader_astring(reader, &imap->word, err) < 0)
        return -1;

    struct buf name = BUF_INIT;
    utf7_decode(&name, buf_bytes(&imap->word));
    if (selectable && imap->wanted_folder != NULL &&
        bytes_equal(buf_bytes(&name), bytes_of(imap->wanted_folder)))
        imap->found_folder = true;
    if (selectable && imap->folders != NULL && imap->folders->len < SESSION_FOLDERS_MAX) {
        buf_add_string(imap->folders, imap->folders->len > 0 ? ", " : "");
        buf_add_bytes(imap->folders, buf_bytes(&name));
    }
    buf_free(&name);
    return reader_skip_response(reader, err);
}

static int on_search(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    uint64_t uid;
    if (imap->search == NULL)
        return reader_skip_response(reader, err);
    for (;;) {
        int c = reader_peek(reader, err);
        if (c == ' ') {
            if (reader_expect(reader, ' ', err) < 0)
                return -1;
        } else if (c == '(') { /* (MODSEQ 7), RFC 7162 */
            if (reader_skip_value(reader, err) < 0)
                return -1;
        } else if (c >= 0 && ascii_is_digit((char)c)) {
            if (reader_number(reader, UINT32_MAX, &uid, err) < 0 ||
                uid_list_add(imap->search, (uint32_t)uid, (uint32_t)uid, err) < 0)
                return -1;
            reader_renew_line(reader);
        } else {
            return c < 0 ? -1 : reader_end(reader, err);
        }
    }
}

/* The sequence set behind ALL. */
static int uid_set(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    uint64_t first, last;
    for (;;) {
        if (reader_number(reader, UINT32_MAX, &first, err) < 0)
            return -1;
        last = first;
        int c = reader_peek(reader, err);
        if (c == ':') {
            if (reader_expect(reader, ':', err) < 0 ||
                reader_number(reader, UINT32_MAX, &last, err) < 0)
                return -1;
            c = reader_peek(reader, err);
        }
        if (c < 0 || uid_list_add(imap->search, (uint32_t)first, (uint32_t)last, err) < 0)
            return -1;
        if (c != ',')
            return 0;
        if (reader_expect(reader, ',', err) < 0)
            return -1;
        reader_renew_line(reader);
    }
}

/* RFC 4731: * ESEARCH (TAG "N3") UID COUNT 2 ALL 1:17,21 */
static int on_esearch(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    if (imap->search == NULL)
        return reader_skip_response(reader, err);
    int c;
    while ((c = reader_peek(reader, err)) == ' ') {
        if (reader_expect(reader, ' ', err) < 0 || (c = reader_peek(reader, err)) < 0)
            return -1;
        if (c == ' ' || c == '\r' || c == '\n')
            continue;
        if (c == '(') {
            if (reader_skip_value(reader, err) < 0)
                return -1;
            continue;
        }
        if (reader_word(reader, &imap->word, err) < 0)
            return -1;
        struct bytes name = buf_bytes(&imap->word);
        if (bytes_equal_ignore_case(name, "UID"))
            continue;
        bool is_all = bytes_equal_ignore_case(name, "ALL");
        if (reader_expect(reader, ' ', err) < 0 ||
            (is_all ? uid_set(imap, err) : reader_skip_value(reader, err)) < 0)
            return -1;
    }
    return c < 0 ? -1 : reader_end(reader, err);
}

static const struct {
    const char *name;
    int (*read)(struct imap *imap, struct err *err);
} responses[] = {
    {"OK", on_status},
    {"NO", on_status},
    {"BAD", on_status},
    {"BYE", on_bye},
    {"CAPABILITY", on_capability},
    {"LIST", on_list},
    {"NAMESPACE", on_namespace},
    {"SEARCH", on_search},
    {"ESEARCH", on_esearch},
};

/* "* 12 EXISTS" */
static int numbered(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    uint64_t number;
    if (reader_number(reader, UINT32_MAX, &number, err) < 0 ||
        reader_expect(reader, ' ', err) < 0 || reader_word(reader, &imap->word, err) < 0)
        return -1;
    struct bytes name = buf_bytes(&imap->word);
    if (bytes_equal_ignore_case(name, "FETCH"))
        return fetch_response(imap, err);
    if (bytes_equal_ignore_case(name, "EXISTS")) {
        imap->news |= number > imap->status.exists;
        imap->status.exists = (uint32_t)number;
    } else if (bytes_equal_ignore_case(name, "EXPUNGE") && imap->status.exists > 0) {
        imap->status.exists--;
    }
    return reader_skip_response(reader, err);
}

int response_read(struct imap *imap, struct err *err) {
    int c = reader_peek(&imap->reader, err);
    if (c < 0)
        return -1;
    if (ascii_is_digit((char)c))
        return numbered(imap, err);
    if (reader_word(&imap->reader, &imap->word, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++)
        if (bytes_equal_ignore_case(buf_bytes(&imap->word), responses[i].name))
            return responses[i].read(imap, err);
    return reader_skip_response(&imap->reader, err);
}
