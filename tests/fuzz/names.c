/* Short texts that come from servers and mails: folder names, refusals, and text for the database
 * and for the terminal. */
#include "cmd/base/buf.h"
#include "cmd/base/utf8.h"
#include "fuzz.h"
#include "imap/folder_name.h"
#include "imap/refusal.h"
#include "imap/utf7.h"

#include <string.h>

static void check_folder_name(struct bytes text, struct arena *arena) {
    struct buf wire = BUF_INIT, name = BUF_INIT, argument = BUF_INIT;
    struct err err = {0};
    utf7_encode(&wire, text);
    for (size_t i = 0; i < wire.len; i++)
        MUST(wire.data[i] >= 0x20 && wire.data[i] < 0x7F);
    utf7_decode(&name, buf_bytes(&wire));
    if (utf8_is_valid(text))
        MUST(bytes_equal(buf_bytes(&name), text));
    /* A name as a server says it. */
    buf_reset(&name);
    utf7_decode(&name, text);
    MUST(utf8_is_valid(buf_bytes(&name)) == utf8_is_valid(text));
    if (folder_name_write(&argument, arena_bytes(arena, text), &err) == 0)
        MUST(argument.len > 2 && argument.len <= 2 * FOLDER_NAME_MAX + 2);
    else
        MUST(err.code == ERR_CONFIG && argument.len == 0);
    buf_free(&argument);
    buf_free(&name);
    buf_free(&wire);
}

static void check_shown(struct bytes text, struct arena *arena) {
    struct buf shown = BUF_INIT;
    char *clean = utf8_clean(arena, text);
    MUST(utf8_is_valid(bytes_of(clean)));
    MUST(!strcmp(utf8_clean(arena, bytes_of(clean)), clean));
    utf8_add_visible(&shown, arena_bytes(arena, text));
    MUST(utf8_is_valid(buf_bytes(&shown)));
    for (size_t i = 0; i < shown.len; i++)
        MUST((unsigned char)shown.data[i] >= 0x20 && shown.data[i] != 0x7F);
    buf_free(&shown);
}

static void check_refusal(struct bytes text) {
    struct err err = {0};
    refusal_set(&err, text, ERR_SOFTWARE, "the server refuses");
    MUST(err.code != ERR_NONE && err.text[0]);
    MUST(err.retry_after <= REFUSAL_WAIT_MAX);
    if (refusal_is_throttling(text))
        MUST(err.code == ERR_TEMPORARY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes text = fuzz_input(data, size);
    struct arena *arena = arena_new();
    check_folder_name(text, arena);
    check_shown(text, arena);
    check_refusal(text);
    arena_free(arena);
    return 0;
}
