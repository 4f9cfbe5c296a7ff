#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "mime/frame.h"
#include "mime/read.h"
#include "tests/unit/mime/mail_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void status_parts_are_read_in_every_variation(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"as_the_rfc_has_it",
         REPORT
         "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ada@example.net\n"
         "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 550"},
        {"two_groups",
         REPORT "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ada@example.net\n"
                "Action: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; bob@example.net\n"
                "Action: delayed\nStatus: 4.4.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464",
         "ada@example.net failed 5.1.1 0; bob@example.net delayed 4.4.1 0"},
        {"groups_without_an_empty_line",
         REPORT
         "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"
         "Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.2.2\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464",
         "ada@example.net failed 5.1.1 0; bob@example.net failed 5.2.2 0"},
        {"an_empty_line_inside_a_group",
         REPORT "Reporting-MTA: dns; mx.example.com\nFinal-Recipient: rfc822; ada@example.net\n\n"
                "Action: failed\nStatus: 5.1.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 0"},
        {"fields_in_another_order_and_case",
         REPORT "status: 5.1.1 (no such user)\nACTION: Failed\n"
                "FINAL-RECIPIENT: RFC822; <Ada@Example.NET> (Ada)\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "Ada@Example.NET failed 5.1.1 0"},
        {"the_original_recipient_is_kept_beside_the_final",
         REPORT "Original-Recipient: rfc822; ada+2Bx@example.net\n"
                "Final-Recipient: rfc822; a.lovelace@example.org\nAction: failed\n"
                "Status: 5.1.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464",
         "ada+x@example.net>a.lovelace@example.org failed 5.1.1 0"},
        {"a_diagnostic_without_a_type_over_several_lines",
         REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.0.0\n"
                "Diagnostic-Code: 550-5.2.1 The account\n  550 5.2.1 is disabled\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.0.0 550"},
        {"a_fold_that_lost_its_space",
         REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\n"
                "Diagnostic-Code: smtp; host mx.example.net said:\n550 5.1.1 unknown\n"
                "Status: 5.1.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 550"},
        {"delivered_relayed_expanded",
         REPORT
         "Final-Recipient: rfc822; a@example.net\nAction: delivered\nStatus: 2.0.0\n\n"
         "Final-Recipient: rfc822; b@example.net\nAction: relayed\nStatus: 2.0.0\n\n"
         "Final-Recipient: rfc822; c@example.net\nAction: expanded\nStatus: 2.0.0\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464",
         "a@example.net delivered 2.0.0 0; b@example.net relayed 2.0.0 0; "
         "c@example.net expanded 2.0.0 0"},
        {"one_address_in_two_groups_is_one_recipient",
         REPORT
         "Final-Recipient: rfc822; ada@example.net\nAction: delayed\nStatus: 4.4.1\n\n"
         "Final-Recipient: rfc822; ADA@example.net\nAction: failed\nStatus: 5.4.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "ADA@example.net failed 5.4.1 0"},
        {"the_part_is_cut_off",
         REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\nSta",
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed - 0"},
        {"internationalised",
         REPORT "Final-Recipient: utf-8; j\\x{FC}rgen@example.net\nAction: failed\n"
                "Status: 5.1.1\n" RETURNED,
         REPORT_DELIVERY_STATUS, "rfc3464", "j\xc3\xbcrgen@example.net failed 5.1.1 0"},
        {"not_declared",
         "From: MAILER-DAEMON@mx.example.com\nSubject: failure\n\nSorry.\n\n"
         "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ada@example.net\n"
         "Action: failed\nStatus: 5.1.1\n",
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 0"},
        {"in_base64",
         "From: MAILER-DAEMON@mx.example.com\nContent-Type: multipart/report; boundary=b\n\n"
         "--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
         "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFkYUBleGFtcGxlLm5ldApBY3Rpb246\n"
         "IGZhaWxlZApTdGF0dXM6IDUuMS4xCg==\n--b--\n",
         REPORT_DELIVERY_STATUS, "rfc3464", "ada@example.net failed 5.1.1 0"},
    };
    CHECK_CASES(cases);
}

static void other_mail_names_nobody(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"empty", "", REPORT_ORDINARY, "", ""},
        {"only_a_header", "Subject: Undeliverable\n", REPORT_ORDINARY, "", ""},
        {"nothing_but_line_ends", "\r\n\r\n\r\n", REPORT_ORDINARY, "", ""},
        {"a_person_quotes_a_bounce",
         "From: Bob <bob@example.org>\nTo: help@example.com\nSubject: what is this?\n\n"
         "I got this:\n> <ada@example.net>: 550 5.1.1 user unknown\n"
         "> Final-Recipient: rfc822; ada@example.net\n> Action: failed\n> Status: 5.1.1\n",
         REPORT_ORDINARY, "", ""},
        {"a_person_pastes_a_bounce",
         "From: Bob <bob@example.org>\nTo: help@example.com\nSubject: Re: Undelivered Mail\n"
         "In-Reply-To: <x@example.com>\n\n"
         "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n",
         REPORT_ORDINARY, "", ""},
        {"an_auto_reply_from_the_null_sender",
         "Return-Path: <>\nFrom: Ada <ada@example.net>\nSubject: Automatic reply: Spring\n\n"
         "I am away.\nDelivery questions: bob@example.net\n",
         REPORT_AUTO_REPLY, "", ""},
        {"an_auto_reply",
         "From: Ada <ada@example.net>\nSubject: Re: Spring\nAuto-Submitted: auto-replied\n\n"
         "I am away. Write to bob@example.net.\n",
         REPORT_AUTO_REPLY, "", ""},
        {"a_read_receipt",
         "From: ada@example.net\nSubject: Read: Spring\n"
         "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
         "--b\n\nRead.\n--b\nContent-Type: message/disposition-notification\n\n"
         "Final-Recipient: rfc822; ada@example.net\n"
         "Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n",
         REPORT_DISPOSITION, "", ""},
        {"a_feedback_report",
         "From: fbl@example.net\nSubject: abuse\n"
         "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
         "--b\n\nAbuse.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: Abuse\n"
         "Original-Rcpt-To: <ada@example.net>\n--b\nContent-Type: message/rfc822\n\n"
         "To: ada@example.net\n\nHi\n--b--\n",
         REPORT_FEEDBACK, "feedback", ""},
    };
    CHECK_CASES(cases);
}

