/* Analysed messages -> rows: when a delivery failed, and what becomes of a message. */
#include "cmd/rows.h"

#include "cmd/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECEIVED = 1700000000, HOUR = 3600 };

static void a_delivery_failed_when_the_report_says_if_that_is_sane(void **state) {
    (void)state;
    static const struct {
        int64_t last_attempt, arrival, date, expected;
    } table[] = {
        {RECEIVED - 1, RECEIVED - 2, RECEIVED - 3, RECEIVED - 1},
        {0, RECEIVED - 2, RECEIVED - 3, RECEIVED - 2},
        {0, 0, RECEIVED - 3, RECEIVED - 3},
        {0, 0, 0, RECEIVED},
        /* a wrong clock is passed over */
        {RECEIVED + 2 * CLOCK_DAY, RECEIVED - 2, 0, RECEIVED - 2},
        {RECEIVED + HOUR, 0, 0, RECEIVED + HOUR},
        {1, RECEIVED - 40 * CLOCK_DAY, RECEIVED - 5 * CLOCK_DAY, RECEIVED - 5 * CLOCK_DAY},
        {INT64_MIN, INT64_MAX, -1, RECEIVED},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct report report = {.arrival = table[i].arrival, .date = table[i].date};
        struct report_recipient recipient = {.last_attempt = table[i].last_attempt};
        assert_int_equal(rows_occurred_at(&report, &recipient, RECEIVED), table[i].expected);
    }
}

static void line_ends_do_not_make_another_message(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"a: b\n\nc\n", "a: b\r\n\r\nc\r\n", true},
        {"a\n", "a\r\n", true},
        {"a", "a\n", false},
        {"a\rb", "a\nb", false},
        {"a\r", "a", false},
        {"", "\r\n", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char a[STORE_SHA256_SIZE], b[STORE_SHA256_SIZE];
        rows_hash(bytes_of(table[i].a), a);
        rows_hash(bytes_of(table[i].b), b);
        assert_int_equal(memcmp(a, b, sizeof a) == 0, table[i].same);
    }
}

static void the_outcome_tells_what_was_understood(void **state) {
    (void)state;
    static const struct {
        enum report_kind kind;
        const char *recipient;
        enum store_outcome outcome;
    } table[] = {
        {REPORT_DELIVERY_STATUS, "ada@example.net", STORE_OUTCOME_JUDGED},
        {REPORT_DELIVERY_STATUS, NULL, STORE_OUTCOME_UNMATCHED},
        {REPORT_FEEDBACK, NULL, STORE_OUTCOME_UNMATCHED},
        {REPORT_AUTO_REPLY, "ada@example.net", STORE_OUTCOME_JUDGED},
        {REPORT_AUTO_REPLY, NULL, STORE_OUTCOME_NOT_A_BOUNCE},
        {REPORT_ORDINARY, "ada@example.net", STORE_OUTCOME_NOT_A_BOUNCE},
        {REPORT_ORDINARY, NULL, STORE_OUTCOME_NOT_A_BOUNCE},
    };
    struct analyst analyst = {.verp = NULL};
    struct err err;
    assert_int_equal(ruleset_compile(NULL, 0, &analyst.rules, &err), 0);
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct report report = {.kind = table[i].kind};
        struct finding finding = {
            .identity = {.recipient = table[i].recipient, .key = table[i].recipient},
            .judgement.rule = "test",
        };
        struct analysis analysis = {.report = &report, .findings = &finding, .count = 1};
        struct store_message row = {.raw = bytes_of("x"), .internal_date = RECEIVED};
        rows_fill(&analysis, &analyst, true, arena, &row);
        assert_int_equal(row.outcome, table[i].outcome);
        assert_int_equal(row.event_count, 1);
        assert_int_equal(row.raw.len, 1);
        if (table[i].recipient)
            assert_string_equal(row.events[0].domain, "example.net");
        else
            assert_null(row.events[0].domain);
    }
    arena_free(arena);
    ruleset_free(analyst.rules);
}

static void what_was_not_understood_keeps_its_bytes_and_the_reason(void **state) {
    (void)state;
    struct analysis analysis = {.failure = "the decoder crashed"};
    struct store_message row = {.raw = bytes_of("x"), .internal_date = RECEIVED};
    struct arena *arena = arena_new();
    rows_fill(&analysis, NULL, false, arena, &row);
    assert_int_equal(row.outcome, STORE_OUTCOME_QUARANTINED);
    assert_string_equal(row.outcome_reason, "the decoder crashed");
    assert_int_equal(row.raw.len, 1);
    assert_int_equal(row.event_count, 0);
    arena_free(arena);
}

static void a_list_is_cut_where_its_last_entry_is_at_the_end(void **state) {
    (void)state;
    static const char filler[] = "This line is of neither a list nor an address.\n";
    static const char field[] = "Final-Recipient: rfc822; ada@example.net\n";
    static const char name[] = "<ada@example.net>: no such user\n";
    static const struct {
        const char *start, *end; /* of 20,000 octets */
        const char *recipient;
        bool truncated, has_original, is_cut;
    } table[] = {
        {filler, field, "ada@example.net", true, false, true},
        {name, field, "ada@example.net", true, false, true}, /* a notice that names all, before */
        {filler, name, "ada@example.net", true, false, true},
        {filler, filler, NULL, true, false, true},
        {filler, field, "ada@example.net", false, false, false},
        {filler, field, "ada@example.net", true, true, false},
        {field, filler, "ada@example.net", true, false, false},
        /* mails to one name the address again, in a returned one that nobody recognised too */
        {field, name, "ada@example.net", true, false, false},
        {name, name, "ada@example.net", true, false, false},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buf mail = BUF_INIT;
        buf_add_string(&mail, table[i].start);
        while (mail.len < 20000)
            buf_add_string(&mail, filler);
        buf_add_string(&mail, table[i].end);
        struct report_recipient recipient = {.final_recipient = table[i].recipient};
        struct report report = {
            .kind = REPORT_DELIVERY_STATUS,
            .kind_reason = "a delivery status",
            .recipients = &recipient,
            .recipient_count = table[i].recipient != NULL,
            .original.present = table[i].has_original,
        };
        struct finding nobody = {0};
        struct analysis analysis = {.report = &report, .findings = &nobody};
        struct store_message row = {.raw = buf_bytes(&mail), .truncated = table[i].truncated};
        assert_int_equal(rows_fill(&analysis, NULL, true, arena, &row), table[i].is_cut);
        assert_int_equal(strstr(row.outcome_reason, "cut within its list") != NULL,
                         table[i].is_cut);
        buf_free(&mail);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_failed_when_the_report_says_if_that_is_sane),
        cmocka_unit_test(line_ends_do_not_make_another_message),
        cmocka_unit_test(the_outcome_tells_what_was_understood),
        cmocka_unit_test(what_was_not_understood_keeps_its_bytes_and_the_reason),
        cmocka_unit_test(a_list_is_cut_where_its_last_entry_is_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
