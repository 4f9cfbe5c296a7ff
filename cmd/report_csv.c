#include "cmd/report.h"

#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/csv.h"

#include <stdlib.h>

void report_csv_add(struct buf *out, const struct store_report_table *table) {
    size_t count = table->column_count;
    const char **cells = memory_zero(count, sizeof *cells);
    struct buf *visible = memory_zero(count, sizeof *visible);
    for (size_t i = 0; i < count; i++) {
        cells[i] = table->columns[i].name;
        visible[i] = (struct buf)BUF_INIT;
    }
    csv_add_row(out, cells, count);
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < count; i++) {
            const char *cell = table->cells[row * count + i];
            buf_reset(&visible[i]);
            utf8_add_visible(&visible[i], cell ? cell : "");
            cells[i] = cell ? visible[i].data : NULL;
        }
        csv_add_row(out, cells, count);
    }
    for (size_t i = 0; i < count; i++)
        buf_free(&visible[i]);
    free(visible);
    free(cells);
}
