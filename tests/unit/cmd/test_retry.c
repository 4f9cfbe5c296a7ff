/* When to try again, and how long to wait before. */
#include "cmd/clock.h"
#include "cmd/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static volatile sig_atomic_t stop;

static const struct {
    enum err_code code;
    unsigned retry_after;
    unsigned done;
    bool again;
} cases[] = {
    {ERR_TEMPORARY, 0, 0, true},
    {ERR_TEMPORARY, 0, 2, true},
    {ERR_TEMPORARY, 0, 3, false}, /* the tries are used up */
    {ERR_TEMPORARY, RETRY_WAIT_MAX, 0, true},
    {ERR_TEMPORARY, RETRY_WAIT_MAX + 1, 0, false},
    {ERR_PERMISSION, 0, 0, false}, /* accounts get locked */
    {ERR_UNAVAILABLE, 0, 0, false},
    {ERR_PROTOCOL, 0, 0, false},
    {ERR_CONFIG, 1, 0, false},
};

static void only_what_may_pass_is_tried_again(void **state) {
    (void)state;
    stop = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct retry retry = {.tries = 3, .stop = &stop, .unit = 1, .done = cases[i].done};
        struct err err = {.code = cases[i].code, .retry_after = cases[i].retry_after};
        if (retry_wait(&retry, "it", &err) != cases[i].again)
            fail_msg("case %zu", i);
        assert_int_equal(retry.done, cases[i].done + cases[i].again);
    }
}

static void it_waits_as_long_as_it_is_asked_to(void **state) {
    (void)state;
    stop = 0;
    struct retry retry = {.tries = 1, .stop = &stop, .unit = 2};
    struct err err = {.code = ERR_TEMPORARY, .retry_after = 50};
    double start = clock_seconds();
    assert_true(retry_wait(&retry, "it", &err));
    assert_true(clock_seconds() - start >= 0.1);
}

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void a_signal_ends_the_wait_and_the_tries(void **state) {
    (void)state;
    stop = 0;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
    struct itimerspec soon = {.it_value = {.tv_nsec = 20000000}};
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
    struct retry retry = {.tries = 2, .stop = &stop};
    struct err err = {.code = ERR_TEMPORARY, .retry_after = RETRY_WAIT_MAX};
    double start = clock_seconds();
    assert_false(retry_wait(&retry, "it", &err));
    assert_true(clock_seconds() - start < RETRY_WAIT_MAX);
    assert_false(retry_wait(&retry, "it", &err)); /* and at once */
    timer_delete(timer);
    signal(SIGTERM, SIG_DFL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_pass_is_tried_again),
        cmocka_unit_test(it_waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(a_signal_ends_the_wait_and_the_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
