#include "cmd/base/buf.h"
#include "mime/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARF                                                                            \
    "From: fbl@example.net\nTo: abuse@example.com\nSubject: FW: Spring\n"              \
    "Content-Type: multipart/report; report-type=feedback-report; boundary=\"=b\"\n\n" \
    "--=b\n\nThis is a report.\n--=b\n"
#define FIELDS ARF "Content-Type: message/feedback-report\n\n"
#define ORIGINAL "\n--=b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nSubject: Spring\n"
#define END "\nHello\n--=b--\n"

struct feedback_case {
    const char *name, *mail;
    const char *type;       /* NULL: no feedback report */
    const char *recipients; /* with spaces between them */
};

static void check(const struct feedback_case *cases, size_t count) {
    struct arena *arena = arena_new();
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        struct report *report = report_read(bytes_of(cases[i].mail), false, NULL, arena);
        const struct report_feedback *feedback = &report->feedback;
        const char *type = report->kind != REPORT_FEEDBACK ? NULL
                           : feedback->type                ? feedback->type
                                                           : "";
        if (!type != !cases[i].type || (type && strcmp(type, cases[i].type) != 0))
            fail_msg("%s: type %s", cases[i].name, type ? type : "none");
        buf_reset(&got);
        for (size_t j = 0; j < feedback->original_rcpt_to_count; j++)
            buf_printf(&got, "%s%s", j ? " " : "", feedback->original_rcpt_to[j]);
        if (strcmp(got.data ? got.data : "", cases[i].recipients) != 0)
            fail_msg("%s: recipients \"%s\"", cases[i].name, got.data);
        if (report->recipient_count)
            fail_msg("%s: somebody's delivery failed", cases[i].name);
        arena_reset(arena);
    }
    buf_free(&got);
    arena_free(arena);
}

#define CHECK(cases) check(cases, sizeof cases / sizeof *cases)

static void every_type_is_told(void **state) {
    (void)state;
    static const struct feedback_case cases[] = {
        {"abuse",
         FIELDS "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\n"
                "Original-Rcpt-To: <ada@example.net>\n" ORIGINAL END,
         "abuse", "ada@example.net"},
        {"fraud", FIELDS "Feedback-Type: FRAUD\n" ORIGINAL END, "fraud", ""},
        {"virus", FIELDS "Version: 1\nFeedback-Type: virus\n" ORIGINAL END, "virus", ""},
        {"not_spam", FIELDS "Feedback-Type: not-spam (moved)\n" ORIGINAL END, "not-spam", ""},
        {"other", FIELDS "Feedback-Type: other; x=y\n" ORIGINAL END, "other", ""},
        {"opt_out_of_the_drafts",
         FIELDS "Feedback-Type: opt-out\nRemoval-Recipient: ada@example.net\n" ORIGINAL END,
         "opt-out", "ada@example.net"},
        {"auth_failure",
         FIELDS "Feedback-Type: auth-failure\nAuth-Failure: dmarc\n"
                "Original-Rcpt-To: ada@example.net\n" ORIGINAL END,
         "auth-failure", "ada@example.net"},
        {"return_path", FIELDS "Abuse-Type: abuse\n" ORIGINAL END, "abuse", ""},
        {"no_type_is_no_accusation", FIELDS "Version: 1\n" ORIGINAL END, "", ""},
        {"an_empty_line_first", FIELDS "\n\nFeedback-Type: abuse\n" ORIGINAL END, "abuse", ""},
        {"the_part_is_declared_as_text",
         ARF "Content-Type: text/plain\n\nFeedback-Type: abuse\n"
             "Original-Rcpt-To: ada@example.net\n" ORIGINAL END,
         "abuse", "ada@example.net"},
        {"in_base64",
         ARF "Content-Type: message/feedback-report\nContent-Transfer-Encoding: base64\n\n"
             "RmVlZGJhY2stVHlwZTogYWJ1c2UKT3JpZ2luYWwtUmNwdC1UbzogYWRhQGV4YW1wbGUubmV0\n"
             "Cg==\n" ORIGINAL END,
         "abuse", "ada@example.net"},
        {"the_part_is_cut_off", ARF, "", ""},
    };
    CHECK(cases);
}

