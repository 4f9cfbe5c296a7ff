#include "imap/sequence_set.h"

#include "cmd/base/memory.h"

#include <stdlib.h>
#include <string.h>

size_t sequence_set_add(struct buf *out, const uint32_t *uids, size_t count, size_t room) {
    enum { RANGE_MAX = 22 }; /* ",4294967294:4294967295" */
    size_t start = out->len, added = 0;
    while (added < count && (added == 0 || out->len - start + RANGE_MAX <= room)) {
        size_t last = added;
        while (last + 1 < count && uids[last + 1] == uids[last] + 1)
            last++;
        if (added > 0)
            buf_add_char(out, ',');
        buf_add_number(out, uids[added]);
        if (last > added) {
            buf_add_char(out, ':');
            buf_add_number(out, uids[last]);
        }
        added = last + 1;
    }
    return added;
}

static int compare(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

size_t sequence_set_sort(uint32_t *uids, size_t count) {
    size_t sorted = 1, kept = 0;
    while (sorted < count && uids[sorted - 1] <= uids[sorted])
        sorted++;
    if (sorted < count)
        qsort(uids, count, sizeof *uids, compare);
    for (size_t i = 0; i < count; i++)
        if (uids[i] != 0 && (kept == 0 || uids[kept - 1] != uids[i]))
            uids[kept++] = uids[i];
    return kept;
}

uint32_t *sequence_set_sorted(const uint32_t *uids, size_t *count) {
    uint32_t *sorted = memory_alloc(*count * sizeof *sorted);
    if (*count > 0)
        memcpy(sorted, uids, *count * sizeof *sorted);
    *count = sequence_set_sort(sorted, *count);
    return sorted;
}
