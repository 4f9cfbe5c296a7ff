#include "mime/feedback.h"

#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/date.h"

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

void feedback_read(struct mail *mail, const struct entity *part) {
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
    for (size_t i = 0; i < header.count && feedback->original_rcpt_to_count < RCPT_TO_MAX; i++) {
        if (!bytes_equal_ignore_case(header.fields[i].name, "Original-Rcpt-To"))
            continue;
        const char *address = address_typed(arena, header.fields[i].value, false);
        if (!address)
            continue;
        feedback->original_rcpt_to =
            arena_grow(arena, feedback->original_rcpt_to, feedback->original_rcpt_to_count,
                       sizeof *feedback->original_rcpt_to);
        feedback->original_rcpt_to[feedback->original_rcpt_to_count++] = address;
    }
}