static void who_complained_is_found_where_providers_put_it(void **state) {
    (void)state;
    static const struct feedback_case cases[] = {
        {"several",
         FIELDS "Feedback-Type: abuse\nOriginal-Rcpt-To: ada@example.net\n"
                "Original-Rcpt-To: <bob@example.net>\n" ORIGINAL END,
         "abuse", "ada@example.net bob@example.net"},
        {"in_the_report_before_the_original",
         FIELDS "Feedback-Type: abuse\nOriginal-Rcpt-To: ada@example.net\n" ORIGINAL
                "Delivered-To: bob@example.net\n" END,
         "abuse", "ada@example.net"},
        {"microsoft",
         "From: staff@example.net\nSubject: complaint about message from 192.0.2.1\n"
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
         "X-HmXmrOriginalRecipient: <ada@example.net>\nFrom: news@example.com\n\nHi\n--b--\n",
         "abuse", "ada@example.net"},
        {"microsoft_without_its_field",
         "From: staff@example.net\nSubject: complaint about message from 192.0.2.1\n"
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
         "From: news@example.com\nTo: ada@example.net\n\nHi\n--b--\n",
         "abuse", ""},
        {"yahoo",
         FIELDS "Feedback-Type: abuse\n" ORIGINAL "To: ada@example.net\n"
                "X-Apparently-To: ada@example.net via 192.0.2.1\n" END,
         "abuse", "ada@example.net"},
        {"delivered_to_where_no_single_person_is_named",
         FIELDS "Feedback-Type: abuse\n" ORIGINAL "To: a@example.org, b@example.org\n"
                "Delivered-To: ada@example.net\n" END,
         "abuse", "ada@example.net"},
        {"one_to_is_no_matter_of_delivery",
         FIELDS "Feedback-Type: abuse\n" ORIGINAL "To: ada@example.net\n"
                "Delivered-To: forwarded@example.org\n" END,
         "abuse", ""},
        {"redacted",
         FIELDS "Feedback-Type: abuse\nRedacted-Address: redacted\n"
                "Redacted-Address: redacted@\n" ORIGINAL END,
         "abuse", ""},
        {"a_complaint_that_is_no_arf",
         "From: abuse@example.net\nSubject: Abuse report\n"
         "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease stop.\n"
         "--b\nContent-Type: message/rfc822\n\n"
         "From: news@example.com\nX-Apparently-To: ada@example.net\n\nHi\n--b--\n",
         "abuse", "ada@example.net"},
    };
    CHECK(cases);
}

static void what_talks_about_complaints_is_none(void **state) {
    (void)state;
    static const struct feedback_case cases[] = {
        {"without_the_message", "From: bob@example.net\nSubject: Abuse report\n\nHow?\n", NULL, ""},
        {"an_answer",
         "From: bob@example.net\nSubject: Abuse report\nIn-Reply-To: <1@example.com>\n"
         "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n"
         "--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\n\nHi\n--b--\n",
         NULL, ""},
        {"a_list",
         "From: bob@example.net\nSubject: Spam complaint\nList-Id: <x.example.net>\n"
         "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n"
         "--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\n\nHi\n--b--\n",
         NULL, ""},
        {"the_fields_in_a_persons_text",
         "From: bob@example.net\nSubject: ARF\n\nFeedback-Type: abuse\n"
         "Original-Rcpt-To: ada@example.net\n",
         NULL, ""},
    };
    CHECK(cases);
}

static void the_facts_of_a_report_are_read(void **state) {
    (void)state;
    static const char mail[] =
        FIELDS "Feedback-Type: abuse\nUser-Agent: Loop/1.0\n"
               "Original-Mail-From: <bounces+ada=example.net@example.com>\n"
               "Arrival-Date: Mon, 01 Jun 2026 10:00:00 +0000\n"
               "Source-IP: 192.0.2.1\nReported-Domain: example.com\n" ORIGINAL
               "Return-Path: <bounces+ada=example.net@example.com>\n" END;
    struct arena *arena = arena_new();
    struct report *report = report_read(bytes_of(mail), false, NULL, arena);
    assert_string_equal(report->format, "feedback");
    assert_string_equal(report->feedback.user_agent, "Loop/1.0");
    assert_string_equal(report->feedback.original_mail_from, "bounces+ada=example.net@example.com");
    assert_int_equal(report->feedback.arrival, 1780308000);
    assert_string_equal(report->feedback.source_ip, "192.0.2.1");
    assert_string_equal(report->feedback.reported_domain, "example.com");
    assert_string_equal(report->original.return_path, "bounces+ada=example.net@example.com");
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_told),
        cmocka_unit_test(who_complained_is_found_where_providers_put_it),
        cmocka_unit_test(what_talks_about_complaints_is_none),
        cmocka_unit_test(the_facts_of_a_report_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
