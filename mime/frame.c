#include "mime/frame.h"

#include "cmd/base/utf8.h"

#include <stdint.h>
#include <string.h>

/* One walk over a report serves both directions, so that they cannot differ: each visit_ function
 * writes the value, or reads and checks it. A number is octets of six bits, least first, with
 * NUMBER_GOES_ON on all but the last; a string is STRING_GIVEN, its bytes and a NUL, or
 * STRING_NONE for NULL; an array is its count and its elements. What a recipient has in common with
 * the one before it is STRING_REPEATED, and one string for both where it is read: a report may say
 * one thing of ten thousand. So a frame is UTF-8 exactly where all of its strings are. */
struct walk {
    struct buf *out; /* NULL while reading */
    struct bytes in; /* what is left to read: a copy in `arena` that strings point into */
    struct arena *arena;
    size_t said;       /* octets said of recipients, repeated ones included */
    const char *wrong; /* what does not fit; NULL while all does */
};

enum {
    NUMBER_BITS = 6,
    NUMBER_GOES_ON = 1 << NUMBER_BITS,
    NUMBER_OCTETS_MAX = 11,   /* of 64 bits */
    STRING_MAX = 1024 * 1024, /* the longest is report.text */
    CANDIDATES_MAX = 64,
    RCPT_TO_MAX = 1000,
    NOTES_MAX = 64,
    REPLY_CODE_MAX = 999, /* RFC 5321 section 4.2: three digits */

    /* What is said of a recipient. A diagnostic is cut before what is no UTF-8 in it turns into
     * U+FFFD, which has three octets. */
    RECIPIENT_STRING_MAX = 3 * REPORT_DIAGNOSTIC_MAX + 1,

    /* Of all recipients, each of whom is a row in the database. Ten thousand, each with addresses,
     * hosts and words of usual length, have a third of it. */
    SAID_MAX = 16 * 1024 * 1024,

    STRING_NONE = 0,
    STRING_GIVEN = 1,
    STRING_REPEATED = 2,
};

/* The last second of the year 9999: what comes later, gmtime and PostgreSQL do not take. */
static const uint64_t time_max = UINT64_C(253402300799);

/* Nothing is read behind what does not fit. */
static void refuse(struct walk *walk, const char *why) {
    if (!walk->wrong)
        walk->wrong = why;
    walk->in.len = 0;
}

static void write_number(struct buf *out, uint64_t number) {
    buf_reserve(out, NUMBER_OCTETS_MAX);
    for (; number >= NUMBER_GOES_ON; number >>= NUMBER_BITS)
        out->data[out->len++] = (char)(NUMBER_GOES_ON | (number & (NUMBER_GOES_ON - 1)));
    out->data[out->len++] = (char)number;
    out->data[out->len] = '\0';
}

static void step(struct walk *walk, size_t len) {
    walk->in.data += len;
    walk->in.len -= len;
}

/* A number has one form, without zeros at its end, and here less than 64 bits. */
static uint64_t read_number(struct walk *walk) {
    uint64_t number = 0;
    if (walk->in.len && (unsigned char)walk->in.data[0] < NUMBER_GOES_ON) { /* nearly all */
        number = (unsigned char)walk->in.data[0];
        step(walk, 1);
        return number;
    }
    for (size_t i = 0; i < walk->in.len && i < NUMBER_OCTETS_MAX - 1; i++) {
        unsigned char octet = (unsigned char)walk->in.data[i];
        if (octet >= 2 * NUMBER_GOES_ON || (i && !octet))
            break;
        number |= (uint64_t)(octet & (NUMBER_GOES_ON - 1)) << (i * NUMBER_BITS);
        if (octet & NUMBER_GOES_ON)
            continue;
        step(walk, i + 1);
        return number;
    }
    refuse(walk, "a number that is none");
    return 0;
}

/* A number from 0 to `max`; 0 where it is larger. */
static uint64_t visit_bounded(struct walk *walk, uint64_t number, uint64_t max) {
    if (walk->out) {
        write_number(walk->out, number);
        return number;
    }
    number = read_number(walk);
    if (number <= max)
        return number;
    refuse(walk, "a number out of range");
    return 0;
}

