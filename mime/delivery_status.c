#include "mime/delivery_status.h"

#include "cmd/base/utf8.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/diagnostic.h"

#include <stddef.h>
#include <string.h>

/* Raw values of one per-recipient group. */
struct group {
    struct bytes original, final, actual, action, status, remote, diagnostic, comment, last_attempt,
        retry_until;
};

/* RFC 3464 section 2.3. Where one group has a field twice, the first wins. */
static const struct {
    const char *name;
    size_t offset;
    bool is_address; /* a second one in a group starts a new recipient */
} group_fields[] = {
    {"Original-Recipient", offsetof(struct group, original), true},
    {"Final-Recipient", offsetof(struct group, final), true},
    {"X-Actual-Recipient", offsetof(struct group, actual), false},
    {"Action", offsetof(struct group, action), false},
    {"Status", offsetof(struct group, status), false},
    {"Remote-MTA", offsetof(struct group, remote), false},
    {"Diagnostic-Code", offsetof(struct group, diagnostic), false},
    {"X-Supplementary-Info", offsetof(struct group, comment), false}, /* Exchange, IronPort */
    {"X-Notes", offsetof(struct group, comment), false},              /* Domino */
    {"Last-Attempt-Date", offsetof(struct group, last_attempt), false},
    {"Will-Retry-Until", offsetof(struct group, retry_until), false},
};

/* RFC 3464 section 2.3.3, and what else stands there in the wild; compared as beginnings. */
static const struct {
    const char *word;
    enum report_action action;
} actions[] = {
    {"fail", REPORT_ACTION_FAILED},           {"delay", REPORT_ACTION_DELAYED},
    {"deliverable", REPORT_ACTION_DELIVERED}, {"delivered", REPORT_ACTION_DELIVERED},
    {"relay", REPORT_ACTION_RELAYED},         {"expand", REPORT_ACTION_EXPANDED},
    {"expire", REPORT_ACTION_FAILED},         {"deferred", REPORT_ACTION_DELAYED},
    {"error", REPORT_ACTION_FAILED},          {"undeliver", REPORT_ACTION_FAILED},
    {"denied", REPORT_ACTION_FAILED},         {"reject", REPORT_ACTION_FAILED},
};

static struct bytes *group_value(struct group *group, size_t field) {
    return (struct bytes *)(void *)((char *)group + group_fields[field].offset);
}

static bool has_address(const struct group *group) {
    return group->original.len || group->final.len || group->actual.len;
}

static enum report_action read_action(struct bytes value) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (bytes_starts_ignore_case(value, actions[i].word))
            return actions[i].action;
    return REPORT_ACTION_NONE;
}

/* "dns; mx.example.net (192.0.2.1)" without its type and comment; NULL for nothing. */
static const char *read_mta(struct arena *arena, struct bytes value) {
    enum {
        VALUE_MAX = 512, /* two of the longest domain names */
    };
    value = header_without_comments(arena, header_unfold(arena, bytes_first(value, VALUE_MAX)));
    long semicolon = bytes_find_char(value, ';');
    value = bytes_trim(bytes_from(value, (size_t)(semicolon + 1)));
    return value.len ? utf8_clean(arena, value) : NULL;
}

/* The first enhanced status code of a value, or NULL. */
static const char *read_status(struct arena *arena, struct bytes value) {
    char status[DIAGNOSTIC_STATUS_SIZE];
    value = bytes_trim(value);
    if (!diagnostic_take_status(&value, status)) {
        struct diagnostic_codes codes = diagnostic_codes_find(bytes_first(value, 200));
        if (!*codes.status)
            return NULL;
        memcpy(status, codes.status, sizeof status);
    }
    return arena_string(arena, status);
}

/* Takes the type off "smtp; 550 ..."; NULL where the value has none. */
static const char *take_type(struct arena *arena, struct bytes *value) {
    enum {
        TYPE_MAX = 64, /* none that anybody uses has a third of that */
    };
    size_t i = 0;
    while (i < value->len && (ascii_is_alpha(value->data[i]) || ascii_is_digit(value->data[i]) ||
                              value->data[i] == '-'))
        i++;
    size_t len = i;
    while (i < value->len && value->data[i] == ' ')
        i++;
    if (!len || i == value->len || value->data[i] != ';' || !ascii_is_alpha(value->data[0]))
        return NULL;
    const char *type = ascii_lower_string(
        arena_bytes(arena, bytes_first(*value, len < TYPE_MAX ? len : TYPE_MAX)));
    *value = bytes_trim(bytes_from(*value, i + 1));
    return type;
}

/* Whether an address can be written to from outside: not an X.400 name, a path, a login name, or a
 * machine's name inside of its site ("ada@ims-daemon"). */
static bool is_mailable(const char *address) {
    long at = address ? bytes_find_last_char(bytes_of(address), '@') : -1;
    return at > 0 && bytes_find_char(bytes_from(bytes_of(address), (size_t)at), '.') >= 0;
}

