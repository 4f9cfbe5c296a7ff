#include "mime/candidate.h"

#include "mime/address.h"

/* Fields of delivery agents: Postfix and Dovecot, Postfix, Exim, Cyrus, Google Workspace. */
static const char *const delivery_fields[] = {
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "X-Gm-Original-To",
};

enum {
    RECEIVED_READ_MAX = 20, /* the topmost that says `for`; forwarders further down are not ours */
};

static void add(struct mail *mail, const char *header, unsigned instance, bool inside_original,
                const char *address) {
    struct report *report = mail->report;
    if (!address)
        return;
    report->candidates = arena_grow(mail->arena, report->candidates, report->candidate_count,
                                    sizeof *report->candidates);
    report->candidates[report->candidate_count++] =
        (struct report_candidate){header, instance, inside_original, address};
}

static void add_field(struct mail *mail, const char *name, unsigned instance) {
    const struct header_field *field = header_find(mail->header, name, instance);
    if (field)
        add(mail, name, instance, false, address_first(mail->arena, field->value, NULL));
}

/* RFC 5321 section 4.4: "from ... by ... for <address>; date". */
static const char *received_for(struct arena *arena, struct bytes value) {
    enum {
        VALUE_MAX = 4 * 1024,
    };
    value = header_without_comments(arena, header_unfold(arena, bytes_first(value, VALUE_MAX)));
    long at = bytes_find_ignore_case(value, " for ");
    if (at < 0)
        return NULL;
    value = bytes_from(value, (size_t)at + 5);
    long end = bytes_find_char(value, ';');
    if (end >= 0)
        value = bytes_first(value, (size_t)end);
    return address_first(arena, value, NULL);
}

void candidates_read(struct mail *mail) {
    const struct report_options *options = mail->options;
    if (options && options->recipient_header)
        add_field(mail, options->recipient_header,
                  options->recipient_header_instance ? options->recipient_header_instance : 1);
    for (size_t i = 0; i < sizeof delivery_fields / sizeof *delivery_fields; i++)
        add_field(mail, delivery_fields[i], 1);
    for (unsigned instance = 1; instance <= RECEIVED_READ_MAX; instance++) {
        const struct header_field *field = header_find(mail->header, "Received", instance);
        if (!field)
            break;
        const char *address = received_for(mail->arena, field->value);
        add(mail, "Received", instance, false, address);
        if (address)
            break;
    }
    add(mail, "To", 1, false, mail->report->to);
    add(mail, "original Return-Path", 1, true, mail->report->original.return_path);
}

void candidates_read_enclosed(struct mail *mail, const struct header *report) {
    add(mail, "enclosed To", 1, true, address_first(mail->arena, header_value(report, "To"), NULL));
    add(mail, "original Return-Path", 1, true, mail->report->original.return_path);
}
