#include "cmd/base/address_char.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_octet_has_its_places(void **state) {
    (void)state;
    static const struct {
        const char *octets;
        bool is_bare, is_domain;
        enum address_char class;
    } table[] = {
        {"\x01\t\r\n\x1f\x7f", false, false, ADDRESS_CHAR_CONTROL},
        {" \"(),:;<>@[\\]", false, false, ADDRESS_CHAR_TEXT},
        {"!#$%&'*+/=?^`{|}~", true, false, ADDRESS_CHAR_BARE}, /* RFC 5322 section 3.2.3 */
        {"-._", true, true, ADDRESS_CHAR_DOMAIN},
        {"\x80\xbf\xc3\xff", true, true, ADDRESS_CHAR_DOMAIN}, /* RFC 6532 */
        {"09AZaz", true, true, ADDRESS_CHAR_ALPHANUMERIC},
    };
    assert_int_equal(address_char('\0'), ADDRESS_CHAR_CONTROL);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (const char *c = table[i].octets; *c; c++) {
            assert_int_equal(address_char(*c), table[i].class);
            assert_int_equal(address_is_bare_char(*c), table[i].is_bare);
            assert_int_equal(address_is_domain_char(*c), table[i].is_domain);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_octet_has_its_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
