#include "mime/date.h"

#include <libetpan/libetpan.h>

#include <stdbool.h>
#include <stddef.h>

enum {
    /* libetpan recurses on nested comments, and a date is 40 bytes. */
    VALUE_MAX_LENGTH = 256,
    YEAR_MAX = 2200,
    ZONE_MAX = 1400, /* Kiritimati is at +1400 */
};

/* The day of the week says nothing, and libetpan takes no day's name in full. */
static struct bytes without_weekday(struct bytes value) {
    size_t i = 0;
    while (i < value.len && ascii_is_alpha(value.data[i]))
        i++;
    return i && i < value.len && value.data[i] == ',' ? bytes_from(value, i + 1) : value;
}

/* A date as it is written. */
struct date {
    int year, month, day, hour, minute, second;
    int zone; /* +0230 is 230 */
};

/* Takes a number of so many digits and, where `behind` is one, the character behind it. */
static bool take_number(struct bytes *rest, size_t least, size_t most, char behind, int *number) {
    size_t i = 0;
    int n = 0;
    for (; i < rest->len && i < most && ascii_is_digit(rest->data[i]); i++)
        n = n * 10 + (rest->data[i] - '0');
    if (i < least || (behind && (i == rest->len || rest->data[i] != behind)))
        return false;
    *rest = bytes_from(*rest, behind ? i + 1 : i);
    *number = n;
    return true;
}

static bool take_month(struct bytes *rest, int *month) {
    static const char *const names[] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ",
                                        "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "};
    for (int i = 0; i < 12; i++)
        if (bytes_starts_ignore_case(*rest, names[i])) {
            *rest = bytes_from(*rest, 4);
            *month = i + 1;
            return true;
        }
    return false;
}

/* "1 Jun 2026 10:00:00 +0200", which is what nearly all mails have: without libetpan, whose
 * parsing of each blank as a possible comment takes ten times as long. */
static bool read_usual(struct bytes rest, struct date *d) {
    if (rest.len && rest.data[0] == ' ')
        rest = bytes_from(rest, 1);
    if (!take_number(&rest, 1, 2, ' ', &d->day) || !take_month(&rest, &d->month) ||
        !take_number(&rest, 4, 4, ' ', &d->year) || !take_number(&rest, 2, 2, ':', &d->hour) ||
        !take_number(&rest, 2, 2, ':', &d->minute) || !take_number(&rest, 2, 2, ' ', &d->second))
        return false;
    char sign = rest.len ? rest.data[0] : '\0';
    rest = bytes_from(rest, 1);
    if ((sign != '+' && sign != '-') || !take_number(&rest, 4, 4, '\0', &d->zone))
        return false;
    d->zone = sign == '-' ? -d->zone : d->zone;
    return !rest.len || rest.data[0] == ' ';
}

static bool read_other(struct bytes value, struct date *d) {
    size_t index = 0;
    struct mailimf_date_time *date = NULL;
    if (mailimf_date_time_parse(value.data, value.len, &index, &date) != MAILIMF_NO_ERROR)
        return false;
    *d = (struct date){date->dt_year, date->dt_month, date->dt_day, date->dt_hour,
                       date->dt_min,  date->dt_sec,   date->dt_zone};
    mailimf_date_time_free(date);
    return true;
}

/* Gregorian. timegm(3), which searches for the second whose calendar date this is, takes as long as
 * all else of a date. */
static int64_t days_since_1970(int year, int month, int day) {
    static const int before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    enum {
        LEAP_DAYS_BEFORE_1970 = 1969 / 4 - 1969 / 100 + 1969 / 400,
    };
    int last = month > 2 ? year : year - 1; /* whose leap day is over */
    int leap_days = last / 4 - last / 100 + last / 400 - LEAP_DAYS_BEFORE_1970;
    return (year - 1970) * 365 + leap_days + before_month[month - 1] + day - 1;
}

static bool is_within(int number, int least, int most) {
    return number >= least && number <= most;
}

int64_t date_read(struct bytes value) {
    struct date d;
    value = without_weekday(bytes_first(bytes_trim(value), VALUE_MAX_LENGTH));
    if (!value.len || (!read_usual(value, &d) && !read_other(value, &d)))
        return 0;
    /* RFC 5322 section 4.3: years of two and three digits. */
    int year = d.year;
    if (year < 50)
        year += 2000;
    else if (year < 1000)
        year += 1900;
    int zone = d.zone;
    /* libetpan's numbers overflow, and are less than zero then. */
    bool sane = year >= 1970 && year < YEAR_MAX && is_within(d.month, 1, 12) &&
                is_within(d.day, 1, 31) && is_within(d.hour, 0, 23) && is_within(d.minute, 0, 59) &&
                is_within(d.second, 0, 60) && is_within(zone, -ZONE_MAX, ZONE_MAX);
    if (!sane)
        return 0;
    int64_t seconds = days_since_1970(year, d.month, d.day) * 86400 + d.hour * 3600 +
                      d.minute * 60 + d.second - (zone / 100 * 3600 + zone % 100 * 60);
    return seconds > 0 ? seconds : 0;
}
