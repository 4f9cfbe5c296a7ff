#include "store/conninfo.h"

#include <libpq-fe.h>
#include <string.h>

static const char mask[] = "*****";

static bool is_uri(const char *conninfo) {
    return !strncmp(conninfo, "postgresql://", strlen("postgresql://")) ||
           !strncmp(conninfo, "postgres://", strlen("postgres://"));
}

/* An @ at the beginning of a host is a socket without a file. */
static bool is_piece_of_password(const PQconninfoOption *option) {
    if (!option->val)
        return false;
    if (!strcmp(option->keyword, "port"))
        return option->val[strspn(option->val, "0123456789,")];
    bool host = !strcmp(option->keyword, "host");
    return (host || !strcmp(option->keyword, "dbname")) && *option->val &&
           strchr(option->val + host, '@');
}

bool store_conninfo_splits_password(const char *conninfo) {
    PQconninfoOption *options = is_uri(conninfo) ? PQconninfoParse(conninfo, NULL) : NULL;
    bool splits = false;
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        splits = splits || is_piece_of_password(o);
    PQconninfoFree(options);
    return splits;
}

/* What libpq itself takes for a secret, in a dialogue that asks for it. */
static bool is_secret(const PQconninfoOption *option) {
    return option->dispchar[0] == '*';
}

static void add_quoted(struct buf *out, const char *value) {
    buf_add_char(out, '\'');
    for (const char *p = value; *p; p++) {
        if (*p == '\'' || *p == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *p);
    }
    buf_add_char(out, '\'');
}

static bool needs_quotes(const char *value) {
    for (const char *p = value; *p; p++)
        if (*p == '\'' || *p == '\\' || ascii_is_space(*p))
            return true;
    return !*value;
}

static void add_pairs(struct buf *out, const PQconninfoOption *options) {
    const char *between = "";
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val)
            continue;
        buf_printf(out, "%s%s=", between, o->keyword);
        if (is_secret(o))
            buf_add_string(out, mask);
        else if (needs_quotes(o->val))
            add_quoted(out, o->val);
        else
            buf_add_string(out, o->val);
        between = " ";
    }
}

bool store_conninfo_add_masked(struct buf *out, const char *conninfo) {
    char *words = NULL;
    PQconninfoOption *options =
        store_conninfo_splits_password(conninfo) ? NULL : PQconninfoParse(conninfo, &words);
    PQfreemem(words);
    if (!options)
        return false;
    bool has_secret = false;
    for (const PQconninfoOption *o = options; o->keyword; o++)
        has_secret = has_secret || (o->val && is_secret(o));
    if (has_secret)
        add_pairs(out, options);
    else
        buf_add_string(out, conninfo);
    PQconninfoFree(options);
    return true;
}
