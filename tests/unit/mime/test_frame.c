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

/* Whatever the bytes say, what is accepted is within the contract: it can be written and read. */
static void a_frame_with_any_byte_changed_is_refused_or_sane(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buf frame = BUF_INIT, again = BUF_INIT;
    report_frame_write(read_mail(arena), &frame);
    unsigned refused = 0;
    for (size_t i = 0; i < frame.len; i++) {
        char kept = frame.data[i];
        frame.data[i] = '\xff';
        struct arena *scratch = arena_new();
        struct report *report, *copy;
        struct err err;
        if (report_frame_read(buf_bytes(&frame), scratch, &report, &err)) {
            refused++;
        } else {
            assert_true(report->kind < REPORT_KIND_COUNT);
            buf_reset(&again);
            report_frame_write(report, &again);
            assert_int_equal(report_frame_read(buf_bytes(&again), scratch, &copy, &err), 0);
        }
        arena_free(scratch);
        frame.data[i] = kept;
    }
    assert_true(refused > frame.len / 2);
    buf_free(&frame);
    buf_free(&again);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_survives_its_frame),
        cmocka_unit_test(a_frame_that_is_cut_is_refused),
        cmocka_unit_test(a_frame_with_any_byte_changed_is_refused_or_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
