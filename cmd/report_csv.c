#include "cmd/report.h"

#include "cmd/base/memory.h"
#include "cmd/csv.h"

#include <stdlib.h>

void report_csv_add(struct buf *out, const struct store_report_table *table) {
    size_t count = table->column_count;
    const char **names = memory_zero(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = table->columns[i].name;
    csv_add_row(out, names, count, CSV_FOR_SPREADSHEETS);
    for (size_t row = 0; row < table->row_count; row++)
        csv_add_row(out, (const char *const *)&table->cells[row * count], count,
                    CSV_FOR_SPREADSHEETS);
    free(names);
}