static void facts_of_the_report_and_the_original_are_read(void **state) {
    (void)state;
    static const char mail[] =
        "From ada@example.net Mon Jun  1 10:00:00 2026\n"
        "Return-Path: <>\nDelivered-To: bounces+spring-ada=example.net@news.example.com\n"
        "X-Original-To: bounces+spring-ADA=example.net@news.example.com\n"
        "Received: from mx by lmtp\n"
        "Received: from mx.example.net by mx.example.com with ESMTP\n"
        "\tfor <bounces+spring-ada=example.net@news.example.com>; Mon, 1 Jun 2026 10:00:00 +0000\n"
        "To: bounces@news.example.com\nDate: Mon, 1 Jun 2026 12:00:00 +0200\n"
        "X-Envelope: first@example.com\nX-Envelope: second@example.com\n" REPORT
        "Reporting-MTA: dns; mx.example.com (Postfix)\nOriginal-Envelope-Id: a+3Db\n"
        "Arrival-Date: Mon, 1 Jun 2026 09:00:00 +0000\n\n"
        "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Remote-MTA: dns; mx.example.net\nLast-Attempt-Date: Mon, 1 Jun 2026 09:30:00 +0000\n"
        "\n--=b\nContent-Type: text/rfc822-headers\n\nReturn-Path: <r@example.com>\n"
        "From: News <news@example.com>\nTo: ada@example.net, bob@example.net\n"
        "Subject: =?utf-8?Q?Fr=C3=BChling?=\nMessage-ID: <1@example.com>\n"
        "List-Id: <spring.example.com>\nX-Campaign: spring26\n--=b--\n";
    struct arena *arena = arena_new();
    struct report_options options = {.recipient_header = "X-Envelope",
                                     .recipient_header_instance = 2,
                                     .campaign_header = "X-Campaign"};
    struct report *r = report_read(bytes_of(mail), false, &options, arena);
    assert_true(r->null_sender);
    assert_int_equal(r->date, 1780308000);
    assert_string_equal(r->reporting_mta, "mx.example.com");
    assert_string_equal(r->original_envelope_id, "a=b");
    assert_int_equal(r->arrival, 1780304400);
    assert_string_equal(r->recipients[0].remote_mta, "mx.example.net");
    assert_int_equal(r->recipients[0].last_attempt, 1780306200);
    assert_true(r->original.present);
    assert_string_equal(r->original.return_path, "r@example.com");
    assert_string_equal(r->original.from, "news@example.com");
    assert_string_equal(r->original.to, "ada@example.net");
    assert_int_equal(r->original.to_count, 2);
    assert_string_equal(r->original.subject, "Fr\xc3\xbchling");
    assert_string_equal(r->original.message_id, "<1@example.com>");
    assert_string_equal(r->original.list_id, "<spring.example.com>");
    assert_string_equal(r->original.campaign_header, "spring26");
    static const struct {
        const char *header, *address;
        unsigned instance;
        bool inside;
    } candidates[] = {
        {"X-Envelope", "second@example.com", 2, false},
        {"Delivered-To", "bounces+spring-ada=example.net@news.example.com", 1, false},
        {"X-Original-To", "bounces+spring-ADA=example.net@news.example.com", 1, false},
        {"Received", "bounces+spring-ada=example.net@news.example.com", 2, false},
        {"To", "bounces@news.example.com", 1, false},
        {"original Return-Path", "r@example.com", 1, true},
    };
    assert_int_equal(r->candidate_count, sizeof candidates / sizeof *candidates);
    for (size_t i = 0; i < r->candidate_count; i++) {
        assert_string_equal(r->candidates[i].header, candidates[i].header);
        assert_string_equal(r->candidates[i].address, candidates[i].address);
        assert_int_equal(r->candidates[i].instance, candidates[i].instance);
        assert_int_equal(r->candidates[i].inside_original, candidates[i].inside);
    }
    arena_free(arena);
}

