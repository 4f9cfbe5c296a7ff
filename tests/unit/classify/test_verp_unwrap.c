#include "classify/verp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int make_arena(void **state) {
    *state = arena_new();
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

#define OURS "bounces+spring26-ada=example.net@news.example.com"
#define OURS_IN_SRS "news.example.com=bounces+spring26-ada=example.net"

static void each_wrapper_comes_off(void **state) {
    static const char *const wrapped[] = {
        "prvs=0123abcdef=bounces+spring26-ada=example.net@news.example.com",
        "PRVS=012345678=bounces+spring26-ada=example.net@news.example.com",
        "msprvs1=17Abc9XyZ=bounces+spring26-ada=example.net@news.example.com",
        "btv1==0371f2c4ab1==bounces+spring26-ada=example.net@news.example.com",
        "SRS0=HHHH=TT=" OURS_IN_SRS "@forward.example",
        "srs0=hhhh=tt=" OURS_IN_SRS "@forward.example",
        "SRS0+Hh+/=7T=" OURS_IN_SRS "@forward.example",
        "SRS0-HHHH=TT=" OURS_IN_SRS "@forward.example",
        "SRS1=GGGG=forward.example==HHHH=TT=" OURS_IN_SRS "@second.example",
        "SRS1=GGGG=forward.example=+HHHH=TT=" OURS_IN_SRS "@second.example",
        "Srs1+GGGG=forward.example=-HHHH=TT=" OURS_IN_SRS "@second.example",
        "carol+SRS=44ldt=IX=" OURS_IN_SRS "@contoso.example",
        "prvs=0123abcdef=SRS0=HHHH=TT=" OURS_IN_SRS "@forward.example",
        "SRS0=HHHH=TT=news.example.com=prvs=0123abcdef=bounces+spring26-ada=example.net@forward."
        "example",
        "SRS0=HHHH=TT=forward.example=SRS0=HHHH=TT=" OURS_IN_SRS "@second.example",
        "prvs=0123456789=prvs=abcdef0123=SRS1=GGGG=forward.example==HHHH=TT=" OURS_IN_SRS
        "@third.example",
    };
    for (size_t i = 0; i < sizeof wrapped / sizeof *wrapped; i++)
        assert_string_equal(verp_unwrap(wrapped[i], *state), OURS);
}

static void what_is_not_wrapped_stays_the_same_string(void **state) {
    static const char *const plain[] = {
        OURS,
        "ada@example.net",
        "not an address",
        "prvs=@example.net",
        "prvs=0123abcdef=@example.net",
        "prvs=ta-g=ada@example.net",
        "prvs=ada@example.net",
        "btv1==0371f2c=ada@example.net",
        "srs0@example.net",
        "SRS0=HHHH=TT=example.net@forward.example",
        "SRS0=HHHH=T.T=example.net=ada@forward.example",
        "SRS0=H!HH=TT=example.net=ada@forward.example",
        "SRS0=HHHH=TT==ada@forward.example",
        "SRS0=HHHH=TT=exa..mple=ada@forward.example",
        "SRS0.HHHH=TT=example.net=ada@forward.example",
        "SRS1=GGGG=forward.example=HHHH=TT=example.net=ada@second.example",
        "SRS1=GGGG==@second.example",
        "srs0fan=x=y=example.net=ada@example.net",
        "+SRS=44ldt=IX=example.net=ada@contoso.example",
        "bounces+SRS=44ldt=IX@contoso.example",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_ptr_equal(verp_unwrap(plain[i], *state), plain[i]);
}

static void a_quoted_local_part_inside_stays_an_address(void **state) {
    assert_string_equal(verp_unwrap("\"SRS0=HHHH=TT=example.net=ada b\"@forward.example", *state),
                        "\"ada b\"@example.net");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrapper_comes_off),
        cmocka_unit_test(what_is_not_wrapped_stays_the_same_string),
        cmocka_unit_test(a_quoted_local_part_inside_stays_an_address),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
