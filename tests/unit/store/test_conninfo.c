/* Connection strings are shown without the secrets in them. */
#include "store/conninfo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *conninfo;
    const char *shown; /* NULL: nothing */
} cases[] = {
    {"", ""},
    {"dbname=bounces  user=nullsender", "dbname=bounces  user=nullsender"},
    {"service=nullsender", "service=nullsender"},
    {"dbname=bounces password=hunter2 host=db", "password=***** dbname=bounces host=db"},
    {"password='hunter 2\\'' user='ada l'", "user='ada l' password=*****"},
    {"sslpassword=hunter2 sslkey=/k", "sslkey=/k sslpassword=*****"},
    {"postgresql://ada@db:5433/mail?sslmode=require",
     "postgresql://ada@db:5433/mail?sslmode=require"},
    {"postgres://ada:hunter2@db/mail", "user=ada password=***** dbname=mail host=db"},
    {"postgresql://db/mail?password=hunter2", "password=***** dbname=mail host=db"},
    {"postgresql://ada:hunter%32@db/", "user=ada password=***** host=db"},
    {"password='hunter2", NULL},
    {"postgresql://ada:hunter2@[db/mail", NULL},
    {"hunter2", NULL},
    {"postgresql://ada:hunter/2@db/mail", NULL},
    {"postgresql://ada:12/hunter2@db/mail", NULL},
    {"postgresql://ada:hun@ter2@db/mail", NULL},
    {"postgresql://ada:hunter%2F2@db:5433/mail",
     "user=ada password=***** dbname=mail host=db port=5433"},
    {"postgresql://db1:5433,db2:5434/mail", "postgresql://db1:5433,db2:5434/mail"},
    {"host=@socket dbname=a@b", "host=@socket dbname=a@b"},
};

static void no_password_is_shown(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf shown = BUF_INIT;
        assert_int_equal(store_conninfo_add_masked(&shown, cases[i].conninfo), !!cases[i].shown);
        assert_string_equal(shown.data, cases[i].shown ? cases[i].shown : "");
        buf_free(&shown);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_password_is_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
