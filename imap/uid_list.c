#include "imap/uid_list.h"

#include "cmd/base/memory.h"
#include "imap/sequence_set.h"

#include <stdlib.h>

int uid_list_add(struct uid_list *list, uint32_t first, uint32_t last, struct err *err) {
    uint32_t low = first < last ? first : last;
    uint32_t high = first < last ? last : first;
    if (low <= list->above)
        low = list->above + 1;
    if (low > high || low == 0)
        return 0;
    size_t count = (size_t)high - low + 1;
    if (count > UID_LIST_MAX - list->count)
        return err_set(err, ERR_PROTOCOL, "the server lists more than %d messages", UID_LIST_MAX);
    while (list->count + count > list->room) {
        list->room = list->room == 0 ? 1024 : list->room * 2;
        list->uids = memory_resize(list->uids, list->room * sizeof *list->uids);
    }
    for (size_t i = 0; i < count; i++)
        list->uids[list->count++] = low + (uint32_t)i;
    return 0;
}

void uid_list_sort(struct uid_list *list) {
    list->count = sequence_set_sort(list->uids, list->count);
}

void uid_list_free(struct uid_list *list) {
    free(list->uids);
    *list = (struct uid_list){0};
}
