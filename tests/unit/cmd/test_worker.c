/* The worker pool, with a decoder of the test's own in the place of mime/: it does what the message
 * tells it to. */
#include "cmd/worker.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "mime/frame.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct report *report_read(struct bytes message, bool truncated,
                           const struct report_options *options, struct arena *arena) {
    if (bytes_starts_ignore_case(message, "crash"))
        raise(SIGSEGV);
    if (bytes_starts_ignore_case(message, "exit"))
        _exit(3);
    while (bytes_starts_ignore_case(message, "hang"))
        pause();
    if (bytes_starts_ignore_case(message, "nonsense"))
        (void)!write(STDIN_FILENO, "this is no answer, and longer than a header", 43);
    if (bytes_starts_ignore_case(message, "kill the next"))
        raise(SIGKILL);
    struct report *report = arena_alloc(arena, sizeof *report);
    report->subject = arena_bytes(arena, message);
    report->truncated = truncated;
    report->format = options->campaign_header;
    return report;
}

void report_frame_write(const struct report *report, struct buf *out) {
    buf_printf(out, "%s|%d|%s", report->subject, report->truncated, report->format);
}

static struct worker_pool *start(unsigned count) {
    static const struct report_options reports[] = {{.campaign_header = "a"},
                                                    {.campaign_header = "b"}};
    struct worker_pool *pool;
    struct err err;
    const struct worker_pool_options options = {
        .count = count, .reports = reports, .report_count = 2, .seconds_max = 1};
    assert_int_equal(worker_pool_start(&options, &pool, &err), 0);
    return pool;
}

static void submit(struct worker_pool *pool, const char *message) {
    worker_pool_submit(pool, &(struct worker_job){.message = bytes_of(message)});
}

static void expect_answer(struct worker_pool *pool, const char *message) {
    struct worker_result result;
    struct err err;
    assert_int_equal(worker_pool_next(pool, true, &result, &err), 1);
    assert_null(result.failure);
    assert_true(bytes_starts_ignore_case(result.frame, message));
}

static void expect_failure(struct worker_pool *pool, const char *words) {
    struct worker_result result;
    struct err err;
    assert_int_equal(worker_pool_next(pool, true, &result, &err), 1);
    assert_non_null(result.failure);
    if (!strstr(result.failure, words))
        fail_msg("'%s' does not say '%s'", result.failure, words);
}

static void results_come_in_the_order_of_the_messages(void **state) {
    (void)state;
    struct worker_pool *pool = start(3);
    char text[5000][32];
    int sent = 0, taken = 0;
    while (taken < 5000) {
        while (sent < 5000 && !worker_pool_is_full(pool)) {
            snprintf(text[sent], sizeof text[sent], "message %d.", sent);
            submit(pool, text[sent++]);
        }
        char expected[32];
        snprintf(expected, sizeof expected, "message %d.|0|a", taken++);
        expect_answer(pool, expected);
    }
    worker_pool_stop(pool);
}

static void a_job_carries_its_options(void **state) {
    (void)state;
    struct worker_pool *pool = start(1);
    worker_pool_submit(
        pool, &(struct worker_job){.message = bytes_of("x"), .truncated = true, .option = 1});
    expect_answer(pool, "x|1|b");
    worker_pool_stop(pool);
}

static void a_bad_message_costs_itself_only(void **state) {
    (void)state;
    static const struct {
        const char *message;
        const char *words;
    } table[] = {
        {"crash", "signal 11"},   {"exit", "status 3"},          {"hang", "ran out of its time"},
        {"nonsense", "nonsense"}, {"kill the next", "signal 9"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct worker_pool *pool = start(2);
        submit(pool, "one");
        submit(pool, "two");
        submit(pool, "three");
        submit(pool, table[i].message);
        submit(pool, "four");
        submit(pool, "five");
        submit(pool, table[i].message);
        submit(pool, "six");
        expect_answer(pool, "one|");
        expect_answer(pool, "two|");
        expect_answer(pool, "three|");
        expect_failure(pool, table[i].words);
        expect_answer(pool, "four|");
        expect_answer(pool, "five|");
        expect_failure(pool, table[i].words);
        expect_answer(pool, "six|");
        submit(pool, "seven");
        expect_answer(pool, "seven|");
        worker_pool_stop(pool);
    }
}

static void a_large_message_goes_through(void **state) {
    (void)state;
    struct worker_pool *pool = start(1);
    size_t len = 20 * 1024 * 1024;
    char *text = memory_alloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    submit(pool, text);
    assert_true(worker_pool_is_full(pool));
    struct worker_result result;
    struct err err;
    assert_int_equal(worker_pool_next(pool, true, &result, &err), 1);
    assert_int_equal(result.frame.len, len + 4);
    assert_false(worker_pool_is_full(pool));
    worker_pool_stop(pool);
    free(text);
}

static void without_jobs_there_is_no_result(void **state) {
    (void)state;
    struct worker_pool *pool = start(1);
    struct worker_result result;
    struct err err;
    assert_int_equal(worker_pool_next(pool, true, &result, &err), 0);
    worker_pool_stop(pool);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_the_order_of_the_messages),
        cmocka_unit_test(a_job_carries_its_options),
        cmocka_unit_test(a_bad_message_costs_itself_only),
        cmocka_unit_test(a_large_message_goes_through),
        cmocka_unit_test(without_jobs_there_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