static void add_recipient(struct mail *mail, const struct group *group) {
    struct arena *arena = mail->arena;
    struct bytes final = group->final.len ? group->final : group->actual;
    const char *address = address_typed(arena, final, false);
    const char *original = address_typed(arena, group->original, true);
    if (original && !address_is_valid(bytes_of(original)))
        original = NULL;
    if (original && !is_mailable(address))
        address = original;
    if (address && !address_is_valid(bytes_of(address))) {
        mail_note(mail, "a recipient that is no address");
        address = NULL;
    }
    struct report_recipient *r = mail_recipient_add(mail, REPORT_SOURCE_STATUS_PART, address);
    if (!r)
        return;
    r->original_recipient = original;
    r->action = read_action(group->action);
    r->status = read_status(arena, group->status);
    r->remote_mta = read_mta(arena, group->remote);
    r->last_attempt = date_read(group->last_attempt);
    r->will_retry_until = date_read(group->retry_until);
    struct bytes diagnostic = group->diagnostic;
    r->diagnostic_type = take_type(arena, &diagnostic);
    mail_recipient_diagnose(mail, r, diagnostic.len ? diagnostic : group->comment);
    if (r->action == REPORT_ACTION_NONE && r->status)
        r->action = r->status[0] == '2' ? REPORT_ACTION_DELIVERED : REPORT_ACTION_FAILED;
}

/* RFC 3464 section 2.2. */
static void read_message_field(struct mail *mail, const struct header_field *field) {
    struct report *report = mail->report;
    if (bytes_equal_ignore_case(field->name, "Reporting-MTA") && !report->reporting_mta)
        report->reporting_mta = read_mta(mail->arena, field->value);
    else if (bytes_equal_ignore_case(field->name, "Received-From-MTA"))
        report->received_from_mta = read_mta(mail->arena, field->value);
    else if (bytes_equal_ignore_case(field->name, "Arrival-Date"))
        report->arrival = date_read(field->value);
    else if (bytes_equal_ignore_case(field->name, "Original-Envelope-Id"))
        report->original_envelope_id = utf8_clean(
            mail->arena,
            address_xtext_decode(mail->arena,
                                 header_unfold(mail->arena, bytes_first(field->value, 1024))));
}

static long group_field(struct bytes name) {
    for (size_t i = 0; i < sizeof group_fields / sizeof *group_fields; i++)
        if (bytes_equal_ignore_case(name, group_fields[i].name))
            return (long)i;
    return -1;
}

/* Gives `to` what it lacks and `from` has. */
static void merge(struct group *to, struct group *from) {
    for (size_t i = 0; i < sizeof group_fields / sizeof *group_fields; i++)
        if (!group_value(to, i)->len)
            *group_value(to, i) = *group_value(from, i);
}

/* A block of fields that an empty line ended: a recipient of its own, or, without an address, more
 * about the one before it. */
static void end_block(struct mail *mail, struct group *group, struct group *block) {
    if (has_address(block) && has_address(group)) {
        add_recipient(mail, group);
        *group = *block;
    } else {
        merge(group, block);
    }
    *block = (struct group){0};
}

size_t delivery_status_read(struct mail *mail, struct bytes text) {
    size_t before = mail->report->recipient_count;
    struct group group = {0}, block = {0};
    struct header_walk walk = {.rest = text};
    while (walk.rest.len || walk.ahead) {
        size_t left = walk.rest.len;
        struct header_field field;
        if (!header_next(&walk, &field)) {
            struct bytes prose;
            if (walk.rest.len == left)
                bytes_next_line(&walk.rest, &prose);
            end_block(mail, &group, &block);
            continue;
        }
        long known = group_field(field.name);
        if (known < 0) {
            read_message_field(mail, &field);
            continue;
        }
        struct bytes *value = group_value(&block, (size_t)known);
        if (value->len && group_fields[known].is_address)
            end_block(mail, &group, &block);
        if (!value->len)
            *value = field.value;
    }
    end_block(mail, &group, &block);
    if (has_address(&group) || (group.action.len && mail->report->recipient_count == before))
        add_recipient(mail, &group);
    return mail->report->recipient_count - before;
}

long delivery_status_find(struct bytes text) {
    struct bytes rest = text, line;
    long start = -1; /* of the run of fields */
    bool address = false, outcome = false;
    unsigned empty = 0;
    while (true) {
        size_t at = text.len - rest.len;
        if (!bytes_next_line(&rest, &line))
            return -1;
        if (!line.len) {
            /* One empty line parts the per-message group from the first recipient. */
            if (++empty > 1 && !address)
                start = -1;
            continue;
        }
        if (line.data[0] == ' ' || line.data[0] == '\t')
            continue;
        empty = 0;
        if (!header_is_field(line)) {
            start = -1;
            address = outcome = false;
            continue;
        }
        if (start < 0)
            start = (long)at;
        address = address || bytes_starts_ignore_case(line, "Final-Recipient:") ||
                  bytes_starts_ignore_case(line, "Original-Recipient:");
        outcome = outcome || bytes_starts_ignore_case(line, "Action:") ||
                  bytes_starts_ignore_case(line, "Status:");
        if (address && outcome)
            return start;
    }
}