static void an_enclosed_report_brings_its_own_original(void **state) {
    (void)state;
    static const char mail[] =
        "From: Bob <bob@example.org>\nTo: postmaster@example.com\nSubject: Fwd: Returned mail\n"
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nSee below.\n\n"
        "--a\nContent-Type: message/rfc822\n\nTo: bounces+spring-ada=example.net@example.com\n" REPORT
        "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n" RETURNED
        "\n--a--\n";
    struct arena *arena = arena_new();
    struct report *r = report_read(bytes_of(mail), false, NULL, arena);
    assert_int_equal(r->kind, REPORT_DELIVERY_STATUS);
    assert_string_equal(r->recipients[0].final_recipient, "ada@example.net");
    assert_string_equal(r->original.subject, "Spring");
    assert_int_equal(r->candidate_count, 2);
    assert_string_equal(r->candidates[1].header, "enclosed To");
    assert_string_equal(r->candidates[1].address, "bounces+spring-ada=example.net@example.com");
    assert_true(r->candidates[1].inside_original);
    arena_free(arena);
}

static void all_line_ends_give_the_same_report(void **state) {
    (void)state;
    static const char mail[] =
        REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n" RETURNED;
    struct arena *arena = arena_new();
    struct buf crlf = BUF_INIT, cr = BUF_INIT;
    for (const char *p = mail; *p; p++) {
        buf_add_string(&crlf, *p == '\n' ? "\r\n" : (char[]){*p, '\0'});
        buf_add_char(&cr, *p == '\n' ? '\r' : *p);
    }
    struct bytes forms[] = {bytes_of(mail), buf_bytes(&crlf), buf_bytes(&cr)};
    struct buf first = BUF_INIT, other = BUF_INIT;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct report *report = report_read(forms[i], false, NULL, arena);
        assert_int_equal(report->recipient_count, 1);
        buf_reset(&other);
        report_frame_write(report, i ? &other : &first);
        if (i)
            assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&other)));
    }
    buf_free(&first);
    buf_free(&other);
    buf_free(&crlf);
    buf_free(&cr);
    arena_free(arena);
}