static void visit_time(struct walk *walk, int64_t *time) {
    *time = (int64_t)visit_bounded(walk, (uint64_t)*time, time_max);
}

static void visit_unsigned(struct walk *walk, unsigned *number) {
    *number = (unsigned)visit_bounded(walk, *number, UINT32_MAX);
}

static void visit_bool(struct walk *walk, bool *value) {
    *value = visit_bounded(walk, *value, 1) != 0;
}

static const char *read_string(struct walk *walk, size_t max) {
    const char *text = walk->in.data;
    long end = bytes_find_char(walk->in, '\0');
    if (end < 0 || (size_t)end >= max) {
        refuse(walk, "a string without an end");
        return NULL;
    }
    step(walk, (size_t)end + 1);
    return text;
}

static void write_string(struct walk *walk, const char *text) {
    write_number(walk->out, text ? STRING_GIVEN : STRING_NONE);
    if (text)
        buf_add(walk->out, text, strlen(text) + 1);
}

static void visit_string(struct walk *walk, const char **text) {
    if (walk->out)
        write_string(walk, *text);
    else
        *text = visit_bounded(walk, 0, STRING_GIVEN) ? read_string(walk, STRING_MAX) : NULL;
}

/* A string that is said of a recipient; `before` is the one before it, or NULL. */
static void visit_repeating(struct walk *walk, const char *before, const char **text) {
    if (walk->out) {
        if (*text && before && (*text == before || strcmp(*text, before) == 0))
            write_number(walk->out, STRING_REPEATED);
        else
            write_string(walk, *text);
        return;
    }
    uint64_t form = visit_bounded(walk, 0, STRING_REPEATED);
    if (form == STRING_REPEATED && !before)
        refuse(walk, "a string that repeats nothing");
    *text = form == STRING_GIVEN      ? read_string(walk, RECIPIENT_STRING_MAX)
            : form == STRING_REPEATED ? before
                                      : NULL;
    walk->said += *text ? strlen(*text) : 0;
    if (walk->said > SAID_MAX)
        refuse(walk, "more of its recipients than any report says");
}

/* A string that is never NULL. */
static void visit_given_string(struct walk *walk, const char **text) {
    visit_string(walk, text);
    if (walk->out || *text)
        return;
    refuse(walk, "a string that is missing");
    *text = "";
}

/* The count of an array; while reading, makes room for it. */
static void *visit_array(struct walk *walk, void *array, size_t *count, size_t size, size_t max) {
    *count = (size_t)visit_bounded(walk, *count, max);
    if (walk->out)
        return array;
    /* An element takes a byte or more: a count that lies costs little memory. */
    if (*count > walk->in.len) {
        refuse(walk, "a count that is larger than the frame");
        *count = 0;
    }
    return *count ? arena_alloc(walk->arena, *count * size) : NULL;
}

static void visit_strings(struct walk *walk, const char ***strings, size_t *count, size_t max) {
    *strings = visit_array(walk, (void *)*strings, count, sizeof **strings, max);
    for (size_t i = 0; i < *count; i++)
        visit_given_string(walk, &(*strings)[i]);
}

static void visit_recipient(struct walk *walk, const struct report_recipient *before,
                            struct report_recipient *r) {
    visit_repeating(walk, before->original_recipient, &r->original_recipient);
    visit_repeating(walk, before->final_recipient, &r->final_recipient);
    r->action = (enum report_action)visit_bounded(walk, r->action, REPORT_ACTION_COUNT - 1);
    r->source = (enum report_source)visit_bounded(walk, r->source, REPORT_SOURCE_COUNT - 1);
    visit_repeating(walk, before->status, &r->status);
    visit_repeating(walk, before->diagnostic_type, &r->diagnostic_type);
    visit_repeating(walk, before->diagnostic_code, &r->diagnostic_code);
    r->reply_code = (unsigned)visit_bounded(walk, r->reply_code, REPLY_CODE_MAX);
    visit_repeating(walk, before->diagnostic_status, &r->diagnostic_status);
    visit_repeating(walk, before->remote_mta, &r->remote_mta);
    visit_time(walk, &r->last_attempt);
    visit_time(walk, &r->will_retry_until);
}

