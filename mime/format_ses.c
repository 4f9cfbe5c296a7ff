/* Amazon SES by way of SNS: the notice is one JSON object in the text,
 * {"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":...}]}}.
 * Not parsed as JSON but searched for its keys: mail gateways fold and cut the line. */
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "mime/entry.h"
#include "mime/format.h"

#include <string.h>

static const struct {
    const char *type; /* "notificationType", or "eventType" of configuration sets */
    const char *list; /* the recipients' array */
    enum report_action action;
} types[] = {
    {"Type\":\"Bounce\"", "\"bouncedRecipients\":[", REPORT_ACTION_FAILED},
    {"Type\":\"DeliveryDelay\"", "\"delayedRecipients\":[", REPORT_ACTION_DELAYED},
};

static bool recognise(const struct mail *mail) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (bytes_find(mail->notice, types[i].type) >= 0 &&
            bytes_find(mail->notice, types[i].list) >= 0)
            return true;
    return false;
}

/* The string behind `"key":` in an object, unescaped; no bytes where there is none. */
static struct bytes string_value(struct mail *mail, struct bytes object, const char *key) {
    long at = bytes_find(object, key);
    if (at < 0)
        return (struct bytes){NULL, 0};
    struct bytes rest = bytes_from(object, (size_t)at + strlen(key));
    struct buf out = BUF_INIT;
    while (rest.len && rest.data[0] != '"') {
        bool escape = rest.data[0] == '\\' && rest.len > 1;
        char c = rest.data[escape];
        if (c != '\n' || escape)
            buf_add_char(&out, escape && (c == 'n' || c == 'r' || c == 't') ? ' ' : c);
        rest = bytes_from(rest, escape ? 2 : 1);
    }
    struct bytes value = {arena_bytes(mail->arena, buf_bytes(&out)), out.len};
    buf_free(&out);
    return value;
}

static void read_list(struct mail *mail, struct bytes list, enum report_action action) {
    long end = bytes_find_char(list, ']');
    list = bytes_first(list, end < 0 ? list.len : (size_t)end);
    while ((end = bytes_find_char(list, '}')) >= 0) {
        struct bytes object = bytes_first(list, (size_t)end);
        list = bytes_from(list, (size_t)end + 1);
        struct entry entry = {
            .address = string_value(mail, object, "\"emailAddress\":\""),
            .words = string_value(mail, object, "\"diagnosticCode\":\""),
        };
        if (bytes_starts_ignore_case(entry.words, "smtp; "))
            entry.words = bytes_from(entry.words, 6);
        struct report_recipient *r = entry_add(mail, &entry, action);
        struct bytes status = string_value(mail, object, "\"status\":\"");
        if (r && status.len)
            r->status = utf8_clean(mail->arena, bytes_first(status, 20));
    }
}

static void read_notice(struct mail *mail) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        long at = bytes_find(mail->notice, types[i].list);
        if (at >= 0 && bytes_find(mail->notice, types[i].type) >= 0)
            read_list(mail, bytes_from(mail->notice, (size_t)at + strlen(types[i].list)),
                      types[i].action);
    }
}

const struct format format_ses = {"ses", recognise, read_notice};
