/*
 * mail_cases: tables of mails and what is read out of them, for the tests of mime/.
 */
#ifndef TESTS_MAIL_CASES_H
#define TESTS_MAIL_CASES_H

#include "cmd/base/buf.h"
#include "mime/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define REPORT                                                                         \
    "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>\n"                   \
    "Subject: Returned mail\nMIME-Version: 1.0\n"                                      \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=\"=b\"\n\n" \
    "--=b\n\nYour mail was not delivered.\n\n"                                         \
    "--=b\nContent-Type: message/delivery-status\n\n"
#define RETURNED                                                                            \
    "\n--=b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: ada@example.net\n" \
    "Subject: Spring\n\nHello\n--=b--\n"

/* "address action status reply; ..." of all recipients. */
static inline void describe(const struct report *report, struct buf *out) {
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *r = &report->recipients[i];
        if (i)
            buf_add_string(out, "; ");
        if (r->original_recipient && strcmp(r->original_recipient, r->final_recipient) != 0)
            buf_printf(out, "%s>", r->original_recipient);
        const char *status = r->status ? r->status : r->diagnostic_status;
        buf_printf(out, "%s %s %s %u", r->final_recipient, report_action_name(r->action),
                   status ? status : "-", r->reply_code);
    }
}

struct mail_case {
    const char *name, *mail;
    enum report_kind kind;
    const char *format, *recipients;
};

static inline void check_cases(const struct mail_case *cases, size_t count) {
    struct arena *arena = arena_new();
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        struct report *report = report_read(bytes_of(cases[i].mail), false, NULL, arena);
        buf_reset(&got);
        describe(report, &got);
        if (report->kind != cases[i].kind)
            fail_msg("%s: kind %s", cases[i].name, report_kind_name(report->kind));
        if (strcmp(got.data, cases[i].recipients) != 0)
            fail_msg("%s: got \"%s\"", cases[i].name, got.data);
        const char *format = report->format ? report->format : "";
        if (cases[i].format && strcmp(format, cases[i].format) != 0)
            fail_msg("%s: format %s", cases[i].name, format);
        arena_reset(arena);
    }
    buf_free(&got);
    arena_free(arena);
}

#define CHECK_CASES(cases) check_cases(cases, sizeof cases / sizeof *cases)

#endif
