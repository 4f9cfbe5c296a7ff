#include "tests/unit/mime/mail_cases.h"

#include <stdlib.h>

#define FROM_ADA "From: Ada <ada@example.net>\nTo: bounces@example.com\n"
#define IN_JAPANESE "Content-Type: text/plain; charset=iso-2022-jp\n\n"

static void reports_about_a_domain_accuse_nobody(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"dmarc_by_its_subject",
         "From: dmarc@example.net\nSubject: Report Domain: example.com Submitter: example.net "
         "Report-ID: <1>\n\nSee above.\n",
         REPORT_AGGREGATE, "", ""},
        {"dmarc_by_its_subject_encoded",
         "From: dmarc@example.net\nSubject: =?utf-8?B?UmVwb3J0IERvbWFpbjogZXhhbXBsZS5jb20=?=\n\n"
         "See above.\n",
         REPORT_AGGREGATE, "", ""},
        {"dmarc_by_its_attachment",
         "From: dmarc@example.net\nSubject: report\nContent-Type: multipart/mixed; boundary=b\n\n"
         "--b\n\nReport.\n--b\nContent-Type: application/gzip\nContent-Disposition: attachment; "
         "filename=\"example.net!example.com!1700000000!1700086400.xml.gz\"\n\nx\n--b--\n",
         REPORT_AGGREGATE, "", ""},
        {"dmarc_that_is_nothing_else",
         "From: dmarc@example.net\nSubject: x\nContent-Type: application/zip; "
         "name=\"example.net!example.com!1700000000!1700086400!77.zip\"\n\nx\n",
         REPORT_AGGREGATE, "", ""},
        {"tls_by_its_header",
         "From: tls@example.net\nSubject: x\nTLS-Report-Domain: example.com\n\nx\n",
         REPORT_AGGREGATE, "", ""},
        {"tls_by_its_type",
         "From: postmaster@example.net\nSubject: x\n"
         "Content-Type: multipart/report; report-type=tlsrpt; boundary=b\n\n"
         "--b\n\nReport.\n--b\nContent-Type: application/tlsrpt+gzip\n\nx\n--b--\n",
         REPORT_AGGREGATE, "", ""},
        {"another_attachment",
         "From: ada@example.net\nSubject: x\nContent-Type: application/zip; "
         "name=\"wow!!!.doc\"\n\nx\n",
         REPORT_ORDINARY, "", ""},
        {"an_exclamation",
         FROM_ADA "Subject: x\nContent-Type: application/zip; name=\"a!.zip\"\n\nx\n",
         REPORT_ORDINARY, "", ""},
    };
    CHECK_CASES(cases);
}

