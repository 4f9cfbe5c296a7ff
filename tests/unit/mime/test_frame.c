#include "mime/frame.h"
#include "mime/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char mail[] = "Return-Path: <>\n"
                           "Delivered-To: bounces+spring-ada=example.net@news.example.com\n"
                           "From: MAILER-DAEMON@mx.example.com\n"
                           "Subject: Undelivered Mail Returned to Sender\n"
                           "Date: Mon, 1 Jun 2026 10:00:00 +0000\n"
                           "Content-Type: multipart/report; boundary=b\n"
                           "\n"
                           "--b\n\nSorry.\n"
                           "--b\nContent-Type: message/delivery-status\n\n"
                           "Reporting-MTA: dns; mx.example.com\n\n"
                           "Final-Recipient: rfc822; ada@example.net\n"
                           "Action: failed\nStatus: 5.1.1\n"
                           "Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
                           "Final-Recipient: rfc822; bob@example.net\n"
                           "Action: delayed\nStatus: 4.4.1\n"
                           "--b\nContent-Type: message/rfc822\n\n"
                           "Return-Path: <news@example.com>\nTo: ada@example.net\n\nHi\n--b--\n";

static struct report *read_mail(struct arena *arena) {
    return report_read(bytes_of(mail), false, NULL, arena);
}

static void a_report_survives_its_frame(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buf first = BUF_INIT, second = BUF_INIT;
    struct err err;
    struct report *report;
    report_frame_write(read_mail(arena), &first);
    assert_int_equal(report_frame_read(buf_bytes(&first), arena, &report, &err), 0);
    assert_int_equal(report->recipient_count, 2);
    assert_string_equal(report->recipients[0].diagnostic_status, "5.1.1");
    assert_int_equal(report->recipients[1].action, REPORT_ACTION_DELAYED);
    assert_null(report->recipients[1].diagnostic_code);
    assert_string_equal(report->original.return_path, "news@example.com");
    report_frame_write(report, &second);
    assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    buf_free(&first);
    buf_free(&second);
    arena_free(arena);
}

/* A listing may say one thing of ten thousand. */
static void what_recipients_have_in_common_is_there_once(void **state) {
    (void)state;
    enum { COUNT = REPORT_RECIPIENTS_MAX };
    struct arena *arena = arena_new();
    struct report_recipient *recipients = arena_alloc(arena, COUNT * sizeof *recipients);
    struct buf frame = BUF_INIT;
    struct report *report;
    struct err err;
    char words[REPORT_DIAGNOSTIC_MAX];
    memset(words, 'x', sizeof words - 1);
    words[REPORT_DIAGNOSTIC_MAX / 2] = '\0';
    for (size_t i = 0; i < COUNT; i++)
        recipients[i] = (struct report_recipient){
            .final_recipient = arena_printf(arena, "%zu@example.net", i),
            .diagnostic_code = i % 2 ? words : arena_string(arena, words),
            .remote_mta = i == 1 ? NULL : "mx.example.net",
        };
    report_frame_write(&(struct report){.recipients = recipients, .recipient_count = COUNT},
                       &frame);
    assert_true(frame.len < (size_t)COUNT * 64);
    assert_int_equal(report_frame_read(buf_bytes(&frame), arena, &report, &err), 0);
    for (size_t i = 0; i < COUNT; i++) {
        const struct report_recipient *r = &report->recipients[i];
        assert_string_equal(r->final_recipient, recipients[i].final_recipient);
        assert_ptr_equal(r->diagnostic_code, report->recipients[0].diagnostic_code);
        assert_true(i == 1 ? !r->remote_mta : !strcmp(r->remote_mta, "mx.example.net"));
    }
    assert_string_equal(report->recipients[0].diagnostic_code, words);
    /* In the database, each has a copy of it. */
    words[REPORT_DIAGNOSTIC_MAX / 2] = 'x';
    buf_reset(&frame);
    for (size_t i = 0; i < COUNT; i++)
        recipients[i].diagnostic_code = words;
    report_frame_write(&(struct report){.recipients = recipients, .recipient_count = COUNT},
                       &frame);
    assert_int_equal(report_frame_read(buf_bytes(&frame), arena, &report, &err), -1);
    buf_free(&frame);
    arena_free(arena);
}

