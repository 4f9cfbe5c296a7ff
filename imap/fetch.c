#include "imap/fetch.h"

#include "imap/refusal.h"
#include "imap/sequence_set.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    REFUSED_IN_A_ROW_MAX = 20, /* then it is the server's trouble and not the messages' */
};

/* Whether the text has this form: 9 stands for a digit, _ for a digit or a blank, a for a letter,
 * + for either sign. */
static bool has_form(const char *text, const char *form) {
    for (; *form != '\0'; form++, text++)
        if (*form == '9'   ? !ascii_is_digit(*text)
            : *form == '_' ? !ascii_is_digit(*text) && *text != ' '
            : *form == 'a' ? !ascii_is_alpha(*text)
            : *form == '+' ? *text != '+' && *text != '-'
                           : *text != *form)
            return false;
    return *text == '\0';
}

/* The number that so many digits are; a blank counts as 0. */
static int number(const char *digits, size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] == ' ' ? 0 : digits[i] - '0');
    return value;
}

/* " 7-Jul-1996 02:44:25 -0700" (RFC 9051, date-time) as unix seconds; 0 where it is none. By place:
 * sscanf(3) takes as long as all else of a FETCH response. */
static int64_t unix_time(const char *text) {
    static const char months[] = "jan feb mar apr may jun jul aug sep oct nov dec";
    if (!has_form(text, "_9-aaa-9999 99:99:99 +9999"))
        return 0;
    char name[] = {text[3], text[4], text[5], '\0'};
    const char *month = strstr(months, ascii_lower_string(name));
    int day = number(text, 2), year = number(text + 7, 4), hour = number(text + 12, 2),
        minute = number(text + 15, 2), second = number(text + 18, 2);
    if (month == NULL || day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 ||
        second > 60)
        return 0;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = (int)(month - months) / 4,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    int64_t zone = (number(text + 22, 2) * 60 + number(text + 24, 2)) * 60;
    return (int64_t)timegm(&tm) + (text[21] == '-' ? zone : -zone);
}

/* What one FETCH response tells. */
struct items {
    uint64_t uid; /* 0: it did not say */
    int64_t internal_date;
    uint64_t size;
    bool has_body;    /* imap->body has its first octets */
    bool has_no_body; /* BODY[] NIL */
    uint64_t length;  /* of the body, as sent */
};

static int read_body(struct imap *imap, struct items *items, struct err *err) {
    imap->reader.hushed = true;
    int found = reader_string(&imap->reader, &imap->body, imap->octets_max, &items->length, err);
    imap->reader.hushed = false;
    items->has_body = found == 1;
    items->has_no_body = found == 0;
    return found < 0 ? -1 : 0;
}

static int read_item(struct imap *imap, struct items *items, struct err *err) {
    struct reader *reader = &imap->reader;
    if (reader_item_name(reader, &imap->word, err) < 0 || reader_expect(reader, ' ', err) < 0)
        return -1;
    struct bytes name = buf_bytes(&imap->word);
    if (bytes_equal_ignore_case(name, "UID"))
        return reader_number(reader, UINT32_MAX, &items->uid, err);
    if (bytes_equal_ignore_case(name, "RFC822.SIZE"))
        return reader_number(reader, INT64_MAX, &items->size, err);
    if (bytes_equal_ignore_case(name, "BODY[]<0>") || bytes_equal_ignore_case(name, "BODY[]"))
        return read_body(imap, items, err);
    if (!bytes_equal_ignore_case(name, "INTERNALDATE"))
        return reader_skip_value(reader, err);
    if (reader_string(reader, &imap->word, READER_LINE_MAX, NULL, err) < 0)
        return -1;
    items->internal_date = unix_time(imap->word.data);
    return 0;
}

/* The FETCH that asks for the UID and has no answer yet; the UID counts as answered from here. */
static const struct command *asked_by(struct imap *imap, uint32_t uid) {
    for (struct command *command = imap->sent.first; command != NULL; command = command->next)
        if (command->kind == COMMAND_FETCH && command_answer(command, uid))
            return command;
    return NULL;
}

