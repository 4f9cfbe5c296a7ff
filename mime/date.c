#include "mime/date.h"

#include <libetpan/libetpan.h>

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

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

int64_t date_read(struct bytes value) {
    size_t index = 0;
    struct mailimf_date_time *date = NULL;
    value = without_weekday(bytes_first(bytes_trim(value), VALUE_MAX_LENGTH));
    if (!value.len ||
        mailimf_date_time_parse(value.data, value.len, &index, &date) != MAILIMF_NO_ERROR)
        return 0;
    /* RFC 5322 section 4.3: years of two and three digits. */
    int year = date->dt_year;
    if (year < 50)
        year += 2000;
    else if (year < 1000)
        year += 1900;
    struct tm tm = {
        .tm_year = year - 1900,
        .tm_mon = date->dt_month - 1,
        .tm_mday = date->dt_day,
        .tm_hour = date->dt_hour,
        .tm_min = date->dt_min,
        .tm_sec = date->dt_sec,
    };
    int zone = date->dt_zone; /* +0230 is 230 */
    bool sane = year >= 1970 && year < YEAR_MAX && date->dt_day >= 1 && date->dt_day <= 31 &&
                date->dt_hour <= 23 && date->dt_min <= 59 && date->dt_sec <= 60 &&
                zone >= -ZONE_MAX && zone <= ZONE_MAX;
    mailimf_date_time_free(date);
    if (!sane)
        return 0;
    int64_t seconds = (int64_t)timegm(&tm) - (zone / 100 * 3600 + zone % 100 * 60);
    return seconds > 0 ? seconds : 0;
}
