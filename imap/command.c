#include "imap/command.h"

#include "cmd/base/memory.h"
#include "imap/sequence_set.h"

#include <stdlib.h>
#include <string.h>

struct command *command_new(enum command_kind kind, const char *text, const uint32_t *uids,
                            size_t count) {
    struct command *command = memory_zero(1, sizeof *command);
    command->kind = kind;
    if (text != NULL)
        command->text = memory_string(text);
    if (count > 0) {
        command->count = count;
        command->uids = memory_alloc(count * sizeof *uids);
        memcpy(command->uids, uids, count * sizeof *uids);
    }
    if (kind == COMMAND_FETCH)
        command->answered = memory_zero(count, sizeof *command->answered);
    return command;
}

void command_free(struct command *command) {
    if (command == NULL)
        return;
    free(command->text);
    free(command->uids);
    free(command->answered);
    free(command);
}

size_t command_fit(const uint32_t *uids, size_t count) {
    struct buf set = BUF_INIT;
    size_t most = count < COMMAND_UIDS_MAX ? count : COMMAND_UIDS_MAX;
    size_t fit = sequence_set_add(&set, uids, most, COMMAND_SET_MAX);
    buf_free(&set);
    return fit;
}

void command_write(const struct command *command, struct buf *out) {
    static const char *const verbs[] = {
        [COMMAND_FETCH] = "FETCH", [COMMAND_MOVE] = "MOVE",       [COMMAND_COPY] = "COPY",
        [COMMAND_MARK] = "STORE",  [COMMAND_EXPUNGE] = "EXPUNGE",
    };
    buf_printf(out, "N%u ", command->tag);
    if (command->kind == COMMAND_PLAIN) {
        buf_add_string(out, command->text);
    } else {
        buf_printf(out, "UID %s ", verbs[command->kind]);
        sequence_set_add(out, command->uids, command->count, SIZE_MAX);
    }
    if (command->kind == COMMAND_FETCH)
        buf_printf(out, " (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.%u>)", command->octets);
    else if (command->kind == COMMAND_MOVE || command->kind == COMMAND_COPY)
        buf_printf(out, " %s", command->text);
    else if (command->kind == COMMAND_MARK)
        buf_add_string(out, " +FLAGS.SILENT (\\Deleted)");
    buf_add_string(out, "\r\n");
}

bool command_answer(struct command *fetch, uint32_t uid) {
    size_t low = 0, high = fetch->count;
    if (fetch->cursor < high && fetch->uids[fetch->cursor] == uid)
        low = fetch->cursor;
    else
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (fetch->uids[middle] < uid)
                low = middle + 1;
            else
                high = middle;
        }
    if (low >= fetch->count || fetch->uids[low] != uid || fetch->answered[low])
        return false;
    fetch->answered[low] = true;
    fetch->cursor = low + 1;
    return true;
}

uint32_t *command_unanswered(const struct command *fetch, size_t *count) {
    uint32_t *uids = memory_alloc(fetch->count * sizeof *uids);
    *count = 0;
    for (size_t i = 0; i < fetch->count; i++)
        if (!fetch->answered[i])
            uids[(*count)++] = fetch->uids[i];
    return uids;
}

void command_list_add(struct command_list *list, struct command *command) {
    command->next = NULL;
    if (list->last == NULL)
        list->first = command;
    else
        list->last->next = command;
    list->last = command;
    list->count++;
}

void command_list_add_first(struct command_list *list, struct command *command) {
    command->next = list->first;
    list->first = command;
    if (list->last == NULL)
        list->last = command;
    list->count++;
}

struct command *command_list_take_first(struct command_list *list) {
    return list->first == NULL ? NULL : command_list_take(list, list->first->tag);
}

struct command *command_list_take(struct command_list *list, unsigned tag) {
    struct command *before = NULL;
    struct command *command = list->first;
    while (command != NULL && command->tag != tag) {
        before = command;
        command = command->next;
    }
    if (command == NULL)
        return NULL;
    if (before == NULL)
        list->first = command->next;
    else
        before->next = command->next;
    if (list->last == command)
        list->last = before;
    list->count--;
    command->next = NULL;
    return command;
}

void command_list_free(struct command_list *list) {
    struct command *command;
    while ((command = command_list_take_first(list)) != NULL)
        command_free(command);
}
