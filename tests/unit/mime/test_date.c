#include "mime/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void dates_are_seconds_since_1970(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        int64_t seconds;
    } cases[] = {
        {"as_the_rfc_has_it", "Mon, 1 Jun 2026 10:00:00 +0200", 1780300800},
        {"with_a_comment", "Mon, 1 Jun 2026 10:00:00 +0200 (CEST)", 1780300800},
        {"without_a_weekday", "1 Jun 2026 10:00:00 +0200", 1780300800},
        {"without_seconds", "Mon, 1 Jun 2026 10:00 +0200", 1780300800},
        {"a_weekday_in_full", "Monday, 1 Jun 2026 10:00:00 +0200", 1780300800},
        {"no_space_behind_the_weekday", "Mon,1 Jun 2026 10:00:00 +0200", 1780300800},
        {"a_year_of_two_digits", "Mon, 1 Jun 26 10:00:00 +0200", 1780300800},
        {"a_zone_by_name", "Mon, 1 Jun 2026 10:00:00 GMT", 1780308000},
        {"a_zone_to_the_west", "Mon, 1 Jun 2026 10:00:00 -0330", 1780320600},
        {"two_blanks", "Mon,  1  Jun 2026 10:00:00 +0200", 1780300800},
        {"a_folded_one", "Mon, 1 Jun\r\n 2026 10:00:00 +0200", 1780300800},
        {"a_month_in_small_letters", "Mon, 1 jun 2026 10:00:00 +0200", 1780300800},
        {"an_hour_of_one_digit", "Mon, 1 Jun 2026 9:05:07 +0200", 1780297507},
        {"the_last_month", "Thu, 31 Dec 2026 23:59:60 +0000", 1798761600},
        {"an_hour_too_many", "Mon, 1 Jun 2026 24:00:00 +0200", 0},
        {"half_an_hour_of_zone", "Mon, 1 Jun 2026 10:00:00 +0530", 1780288200},
        {"nothing", "", 0},
        {"prose", "yesterday", 0},
        {"a_day_that_does_not_exist", "Mon, 99 Jun 2026 10:00:00 +0200", 0},
        {"a_minute_that_overflows", "Mon, 1 Jun 2026 10:4294967290:00 +0200", 0},
        {"a_zone_that_overflows", "Mon, 1 Jun 2026 10:00:00 -1863462900", 0},
        {"a_year_out_of_range", "Mon, 1 Jun 9999 10:00:00 +0000", 0},
        {"before_1970", "Mon, 1 Jun 1969 10:00:00 +0000", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = date_read(bytes_of(cases[i].value));
        if (got != cases[i].seconds)
            fail_msg("%s: got %lld", cases[i].name, (long long)got);
    }
}

static void every_day_is_the_calendars(void **state) {
    (void)state;
    enum { DAY = 24 * 60 * 60, YEAR_END = 2200 - 1900 };
    time_t noon = DAY / 2;
    for (struct tm tm; gmtime_r(&noon, &tm)->tm_year < YEAR_END; noon += DAY) {
        char value[80];
        assert_true(strftime(value, sizeof value, "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0);
        assert_int_equal(date_read(bytes_of(value)), noon);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_the_calendars),
        cmocka_unit_test(dates_are_seconds_since_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