static void visit_candidate(struct walk *walk, struct report_candidate *candidate) {
    visit_given_string(walk, &candidate->header);
    visit_unsigned(walk, &candidate->instance);
    visit_bool(walk, &candidate->inside_original);
    visit_given_string(walk, &candidate->address);
}

static void visit_original(struct walk *walk, struct report_original *original) {
    visit_bool(walk, &original->present);
    visit_string(walk, &original->return_path);
    visit_string(walk, &original->from);
    visit_string(walk, &original->to);
    visit_unsigned(walk, &original->to_count);
    visit_string(walk, &original->subject);
    visit_string(walk, &original->message_id);
    visit_time(walk, &original->date);
    visit_string(walk, &original->list_id);
    visit_string(walk, &original->campaign_header);
}

static void visit_feedback(struct walk *walk, struct report_feedback *feedback) {
    visit_string(walk, &feedback->type);
    visit_string(walk, &feedback->original_mail_from);
    visit_strings(walk, &feedback->original_rcpt_to, &feedback->original_rcpt_to_count,
                  RCPT_TO_MAX);
    visit_string(walk, &feedback->source_ip);
    visit_string(walk, &feedback->reported_domain);
    visit_string(walk, &feedback->user_agent);
    visit_time(walk, &feedback->arrival);
}

static void visit_report(struct walk *walk, struct report *report) {
    static const struct report_recipient nobody;
    report->kind = (enum report_kind)visit_bounded(walk, report->kind, REPORT_KIND_COUNT - 1);
    visit_string(walk, &report->format);
    visit_string(walk, &report->kind_reason);
    visit_string(walk, &report->from);
    visit_string(walk, &report->to);
    visit_string(walk, &report->subject);
    visit_string(walk, &report->message_id);
    visit_string(walk, &report->auto_submitted);
    visit_time(walk, &report->date);
    visit_bool(walk, &report->null_sender);
    report->candidates = visit_array(walk, report->candidates, &report->candidate_count,
                                     sizeof *report->candidates, CANDIDATES_MAX);
    for (size_t i = 0; i < report->candidate_count; i++)
        visit_candidate(walk, &report->candidates[i]);
    visit_repeating(walk, NULL, &report->reporting_mta); /* each recipient's row has it */
    visit_string(walk, &report->received_from_mta);
    visit_string(walk, &report->original_envelope_id);
    visit_time(walk, &report->arrival);
    report->recipients = visit_array(walk, report->recipients, &report->recipient_count,
                                     sizeof *report->recipients, REPORT_RECIPIENTS_MAX);
    walk->said *= report->recipient_count;
    for (size_t i = 0; i < report->recipient_count; i++)
        visit_recipient(walk, i ? &report->recipients[i - 1] : &nobody, &report->recipients[i]);
    visit_original(walk, &report->original);
    visit_feedback(walk, &report->feedback);
    visit_string(walk, &report->text);
    visit_bool(walk, &report->truncated);
    visit_strings(walk, &report->notes, &report->note_count, NOTES_MAX);
}

void report_frame_write(const struct report *report, struct buf *out) {
    struct walk walk = {.out = out};
    struct report copy = *report; /* a walk that writes changes nothing, and takes no const */
    visit_report(&walk, &copy);
}

int report_frame_read(struct bytes frame, struct arena *arena, struct report **report,
                      struct err *err) {
    struct walk walk = {.in = {arena_bytes(arena, frame), frame.len}, .arena = arena};
    struct report *read = arena_alloc(arena, sizeof *read);
    if (!utf8_is_valid(frame))
        refuse(&walk, "strings that are not UTF-8");
    visit_report(&walk, read);
    if (walk.in.len)
        refuse(&walk, "bytes behind the report");
    if (walk.wrong)
        return err_set(err, ERR_DATA, "not a report: %s", walk.wrong);
    *report = read;
    return 0;
}