static void read_receipts_are_known_with_and_without_their_part(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"the_part_is_cut_off",
         FROM_ADA "Subject: x\nContent-Type: multipart/report; boundary=b; "
                  "report-type=disposition-notification\n\n--b\n\nx\n",
         REPORT_DISPOSITION, "", ""},
        {"exchange",
         FROM_ADA "Subject: Read: Spring\n\nYour message\n\n    To:      Ada\n"
                  "    Subject: Spring\n    Sent:    Monday\n\nwas read on Tuesday.\n",
         REPORT_DISPOSITION, "", ""},
        {"exchange_not_read",
         FROM_ADA "Subject: Not read: Spring\n\nYour message\n\n    To: Ada\n\n"
                  "was deleted without being read on Tuesday.\n",
         REPORT_DISPOSITION, "", ""},
        {"exchange_german",
         FROM_ADA "Subject: Gelesen: Spring\n\nIhre Nachricht\n\n  An: Ada\n\n"
                  "wurde gelesen am Dienstag.\n",
         REPORT_DISPOSITION, "", ""},
        {"exchange_french",
         FROM_ADA "Subject: =?iso-8859-1?Q?Lu=A0:_Spring?=\n"
                  "Content-Type: text/plain; charset=iso-8859-1\n\n"
                  "Votre message a \351t\351 lu le mardi.\n",
         REPORT_DISPOSITION, "", ""},
        {"exchange_japanese",
         FROM_ADA "Subject: =?iso-2022-jp?B?GyRCMytJdTpRJF8bKEI6IFNwcmluZw==?=\n" IN_JAPANESE
                  "\033$B3+Iu$5$l$^$7$?!#\033(B\n",
         REPORT_DISPOSITION, "", ""},
        {"mozilla",
         FROM_ADA "Subject: Return Receipt (displayed) - Spring\n\n"
                  "This is a Return Receipt for the mail that you sent to ada@example.net.\n",
         REPORT_DISPOSITION, "", ""},
        {"a_newsletter", FROM_ADA "Subject: Read: ten books\n\nBooks that you will love.\n",
         REPORT_ORDINARY, "", ""},
        {"a_sieve_reject_is_a_refusal",
         FROM_ADA "Subject: Rejected\nContent-Type: multipart/report; boundary=b; "
                  "report-type=disposition-notification\n\n--b\n\n"
                  "Your message to <bob@example.net> was automatically rejected:\nGo away\n"
                  "--b\nContent-Type: message/disposition-notification\n\n"
                  "Final-Recipient: rfc822; bob@example.net\n"
                  "Disposition: automatic-action/MDN-sent-automatically; deleted\n--b--\n",
         REPORT_ORDINARY, "", ""},
    };
    CHECK_CASES(cases);
}

static void challenges_are_no_failures(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"a_header_field", FROM_ADA "Subject: Re: Spring\nX-Boxtrapper: x\n\nVerify.\n",
         REPORT_CHALLENGE, "", ""},
        {"confirm_in_the_subject",
         FROM_ADA "Subject: Please confirm your message\n\nReply to this message, unchanged.\n",
         REPORT_CHALLENGE, "", ""},
        {"verification_in_the_subject",
         FROM_ADA "Subject: Your email requires verification verify#77\n\n"
                  "Replying to this message puts you on the list.\n",
         REPORT_CHALLENGE, "", ""},
        {"held_until_a_click",
         FROM_ADA "Subject: Re: Spring\n\nYour message is being held until you click below:\n"
                  "http://example.net/77\n",
         REPORT_CHALLENGE, "", ""},
        {"prove_to_be_human",
         FROM_ADA "Subject: Spring\nReturn-Path: <>\n\nThank you for your message. To have it "
                  "delivered, prove that you are human:\nhttps://example.net/77\n",
         REPORT_CHALLENGE, "", ""},
        {"french",
         FROM_ADA "Subject: Spring\nContent-Type: text/plain; charset=utf-8\n\nMerci de vous "
                  "authentifier : https://example.net/77\n",
         REPORT_CHALLENGE, "", ""},
        {"portuguese",
         FROM_ADA
         "Subject: Spring\nContent-Type: text/plain; charset=iso-8859-1\n\nConfirma\347\343o "
         "de envio: clique em http://example.net/77\n",
         REPORT_CHALLENGE, "", ""},
        {"a_subscription",
         FROM_ADA "Subject: Please confirm your subscription\n\nClick http://example.net/77\n",
         REPORT_ORDINARY, "", ""},
        {"a_newsletter_that_wants_to_be_let_in",
         FROM_ADA "Subject: Spring\n\nTo ensure delivery of our news, add us to your address book. "
                  "http://example.net\n",
         REPORT_ORDINARY, "", ""},
        {"a_list_that_talks_about_them",
         FROM_ADA
         "Subject: challenges\nList-Id: <spam.example.net>\n\nI hate \"your message is being "
         "held until you click\". http://example.net/77\n",
         REPORT_ORDINARY, "", ""},
    };
    CHECK_CASES(cases);
}