static void a_frame_that_is_cut_is_refused(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buf frame = BUF_INIT;
    struct report *report;
    report_frame_write(read_mail(arena), &frame);
    for (size_t len = 0; len < frame.len; len++) {
        struct err err = {0};
        assert_int_equal(
            report_frame_read(bytes_first(buf_bytes(&frame), len), arena, &report, &err), -1);
        assert_int_equal(err.code, ERR_DATA);
    }
    buf_add_char(&frame, 'x');
    assert_int_equal(report_frame_read(buf_bytes(&frame), arena, &report, NULL), -1);
    buf_free(&frame);
    arena_free(arena);
}

/* Whatever the bytes say, what is accepted is within the contract, and is the one frame of what it
 * says. */
static void a_frame_with_any_byte_changed_is_refused_or_sane(void **state) {
    (void)state;
    static const char others[] = {'\0',   '\x01', '\x02', '\x3f', '@',
                                  '\x7f', '\x80', '\xc3', '\xff'};
    struct arena *arena = arena_new();
    struct buf frame = BUF_INIT, again = BUF_INIT;
    report_frame_write(read_mail(arena), &frame);
    unsigned refused = 0, accepted = 0;
    for (size_t i = 0; i < frame.len * sizeof others; i++) {
        char *byte = &frame.data[i / sizeof others], kept = *byte;
        *byte = others[i % sizeof others];
        struct arena *scratch = arena_new();
        struct report *report;
        struct err err;
        if (report_frame_read(buf_bytes(&frame), scratch, &report, &err)) {
            refused++;
        } else {
            accepted++;
            assert_true((unsigned char)*byte < 0x80);
            assert_true(report->kind < REPORT_KIND_COUNT);
            buf_reset(&again);
            report_frame_write(report, &again);
            assert_true(bytes_equal(buf_bytes(&frame), buf_bytes(&again)));
        }
        arena_free(scratch);
        *byte = kept;
    }
    assert_true(refused > frame.len);
    assert_true(accepted > frame.len);
    buf_free(&frame);
    buf_free(&again);
    arena_free(arena);
}

/* What a worker that was taken over would write: each of these would otherwise crash its parent, or
 * make PostgreSQL refuse the whole batch, again in every run. */
