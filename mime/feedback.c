#include "mime/feedback.h"

#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/json.h"
#include "mime/sender.h"

enum {
    READ_MAX = 64 * 1024, /* a feedback report is a page */
    RCPT_TO_MAX = 1000,
};

static const char *text(struct mail *mail, const struct header *header, const char *name) {
    enum {
        VALUE_MAX = 1024,
    };
    struct bytes value = bytes_first(header_value(header, name), VALUE_MAX);
    return value.len ? utf8_clean(mail->arena, header_unfold(mail->arena, value)) : NULL;
}

static void add_recipient(struct mail *mail, const char *address) {
    struct report_feedback *feedback = &mail->report->feedback;
    if (!address || feedback->original_rcpt_to_count == RCPT_TO_MAX)
        return;
    feedback->original_rcpt_to =
        arena_grow(mail->arena, feedback->original_rcpt_to, feedback->original_rcpt_to_count,
                   sizeof *feedback->original_rcpt_to);
    feedback->original_rcpt_to[feedback->original_rcpt_to_count++] = address;
}

static void read_part(struct mail *mail, const struct entity *part) {
    struct report_feedback *feedback = &mail->report->feedback;
    struct arena *arena = mail->arena;
    struct bytes content = entity_content(part, arena, READ_MAX);
    struct header header;
    while (content.len && ascii_is_space(content.data[0]))
        content = bytes_from(content, 1);
    header_read(content, arena, &header);
    struct bytes type = bytes_first(header_value(&header, "Feedback-Type"), 100);
    if (type.len)
        feedback->type = ascii_lower_string(utf8_clean(arena, type));
    feedback->original_mail_from =
        address_first(arena, header_value(&header, "Original-Mail-From"), NULL);
    feedback->source_ip = text(mail, &header, "Source-IP");
    feedback->reported_domain = text(mail, &header, "Reported-Domain");
    feedback->user_agent = text(mail, &header, "User-Agent");
    feedback->arrival = date_read(header_value(&header, "Arrival-Date"));
    if (!feedback->arrival)
        feedback->arrival = date_read(header_value(&header, "Received-Date"));
    for (size_t i = 0; i < header.count; i++)
        if (bytes_equal_ignore_case(header.fields[i].name, "Original-Rcpt-To"))
            add_recipient(mail, address_typed(arena, header.fields[i].value, false));
}

/* {"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":...}],
 * "complaintFeedbackType":"abuse"}} */
static void read_ses(struct mail *mail) {
    struct bytes list = json_text_array(mail->notice, "complainedRecipients"), item;
    struct bytes type = json_text_string(mail->arena, mail->notice, "complaintFeedbackType");
    mail->report->feedback.type =
        type.len ? ascii_lower_string(utf8_clean(mail->arena, bytes_first(type, 100))) : "abuse";
    while (json_text_next_object(&list, &item)) {
        struct bytes address = json_text_string(mail->arena, item, "emailAddress");
        add_recipient(mail, address_first(mail->arena, bytes_first(address, 1000), NULL));
    }
}

bool feedback_read(struct mail *mail, const struct header *original, const char **reason) {
    /* Microsoft's Junk Mail Reporting Program puts who complained into the original's header. */
    static const char jmrp[] = "X-HmXmrOriginalRecipient";
    for (const struct entity *e = mail->root; e; e = entity_next(e)) {
        if (!entity_is(e, "message/feedback-report"))
            continue;
        *reason = "a message/feedback-report part";
        read_part(mail, e);
        return true;
    }
    if (!mail->status_part && header_has(original, jmrp)) {
        *reason = jmrp;
        mail->report->feedback.type = "abuse";
        add_recipient(mail, address_first(mail->arena, header_value(original, jmrp), NULL));
        return true;
    }
    if (sender_is_amazon(mail) && (json_text_has(mail->notice, "notificationType", "Complaint") ||
                                   json_text_has(mail->notice, "eventType", "Complaint"))) {
        *reason = "notificationType: Complaint";
        read_ses(mail);
        return true;
    }
    return false;
}
