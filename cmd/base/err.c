#include "cmd/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_code code, const char *format, ...) {
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, format);
    err->code = code;
    err->retry_after = 0;
    vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    return -1;
}

int err_set_errno(struct err *err, enum err_code code, const char *format, ...) {
    int number = errno;
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, format);
    err->code = code;
    err->retry_after = 0;
    vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, ": %s", strerror(number));
    return -1;
}

int err_prefix(struct err *err, const char *format, ...) {
    if (!err)
        return -1;
    char old[ERR_TEXT_MAX];
    memcpy(old, err->text, sizeof old);
    va_list ap;
    va_start(ap, format);
    vsnprintf(err->text, sizeof err->text, format, ap);
    va_end(ap);
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, ": %s", old);
    return -1;
}

int err_advise(struct err *err, const char *advice) {
    if (!err)
        return -1;
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, "; %s", advice);
    return -1;
}
