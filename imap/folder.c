/* Selecting, finding and creating folders: imap_select, imap_examine, imap_folder_ensure. */
#include "imap/folder.h"

#include "cmd/base/memory.h"
#include "imap/folder_name.h"
#include "imap/refusal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *folder_name_here(const struct imap *imap, const char *folder) {
    for (size_t i = 0; i < imap->alias_count; i++)
        if (strcmp(imap->aliases[i].asked, folder) == 0)
            return imap->aliases[i].real;
    return folder;
}

static void remember(struct imap *imap, const char *asked, const char *real) {
    if (strcmp(folder_name_here(imap, asked), real) == 0)
        return;
    imap->aliases = memory_resize(imap->aliases, (imap->alias_count + 1) * sizeof *imap->aliases);
    imap->aliases[imap->alias_count++] =
        (struct folder_alias){memory_string(asked), memory_string(real)};
}

void folder_aliases_free(struct imap *imap) {
    for (size_t i = 0; i < imap->alias_count; i++) {
        free(imap->aliases[i].asked);
        free(imap->aliases[i].real);
    }
    free(imap->aliases);
}

/* Runs `verb` with the folder's name; see session_run. */
static int run_on_folder(struct imap *imap, const char *verb, const char *folder, struct err *err) {
    struct buf command = BUF_INIT;
    buf_printf(&command, "%s ", verb);
    int result = folder_name_write(&command, folder, err);
    if (result == 0)
        result = session_run(imap, command.data, err);
    buf_free(&command);
    return result;
}

/* Whether LIST knows the folder: 1, 0, or -1. */
static int look_up(struct imap *imap, const char *folder, struct err *err) {
    imap->wanted_folder = folder;
    imap->found_folder = false;
    int result = run_on_folder(imap, "LIST \"\"", folder, err);
    imap->wanted_folder = NULL;
    return result < 0 ? -1 : imap->found_folder;
}

/* Puts into `out` the name that the folder has to have below the user's namespace; it may be the
 * same one. Asks the server for the namespace where it tells. */
static int name_below_namespace(struct imap *imap, const char *folder, struct buf *out,
                                struct err *err) {
    bool ask = imap->has.namespace && !imap->asked_namespace;
    imap->asked_namespace = true;
    if (ask && session_run(imap, "NAMESPACE", err) < 0)
        return -1;
    size_t below = imap->prefix.len;
    if (strncasecmp(folder, imap->prefix.data, below) == 0)
        below = 0;
    buf_reset(out);
    buf_printf(out, "%.*s%s", (int)below, imap->prefix.data, folder);
    bool has_levels = imap->delimiter != '\0' && strchr(folder, imap->delimiter) != NULL;
    for (size_t i = 0; i < out->len && imap->delimiter != '\0' && !has_levels; i++)
        if (out->data[i] == '/')
            out->data[i] = imap->delimiter;
    return 0;
}

/* Adds the folders that there are to the server's refusal of one. */
static int unknown_folder(struct imap *imap, const struct err *refused, struct err *err) {
    struct buf folders = BUF_INIT;
    imap->folders = &folders;
    int listed = session_run(imap, "LIST \"\" \"*\"", err);
    imap->folders = NULL;
    if (listed >= 0)
        err_set(err, refused->code, "%s%s%.*s%s", refused->text,
                folders.len > 0 ? "; there are: " : "",
                (int)bytes_first(buf_bytes(&folders), SESSION_FOLDERS_MAX).len, folders.data,
                folders.len > SESSION_FOLDERS_MAX ? "..." : "");
    buf_free(&folders);
    return -1;
}

/* SELECT or EXAMINE; see session_run. */
static int open_as(struct imap *imap, const char *verb, const char *folder, struct err *err) {
    imap->selected = false;
    imap->news = false;
    imap->status = (struct imap_folder_status){0};
    return run_on_folder(imap, verb, folder, err);
}

/* Acts on the refusal of a folder: it may have another name here. */
static int open_elsewhere(struct imap *imap, const char *verb, const char *folder,
                          struct err *err) {
    struct buf name = BUF_INIT;
    struct err refused = {0};
    int result = -1;
    refusal_set(&refused, buf_bytes(&imap->text), session_refusal(imap, ERR_UNAVAILABLE),
                "folder %s: the server says", folder);
    if (refused.code != ERR_UNAVAILABLE) {
        *err = refused;
        goto out;
    }
    if (name_below_namespace(imap, folder, &name, err) < 0)
        goto out;
    int found = strcmp(name.data, folder) == 0 ? 0 : look_up(imap, name.data, err);
    if (found > 0)
        found = open_as(imap, verb, name.data, err) == 0;
    if (found > 0)
        result = 0;
    else if (session_check(imap, err) == 0)
        result = unknown_folder(imap, &refused, err);
out:
    buf_free(&name);
    return result;
}

static int open_folder(struct imap *imap, const char *verb, const char *folder,
                       struct imap_folder_status *status, struct err *err) {
    struct err unused;
    if (err == NULL)
        err = &unused;
    int result = open_as(imap, verb, folder, err);
    if (result == 1)
        result = open_elsewhere(imap, verb, folder, err);
    if (result < 0)
        return -1;
    imap->selected = true;
    imap->news = false;
    *status = imap->status;
    return 0;
}

int imap_select(struct imap *imap, const char *folder, struct imap_folder_status *status,
                struct err *err) {
    return open_folder(imap, "SELECT", folder, status, err);
}

int imap_examine(struct imap *imap, const char *folder, struct imap_folder_status *status,
                 struct err *err) {
    if (open_folder(imap, "EXAMINE", folder, status, err) < 0)
        return -1;
    imap->status.read_only = status->read_only = true; /* also where the server does not say so */
    return 0;
}

/* 0: created, or somebody was faster; 1: refused, imap->text holds the server's words; -1. */
static int create(struct imap *imap, const char *folder, struct err *err) {
    int result = run_on_folder(imap, "CREATE", folder, err);
    if (result == 1 && refusal_has_code(buf_bytes(&imap->text), "ALREADYEXISTS"))
        result = 0;
    if (result != 0)
        return result;
    /* So that mail programs show it; a server need not know subscriptions. */
    return run_on_folder(imap, "SUBSCRIBE", folder, err) < 0 ? -1 : 0;
}

int imap_folder_ensure(struct imap *imap, const char *folder, struct err *err) {
    struct buf name = BUF_INIT;
    int result = session_check(imap, err);
    if (result < 0 || strcasecmp(folder, "INBOX") == 0) /* always there, RFC 9051 section 5.1 */
        goto out;
    int found = look_up(imap, folder_name_here(imap, folder), err);
    if (found != 0) {
        result = found < 0 ? -1 : 0;
        goto out;
    }
    result = name_below_namespace(imap, folder, &name, err);
    if (result < 0)
        goto out;
    if (strcmp(name.data, folder) != 0)
        found = look_up(imap, name.data, err);
    if (found == 0)
        result = create(imap, name.data, err);
    if (found < 0 || result < 0) {
        result = -1;
    } else if (result > 0) {
        result = refusal_set(err, buf_bytes(&imap->text), session_refusal(imap, ERR_UNAVAILABLE),
                             "folder %s cannot be created: the server says", name.data);
    } else {
        remember(imap, folder, name.data);
    }
out:
    buf_free(&name);
    return result;
}
