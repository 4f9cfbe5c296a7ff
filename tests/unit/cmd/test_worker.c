/* The worker pool, with a decoder of the test's own in the place of mime/: it does what the message
 * tells it to. */
#include "cmd/worker.h"

#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/worker_process.h"
#include "mime/frame.h"

#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    GROW_LENGTH = 256 * 1024,  /* of a message that asks for a long answer */
    GROWTH = 16 * GROW_LENGTH, /* which no socket's buffer holds */
};

/* "lie NUMBER LENGTH SENT FOLLOWS": answers on its own with this header and so many bytes, and then
 * honestly; with "hang", never again. */
static void lie(struct bytes message) {
    unsigned long long number, length, sent;
    char follows[16] = "", text[128];
    snprintf(text, sizeof text, "%.*s", (int)message.len, message.data);
    if (sscanf(text, "lie %llu %llu %llu %15s", &number, &length, &sent, follows) < 3)
        return;
    struct worker_response response = {number, length};
    (void)!write(STDIN_FILENO, &response, sizeof response);
    static char chunk[65536];
    for (; sent; sent -= sent < sizeof chunk ? sent : sizeof chunk)
        (void)!write(STDIN_FILENO, chunk, sent < sizeof chunk ? sent : sizeof chunk);
    if (!strcmp(follows, "hang"))
        raise(SIGSTOP);
}

struct report *report_read(struct bytes message, bool truncated,
                           const struct report_options *options, struct arena *arena) {
    if (bytes_starts_ignore_case(message, "crash"))
        raise(SIGSEGV);
    if (bytes_starts_ignore_case(message, "exit"))
        _exit(3);
    while (bytes_starts_ignore_case(message, "count for ever"))
        ;
    if (bytes_starts_ignore_case(message, "sleep"))
        raise(SIGSTOP);
    if (bytes_starts_ignore_case(message, "nonsense"))
        (void)!write(STDIN_FILENO, "this is no answer, and longer than a header", 43);
    if (bytes_starts_ignore_case(message, "kill the next"))
        raise(SIGKILL);
    lie(message);
    struct report *report = arena_alloc(arena, sizeof *report);
    report->subject = arena_bytes(arena, message);
    report->truncated = truncated;
    report->format = options->campaign_header;
    return report;
}

void report_frame_write(const struct report *report, struct buf *out) {
    buf_printf(out, "%s|%d|%s", report->subject, report->truncated, report->format);
    bool grows = bytes_starts_ignore_case(bytes_of(report->subject), "grow");
    for (int i = 0; grows && i < GROWTH; i += 4)
        buf_add(out, "more", 4);
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

static char *grow_new(void) {
    char *text = memory_alloc(GROW_LENGTH + 1);
    memset(text, ' ', GROW_LENGTH);
    memcpy(text, "grow", 4);
    text[GROW_LENGTH] = '\0';
    return text;
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
        {"crash", "signal 11"},
        {"exit", "status 3"},
        {"count for ever", "ran out of its time"},
        {"sleep", "ran out of its time"},
        {"nonsense", "nonsense"},
        {"kill the next", "signal 9"},
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

/* It is believed no length, no number and no answer that it was not asked for. */
static void a_worker_that_lies_is_replaced(void **state) {
    (void)state;
    static const struct {
        const char *message; /* number 1 */
        const char *failure; /* NULL: the lie is its answer, and what follows is nonsense */
    } table[] = {
        {"lie 1 18446744073709551615 0", "nonsense"},
        {"lie 1 67108865 0", "nonsense"},
        {"lie 0 10 10", "nonsense"},
        {"lie 2 10 10", "nonsense"}, /* behind it in the queue, not yet sent */
        {"lie 18446744073709551615 10 10", "nonsense"},
        {"lie 1 100 10 hang", "ran out of its time"},
        {"lie 1 10 10", NULL},
        {"lie 1 10 100", NULL},
        {"lie 1 10 100000000 hang", NULL}, /* never ends */
        {"lie 1 60000 60000", NULL},
        {"lie 1 100000 100000", "nonsense"}, /* more than so short a message can say */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct worker_pool *pool = start(1);
        submit(pool, "zero");
        expect_answer(pool, "zero|");
        submit(pool, table[i].message);
        if (table[i].failure)
            submit(pool, "two");
        if (table[i].failure)
            expect_failure(pool, table[i].failure);
        else
            expect_answer(pool, "");
        if (!table[i].failure)
            submit(pool, "two");
        expect_answer(pool, "two|");
        submit(pool, "three");
        expect_answer(pool, "three|");
        worker_pool_stop(pool);
    }
}

/* The parent awaits a COMMIT, or is stopped, while the answer does not fit into the socket. */
static void time_in_which_the_parent_is_away_does_not_count(void **state) {
    (void)state;
    struct worker_pool *pool = start(1);
    struct worker_result result;
    struct err err;
    submit(pool, "crash"); /* so that those behind it are alone, and fail for good */
    char *grow = grow_new();
    submit(pool, grow);
    submit(pool, grow);
    expect_failure(pool, "signal 11");
    expect_answer(pool, "grow ");
    assert_int_equal(worker_pool_next(pool, false, &result, &err), 0);
    nanosleep(&(struct timespec){2, 500000000}, NULL);
    expect_answer(pool, "grow ");
    worker_pool_stop(pool);
    free(grow);
}

/* While the first message keeps its worker, the other one could answer all of its own. */
static void answers_that_wait_take_little_memory(void **state) {
    (void)state;
    struct worker_pool *pool = start(2);
    char *grow = grow_new();
    size_t count = 0;
    submit(pool, "count for ever");
    for (; !worker_pool_is_full(pool); count++)
        submit(pool, grow);
    expect_failure(pool, "ran out of its time");
    struct mallinfo2 memory = mallinfo2();
    assert_true(memory.uordblks + memory.hblkhd < 4 * (size_t)GROWTH);
    for (size_t i = 0; i < count; i++)
        expect_answer(pool, "grow ");
    memory = mallinfo2();
    assert_true(memory.uordblks + memory.hblkhd < 4 * (size_t)GROWTH);
    worker_pool_stop(pool);
    free(grow);
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

int main(int argc, char **argv) {
    worker_process_main(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_the_order_of_the_messages),
        cmocka_unit_test(a_job_carries_its_options),
        cmocka_unit_test(a_bad_message_costs_itself_only),
        cmocka_unit_test(a_worker_that_lies_is_replaced),
        cmocka_unit_test(time_in_which_the_parent_is_away_does_not_count),
        cmocka_unit_test(answers_that_wait_take_little_memory),
        cmocka_unit_test(a_large_message_goes_through),
        cmocka_unit_test(without_jobs_there_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
