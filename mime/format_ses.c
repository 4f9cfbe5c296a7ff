/* Amazon SES by way of SNS: one JSON object in the text, whose notificationType (eventType, where a
 * configuration set sends it) says what befell which recipients. Complaints are feedback.c's. */
#include "cmd/base/utf8.h"
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/json.h"
#include "mime/sender.h"

static const struct type {
    const char *type;
    const char *list; /* the recipients' array: objects, for a delivery plain strings */
    enum report_action action;
} types[] = {
    {"Bounce", "bouncedRecipients", REPORT_ACTION_FAILED},
    {"DeliveryDelay", "delayedRecipients", REPORT_ACTION_DELAYED},
    {"Delivery", "recipients", REPORT_ACTION_DELIVERED},
};

static const struct type *type_find(struct bytes notice) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((json_text_has(notice, "notificationType", types[i].type) ||
             json_text_has(notice, "eventType", types[i].type)) &&
            json_text_array(notice, types[i].list).len)
            return &types[i];
    return NULL;
}

static bool recognise(const struct mail *mail) {
    return sender_is_amazon(mail) && type_find(mail->notice) != NULL;
}

static void read_notice(struct mail *mail) {
    const struct type *type = type_find(mail->notice);
    struct bytes list = json_text_array(mail->notice, type->list), item;
    if (type->action == REPORT_ACTION_DELIVERED) {
        struct bytes words = json_text_string(mail->arena, mail->notice, "smtpResponse");
        while (json_text_next_string(&list, &item))
            entry_add(mail, &(struct entry){.address = item, .words = words}, type->action);
        return;
    }
    while (json_text_next_object(&list, &item)) {
        struct entry entry = {
            .address = json_text_string(mail->arena, item, "emailAddress"),
            .words = json_text_string(mail->arena, item, "diagnosticCode"),
        };
        if (bytes_starts_ignore_case(entry.words, "smtp;"))
            entry.words = bytes_trim(bytes_from(entry.words, 5));
        struct report_recipient *r = entry_add(mail, &entry, type->action);
        struct bytes status = json_text_string(mail->arena, item, "status");
        if (r && status.len)
            r->status = utf8_clean(mail->arena, bytes_first(status, 20));
    }
}

const struct format format_ses = {"ses", recognise, read_notice};
