/*
 * uid_list: UIDs off a SEARCH or ESEARCH response, collected, sorted, each once.
 */
#ifndef IMAP_UID_LIST_H
#define IMAP_UID_LIST_H

#include "cmd/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    UID_LIST_MAX = 16 * 1024 * 1024, /* 64 MB; a server that lists more is lying or hopeless */
};

struct uid_list {
    uint32_t *uids;
    size_t count;
    size_t room;
    uint32_t above; /* only UIDs above this one are taken */
};

/* Adds the UIDs from `first` to `last`, in either order. -1 where it gets too long. */
int uid_list_add(struct uid_list *list, uint32_t first, uint32_t last, struct err *err);

/* Sorts, and drops doubles. */
void uid_list_sort(struct uid_list *list);

void uid_list_free(struct uid_list *list);

#endif
