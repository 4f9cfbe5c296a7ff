/* The part of `nullsender check` that looks at what the decoding processes may still do. */
#include "cmd/base/bytes.h"
#include "cmd/check.h"
#include "cmd/isolation.h"
#include "cmd/worker.h"

/* The name of the layer is a column of its own in the list. */
static void check_layer(struct check_list *list, const struct isolation *isolation,
                        enum isolation_layer layer) {
    struct buf line = BUF_INIT;
    isolation_describe(isolation, layer, &line);
    size_t end = (size_t)bytes_find_char(buf_bytes(&line), ':');
    line.data[end] = '\0';
    const char *name = line.data, *text = line.data + end + 2;
    if (isolation->missing[layer])
        check_warning(list, name, NULL, "%s", text);
    else
        check_ok(list, name, "%s", text);
    buf_free(&line);
}

void check_workers(struct check_list *list) {
    struct isolation isolation;
    struct err err = {0};
    check_section(list, "workers, which decode what anybody may send");
    if (worker_isolation(&isolation, &err) != 0) {
        check_error(list, "start", NULL, &err);
        return;
    }
    for (int layer = 0; layer < ISOLATION_LAYER_COUNT; layer++)
        check_layer(list, &isolation, (enum isolation_layer)layer);
}