static void a_report_that_breaks_a_promise_is_refused(void **state) {
    (void)state;
    static char long_text[1024 * 1024 + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    static const char *nothing[] = {NULL};
    static struct report_candidate without_address = {.header = "To"};
    static struct report_candidate without_header = {.address = "ada@example.net"};
    static struct report_candidate sound = {.header = "To", .address = "ada@example.net"};
    static struct report_recipient reply_code = {.reply_code = 1000};
    static struct report_recipient action = {.action = REPORT_ACTION_COUNT};
    static struct report_recipient source = {.source = (enum report_source) - 1};
    static struct report_recipient long_mta = {.remote_mta = long_text};
    static struct report_recipient late = {.will_retry_until = INT64_C(253402300800)};
    const struct {
        struct report report;
        bool accepted;
    } table[] = {
        {{.kind = REPORT_FEEDBACK, .date = INT64_C(253402300799)}, true},
        {{.candidates = &sound, .candidate_count = 1}, true},
        {{.kind = REPORT_KIND_COUNT}, false},
        {{.date = INT64_MAX}, false},
        {{.date = -1}, false},
        {{.subject = "\xff"}, false},
        {{.subject = "\xed\xa0\x80"}, false}, /* a surrogate */
        {{.text = long_text}, false},
        {{.notes = nothing, .note_count = 1}, false},
        {{.feedback = {.original_rcpt_to = nothing, .original_rcpt_to_count = 1}}, false},
        {{.candidates = &without_address, .candidate_count = 1}, false},
        {{.candidates = &without_header, .candidate_count = 1}, false},
        {{.recipients = &reply_code, .recipient_count = 1}, false},
        {{.recipients = &action, .recipient_count = 1}, false},
        {{.recipients = &source, .recipient_count = 1}, false},
        {{.recipients = &late, .recipient_count = 1}, false},
        {{.recipients = &long_mta, .recipient_count = 1}, false},
        {{.reporting_mta = long_text}, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena *arena = arena_new();
        struct buf frame = BUF_INIT;
        struct report *report;
        struct err err;
        report_frame_write(&table[i].report, &frame);
        int rc = report_frame_read(buf_bytes(&frame), arena, &report, &err);
        if (rc != (table[i].accepted ? 0 : -1))
            fail_msg("row %zu is %s", i, rc ? "refused" : "accepted");
        buf_free(&frame);
        arena_free(arena);
    }
}

/* Lengths and counts as a worker may claim them: no memory is taken on its word. */
/* The count of the notes and the notes stand at the end of a frame. */
static void a_count_or_a_string_that_lies_is_refused(void **state) {
    (void)state;
    static const char *notes[] = {"a"};
    static const char own[] = "\x01\x01"
                              "a";
    static const struct {
        const char *octets;
        size_t len;
        bool accepted;
    } table[] = {
        {own, sizeof own, true},
        {"\x00", 1, true},
        {"\x01\x01", 3, true},
        {"\x00\x01\x01", 3, false},                                  /* more than it counts */
        {"\x01\x01", 2, false},                                      /* no end */
        {"\x01\x00", 2, false},                                      /* a note that is NULL */
        {"\x01\x02", 3, false},                                      /* neither there nor not */
        {"\x02\x01\x01", 4, false},                                  /* fewer than it counts */
        {"\x41", 1, false},                                          /* a number without an end */
        {"\x41\x00\x01", 4, false},                                  /* a second form of 1 */
        {"\x40\x40\x40\x40\x40\x40\x40\x40\x40\x01\x01", 12, false}, /* 2^54 */
        {"\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x3f\x01", 12, false}, /* 2^60 - 1 */
        {"\x41\x40\x40\x40\x40\x40\x40\x40\x40\x40\x10\x01", 13, false}, /* 1 + 2^64 */
        {"\xc1\x81\x01", 4, false},                                      /* a letter of UTF-8 */
    };
    struct arena *arena = arena_new();
    struct buf frame = BUF_INIT;
    report_frame_write(&(struct report){.notes = notes, .note_count = 1}, &frame);
    size_t head = frame.len - sizeof own;
    assert_memory_equal(frame.data + head, own, sizeof own);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct report *report;
        buf_reset(&frame);
        report_frame_write(&(struct report){.notes = notes, .note_count = 1}, &frame);
        frame.len = head;
        buf_add(&frame, table[i].octets, table[i].len);
        int rc = report_frame_read(buf_bytes(&frame), arena, &report, NULL);
        if (rc != (table[i].accepted ? 0 : -1))
            fail_msg("row %zu is %s", i, rc ? "refused" : "accepted");
    }
    buf_free(&frame);
    arena_free(arena);
}

/* The first recipient has none before it. */
static void a_string_that_repeats_nothing_is_refused(void **state) {
    (void)state;
    static struct report_recipient twins[2] = {{.final_recipient = "ada@example.net"},
                                               {.final_recipient = "ada@example.net"}};
    struct arena *arena = arena_new();
    struct buf frame = BUF_INIT;
    struct report *report;
    report_frame_write(&(struct report){.recipients = twins, .recipient_count = 2}, &frame);
    assert_int_equal(report_frame_read(buf_bytes(&frame), arena, &report, NULL), 0);
    char *given = memmem(frame.data, frame.len,
                         "\x01"
                         "ada",
                         4);
    assert_non_null(given);
    memmove(given + 1,
            given + sizeof "\x01"
                           "ada@example.net",
            frame.len - (size_t)(given - frame.data) -
                sizeof "\x01"
                       "ada@example.net");
    *given = '\x02';
    frame.len -= sizeof "ada@example.net";
    assert_int_equal(report_frame_read(buf_bytes(&frame), arena, &report, NULL), -1);
    buf_free(&frame);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_survives_its_frame),
        cmocka_unit_test(what_recipients_have_in_common_is_there_once),
        cmocka_unit_test(a_string_that_repeats_nothing_is_refused),
        cmocka_unit_test(a_frame_that_is_cut_is_refused),
        cmocka_unit_test(a_report_that_breaks_a_promise_is_refused),
        cmocka_unit_test(a_count_or_a_string_that_lies_is_refused),
        cmocka_unit_test(a_frame_with_any_byte_changed_is_refused_or_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
