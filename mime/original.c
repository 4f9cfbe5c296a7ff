#include "mime/original.h"

#include "mime/address.h"
#include "mime/date.h"

static const char *const original_types[] = {
    "message/rfc822",         "text/rfc822-headers",    "message/global",
    "message/global-headers", "message/rfc822-headers", "text/rfc822",
};

enum {
    /* Transfer-encoded headers; the longest real ones have 30 KB. */
    READ_MAX = 256 * 1024,
};

struct entity *original_part_find(struct entity *root, const struct entity *status_part) {
    for (struct entity *e = root->first_part; e; e = entity_next(e))
        for (size_t i = 0; i < sizeof original_types / sizeof *original_types; i++)
            if (entity_is(e, original_types[i]))
                return e;
    /* Behind a status part stands the original, whatever its type says. */
    for (struct entity *e = status_part ? entity_next(status_part) : NULL; e; e = entity_next(e))
        if (!e->first_part && entity_is(e, "text/plain") && header_is_field(e->body))
            return e;
    return NULL;
}

static const char *text(struct mail *mail, const struct header *header, const char *name) {
    struct bytes value = header_value(header, name);
    if (!value.len)
        return NULL;
    const char *decoded = encoding_header_text(mail->charsets, mail->arena, value);
    return *decoded ? decoded : NULL;
}

struct header original_read(struct mail *mail) {
    struct header header = {NULL, 0};
    struct report_original *original = &mail->report->original;
    struct arena *arena = mail->arena;
    struct bytes content = mail->quoted;
    if (mail->original_part)
        content = entity_content(mail->original_part, arena, READ_MAX);
    while (content.len && ascii_is_space(content.data[0]))
        content = bytes_from(content, 1);
    if (bytes_starts_ignore_case(content, "From ") || bytes_starts_ignore_case(content, ">From ")) {
        struct bytes line;
        bytes_next_line(&content, &line);
    }
    header_read(bytes_first(content, READ_MAX), arena, &header);
    if (!header.count)
        return header;
    original->present = true;
    original->return_path = address_first(arena, header_value(&header, "Return-Path"), NULL);
    original->from = address_first(arena, header_value(&header, "From"), NULL);
    unsigned copies;
    original->to = address_first(arena, header_value(&header, "To"), &original->to_count);
    address_first(arena, header_value(&header, "Cc"), &copies);
    original->to_count += copies;
    original->subject = text(mail, &header, "Subject");
    original->message_id = text(mail, &header, "Message-ID");
    original->date = date_read(header_value(&header, "Date"));
    original->list_id = text(mail, &header, "List-Id");
    if (mail->options && mail->options->campaign_header)
        original->campaign_header = text(mail, &header, mail->options->campaign_header);
    return header;
}
