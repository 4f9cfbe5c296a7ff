#include "imap/folder_name.h"

#include "imap/utf7.h"

int folder_name_write(struct buf *out, const char *name, struct err *err) {
    struct buf wire = BUF_INIT;
    int result = -1;
    utf7_encode(&wire, bytes_of(name));
    if (wire.len == 0) {
        err_set(err, ERR_CONFIG, "the name of a folder is empty");
        goto out;
    }
    if (wire.len > FOLDER_NAME_MAX) {
        err_set(err, ERR_CONFIG, "the name of folder %.60s... is too long", name);
        goto out;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < wire.len; i++) {
        if (wire.data[i] == '"' || wire.data[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, wire.data[i]);
    }
    buf_add_char(out, '"');
    result = 0;
out:
    buf_free(&wire);
    return result;
}