static void people_who_want_to_leave_are_heard(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"a_word_in_the_subject", FROM_ADA "Subject: unsubscribe\n\n", REPORT_UNSUBSCRIBE, "", ""},
        {"with_a_token", FROM_ADA "Subject: Unsubscribe:77abc\n\nx\n", REPORT_UNSUBSCRIBE, "", ""},
        {"an_answer", FROM_ADA "Subject: Re: UNSUBSCRIBE\nIn-Reply-To: <1@example.com>\n\nx\n",
         REPORT_UNSUBSCRIBE, "", ""},
        {"apple_mail_calls_it_auto_replied",
         FROM_ADA "Subject: x77\nAuto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n\nx\n",
         REPORT_UNSUBSCRIBE, "", ""},
        {"nothing_else_in_the_text", FROM_ADA "Subject: 77abc\n\nUnsubscribe me\n",
         REPORT_UNSUBSCRIBE, "", ""},
        {"german", FROM_ADA "Subject: Abmelden\n\nBitte.\n", REPORT_UNSUBSCRIBE, "", ""},
        {"french", FROM_ADA "Subject: =?utf-8?Q?D=C3=A9sinscription?=\n\n.\n", REPORT_UNSUBSCRIBE,
         "", ""},
        {"japanese", FROM_ADA "Subject: =?iso-2022-jp?B?GyRCR1s/LkRkO18bKEI=?=\n\n.\n",
         REPORT_UNSUBSCRIBE, "", ""},
        {"a_newsletter",
         FROM_ADA "Subject: Unsubscribe from boredom\nList-Unsubscribe: <mailto:u@example.net>\n\n"
                  "Buy.\n",
         REPORT_ORDINARY, "", ""},
        {"a_footer",
         FROM_ADA "Subject: Hello\n\nA long text about this and that, and at its end:\n"
                  "to unsubscribe, click here.\n",
         REPORT_ORDINARY, "", ""},
    };
    CHECK_CASES(cases);
}

static void mail_about_bounces_is_none(void **state) {
    (void)state;
    static const struct mail_case cases[] = {
        {"forwarded_inline",
         FROM_ADA "Subject: Fwd: Undelivered Mail Returned to Sender\n\nWhat is this?\n\n"
                  "-------- Forwarded Message --------\nFrom: MAILER-DAEMON@mx.example.com\n"
                  "Subject: Undelivered Mail Returned to Sender\n\n"
                  "<bob@example.net>: host mx.example.net said: 550 5.1.1 User unknown\n",
         REPORT_ORDINARY, "", ""},
        {"quoted",
         FROM_ADA "Subject: Re: failure notice\nReferences: <1@example.com>\n\n"
                  "Fixed.\n\n> <bob@example.net>:\n> 550 5.1.1 User unknown\n",
         REPORT_ORDINARY, "", ""},
        {"discussed_on_a_list",
         FROM_ADA "Subject: [postfix] 550 5.1.1 user unknown\nList-Id: <p.example.org>\n"
                  "Precedence: list\n\nWhy does bob@example.net give 550 5.1.1?\n",
         REPORT_ORDINARY, "", ""},
        {"told_by_a_person",
         FROM_ADA "Subject: About Bob\n\nYour mail to bob@example.net came back to me: he no "
                  "longer exists, 550 5.1.1.\n",
         REPORT_ORDINARY, "", ""},
        {"a_moderator_is_asked",
         "From: list-bounces@example.org\nSubject: Your message to List awaits moderator approval\n"
         "List-Id: <list.example.org>\nPrecedence: bulk\n\nIs being held until reviewed.\n",
         REPORT_ORDINARY, "", ""},
    };
    CHECK_CASES(cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_about_a_domain_accuse_nobody),
        cmocka_unit_test(read_receipts_are_known_with_and_without_their_part),
        cmocka_unit_test(challenges_are_no_failures),
        cmocka_unit_test(people_who_want_to_leave_are_heard),
        cmocka_unit_test(mail_about_bounces_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