static void deliver(struct imap *imap, const struct items *items) {
    const struct command *fetch;
    uint32_t uid = (uint32_t)items->uid;
    if ((!items->has_body && !items->has_no_body) || uid == 0 ||
        (fetch = asked_by(imap, uid)) == NULL)
        return;
    imap->message = (struct imap_message){
        .uid = uid, .internal_date = items->internal_date, .size = items->size};
    imap->message_ready = true;
    if (items->has_no_body) {
        imap->message.refusal = "the server has no body for this message";
        return;
    }
    imap->refused_in_a_row = 0;
    imap->message.body = bytes_first(buf_bytes(&imap->body), fetch->octets);
    size_t len = imap->message.body.len;
    imap->message.truncated = items->length > len || (len == fetch->octets && items->size > len);
}

int fetch_response(struct imap *imap, struct err *err) {
    struct reader *reader = &imap->reader;
    struct items items = {0};
    if (reader_expect(reader, ' ', err) < 0 || reader_expect(reader, '(', err) < 0)
        return -1;
    int c;
    while ((c = reader_peek(reader, err)) != ')') {
        if (c < 0 ||
            (c == ' ' ? reader_expect(reader, ' ', err) : read_item(imap, &items, err)) < 0)
            return -1;
    }
    if (reader_expect(reader, ')', err) < 0 || reader_end(reader, err) < 0)
        return -1;
    deliver(imap, &items);
    return 0;
}

static void ask_again(struct imap *imap, const struct command *fetch, const uint32_t *uids,
                      size_t count) {
    struct command *again = command_new(COMMAND_FETCH, NULL, uids, count);
    again->octets = fetch->octets;
    command_list_add_first(&imap->fetches, again);
    imap->open_fetches++;
}

int fetch_refused(struct imap *imap, const struct command *fetch, struct err *err) {
    size_t count;
    uint32_t *uids = command_unanswered(fetch, &count);
    int result = 0;
    if (count > 1) {
        ask_again(imap, fetch, uids + count / 2, count - count / 2);
        ask_again(imap, fetch, uids, count / 2);
    } else if (count == 1 && ++imap->refused_in_a_row > REFUSED_IN_A_ROW_MAX) {
        result = refusal_set(err, buf_bytes(&imap->text), ERR_TEMPORARY,
                             "the server refuses one message after the other");
    } else if (count == 1) {
        imap->message = (struct imap_message){.uid = uids[0], .refusal = imap->text.data};
        imap->message_ready = true;
    }
    free(uids);
    return result;
}

int imap_fetch_begin(struct imap *imap, const uint32_t *uids, size_t count, uint32_t octets,
                     struct err *err) {
    if (session_check(imap, err) < 0)
        return -1;
    if (!imap->selected || octets == 0)
        return err_set(err, ERR_SOFTWARE, "a FETCH of %u octets, and %s folder", octets,
                       imap->selected ? "a" : "no");
    uint32_t *sorted = sequence_set_sorted(uids, &count);
    for (size_t i = 0, some; i < count; i += some) {
        some = command_fit(sorted + i, count - i);
        struct command *fetch = command_new(COMMAND_FETCH, NULL, sorted + i, some);
        fetch->octets = octets;
        command_list_add(&imap->fetches, fetch);
        imap->open_fetches++;
    }
    free(sorted);
    if (octets > imap->octets_max)
        imap->octets_max = octets;
    return 0;
}

int imap_fetch_next(struct imap *imap, struct imap_message *message, struct err *err) {
    if (session_check(imap, err) < 0)
        return -1;
    while (!imap->message_ready && imap->open_fetches > 0)
        if (session_step(imap, err) < 0)
            return -1;
    if (!imap->message_ready)
        return 0;
    *message = imap->message;
    imap->message_ready = false;
    return 1;
}
