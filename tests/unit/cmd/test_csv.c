/* CSV: programs read each cell as it is, terminals obey none, spreadsheets compute none. */
#include "cmd/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_cell_is_written_for_its_reader(void **state) {
    (void)state;
    static const struct {
        const char *cell, *program, *terminal, *spreadsheet;
    } table[] = {
        {"spring26", "spring26", "spring26", "spring26"},
        {"-foo@example.org", "-foo@example.org", "-foo@example.org", "\"'-foo@example.org\""},
        {"+1@example.org", "+1@example.org", "+1@example.org", "\"'+1@example.org\""},
        {"=a@example.org", "=a@example.org", "=a@example.org", "\"'=a@example.org\""},
        {"\"a,b\"@example.org", "\"\"\"a,b\"\"@example.org\"", "\"\"\"a,b\"\"@example.org\"",
         "\"\"\"a,b\"\"@example.org\""},
        {"a\xe2\x80\x8b@example.org", "a\xe2\x80\x8b@example.org", "a\\u200b@example.org",
         "a\\u200b@example.org"},
        {"a\n=1", "\"a\n=1\"", "a\\x0a=1", "a\\x0a=1"},
        {NULL, "", "", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *const expected[] = {table[i].program, table[i].terminal, table[i].spreadsheet};
        for (enum csv_reader reader = CSV_FOR_PROGRAMS; reader <= CSV_FOR_SPREADSHEETS; reader++) {
            struct buf out = BUF_INIT, row = BUF_INIT;
            csv_add_row(&out, &table[i].cell, 1, reader);
            buf_printf(&row, "%s\r\n", expected[reader]);
            assert_string_equal(out.data, row.data);
            buf_free(&out);
            buf_free(&row);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_written_for_its_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
