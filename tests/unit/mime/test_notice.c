#include "mime/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void the_returned_original_is_found_in_the_text(void **state) {
    (void)state;
    static const struct {
        const char *name, *notice, *original;
    } cases[] = {
        {"qmail", "Sorry.\n\n--- Below this line is a copy of the message.\n\n",
         "Return-Path: <a@example.com>\nTo: b@example.com\n"},
        {"exim",
         "Sorry.\n\n------ This is a copy of the message, including all the headers. ------\n",
         "To: b@example.com\n"},
        {"sendmail", "Sorry.\n\n   ----- Original message follows -----\n\n",
         "To: b@example.com\n"},
        {"one_and_one", "Sorry.\n--- The header of the original message is following. ---\n\n",
         "To: b@example.com\n"},
        {"without_dashes", "Sorry.\nOriginal message follows.\n\n", "To: b@example.com\n"},
        {"a_header_without_a_separator", "Sorry.\n\n",
         "Received: from x\n by y\nFrom: a@example.com\nTo: b@example.com\nSubject: c\n"},
        {"facts_of_a_message_are_no_header",
         "Your message\n\nTo: b@example.com\nSubject: c\nSent: today\n\ndid not arrive\n", ""},
        {"a_heading_of_a_list_is_no_separator",
         "--------Message not delivered to the following addresses:\n\nb@example.com\n", ""},
        {"a_heading_of_a_transcript_is_no_separator",
         "----- Transcript of session follows -----\n550 no\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        size_t header;
        snprintf(text, sizeof text, "%s%s", cases[i].notice, cases[i].original);
        size_t cut = notice_original_find(bytes_of(text), &header);
        if (strcmp(text + header, cases[i].original) != 0)
            fail_msg("%s: original \"%s\"", cases[i].name, text + header);
        bool separated = *cases[i].original != '\0';
        if (cut > strlen(cases[i].notice) || (!separated && cut != strlen(text)))
            fail_msg("%s: cut at %zu", cases[i].name, cut);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_returned_original_is_found_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