static double seconds_to_read(struct buf *mail, struct arena *arena, struct report **report) {
    clock_t start = clock();
    *report = report_read(buf_bytes(mail), false, NULL, arena);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void five_thousand_recipients_are_all_read(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buf mail = BUF_INIT;
    struct report *report;
    buf_add_string(&mail, REPORT);
    for (unsigned i = 0; i < 5000; i++)
        buf_printf(&mail,
                   "Final-Recipient: rfc822; user%u@example.net\nAction: failed\nStatus: 5.1.1\n"
                   "Diagnostic-Code: smtp; 550 5.1.1 <user%u@example.net> unknown\n\n",
                   i, i);
    assert_true(seconds_to_read(&mail, arena, &report) < 2.0);
    assert_int_equal(report->recipient_count, 5000);
    assert_string_equal(report->recipients[4999].final_recipient, "user4999@example.net");
    buf_free(&mail);
    arena_free(arena);
}

static void fill_parentheses(struct buf *mail) {
    buf_add_string(mail, "Date: ");
    for (unsigned i = 0; i < 200 * 1024; i++)
        buf_add_char(mail, '(');
    buf_add_string(mail, "\nFrom: ");
    for (unsigned i = 0; i < 200 * 1024; i++)
        buf_add_char(mail, '(');
    buf_add_string(mail, "\nContent-Type: ");
    for (unsigned i = 0; i < 200 * 1024; i++)
        buf_add_char(mail, '(');
    buf_add_string(mail, "\n\nhello\n");
}

static void fill_nested_messages(struct buf *mail) {
    for (unsigned i = 0; i < 28000; i++)
        buf_add_string(mail, "Content-Type: message/rfc822\n\n");
}

static void fill_nested_multiparts(struct buf *mail) {
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(mail, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
}

static void fill_noise(struct buf *mail) {
    buf_add_string(mail, "From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n");
    for (unsigned i = 0; i < 1024 * 1024; i++)
        buf_add_char(mail, (char)(i * 7919 >> 3));
}

static void fill_zeros(struct buf *mail) {
    for (unsigned i = 0; i < 64 * 1024; i++)
        buf_add_char(mail, '\0');
}

static void fill_at_signs(struct buf *mail) {
    buf_add_string(mail, "From: MAILER-DAEMON@example.com\nSubject: undeliverable\n\n");
    for (unsigned i = 0; i < 200 * 1024; i++)
        buf_add_string(mail, "a@b ");
}

static void fill_thirty_megabytes(struct buf *mail) {
    buf_add_string(mail, REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\n"
                                "\n--=b\nContent-Type: message/rfc822\n\nSubject: big\n\n");
    while (mail->len < 30u * 1024 * 1024)
        buf_add_string(mail,
                       "--deadbeef-this line looks like a boundary and is none: 0123456789\n");
}

static void hostile_mail_costs_bounded_time_and_gives_clean_text(void **state) {
    (void)state;
    static const struct {
        const char *name;
        void (*fill)(struct buf *mail);
    } cases[] = {
        {"parentheses", fill_parentheses},
        {"nested_messages", fill_nested_messages},
        {"nested_multiparts", fill_nested_multiparts},
        {"noise", fill_noise},
        {"zeros", fill_zeros},
        {"at_signs", fill_at_signs},
        {"thirty_megabytes", fill_thirty_megabytes},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct buf mail = BUF_INIT, frame = BUF_INIT;
        struct report *report;
        struct err err;
        cases[i].fill(&mail);
        double seconds = seconds_to_read(&mail, arena, &report);
        if (seconds > 2.0)
            fail_msg("%s: %.1f seconds", cases[i].name, seconds);
        /* The frame's reader checks every string for UTF-8 and every number for its range. */
        report_frame_write(report, &frame);
        if (report_frame_read(buf_bytes(&frame), arena, &report, &err))
            fail_msg("%s: %s", cases[i].name, err.text);
        buf_free(&mail);
        buf_free(&frame);
        arena_free(arena);
    }
}

static void any_prefix_of_a_mail_can_be_read(void **state) {
    (void)state;
    static const char mail[] =
        REPORT "Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"
               "Diagnostic-Code: smtp; 550-5.1.1 =?utf-8?B?w7w=?=\n 550 5.1.1 x\n" RETURNED;
    struct arena *arena = arena_new();
    for (size_t len = 0; len < sizeof mail; len++) {
        /* A copy of its own, so that a sanitizer sees a read behind its end. */
        char *copy = memory_alloc(len);
        memcpy(copy, mail, len);
        assert_non_null(report_read((struct bytes){copy, len}, true, NULL, arena));
        free(copy);
        arena_reset(arena);
    }
    arena_free(arena);
}

/* Half an address is another address. */
static void a_line_that_the_caller_cut_names_nobody(void **state) {
    (void)state;
    static const char mail[] = "From: MAILER-DAEMON@mx.example.net\n"
                               "Content-Type: multipart/report; report-type=delivery-status;\n"
                               " boundary=b\n"
                               "\n"
                               "--b\n"
                               "Content-Type: message/delivery-status\n"
                               "\n"
                               "Reporting-MTA: dns; mx.example.net\n"
                               "\n"
                               "Action: failed\n"
                               "Status: 5.1.1\n"
                               "Final-Recipient: rfc822; ada@example.net";
    struct arena *arena = arena_new();
    struct bytes cut = {mail, sizeof mail - 1 - strlen("le.net")};
    struct report *report = report_read(cut, true, NULL, arena);
    for (size_t i = 0; i < report->recipient_count; i++)
        assert_null(report->recipients[i].final_recipient);
    report = report_read(bytes_of(mail), false, NULL, arena);
    assert_string_equal(report->recipients[0].final_recipient, "ada@example.net");
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_parts_are_read_in_every_variation),
        cmocka_unit_test(other_mail_names_nobody),
        cmocka_unit_test(facts_of_the_report_and_the_original_are_read),
        cmocka_unit_test(an_enclosed_report_brings_its_own_original),
        cmocka_unit_test(all_line_ends_give_the_same_report),
        cmocka_unit_test(five_thousand_recipients_are_all_read),
        cmocka_unit_test(hostile_mail_costs_bounded_time_and_gives_clean_text),
        cmocka_unit_test(any_prefix_of_a_mail_can_be_read),
        cmocka_unit_test(a_line_that_the_caller_cut_names_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
