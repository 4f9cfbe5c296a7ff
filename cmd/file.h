/*
 * file: whole files, folders of them, and mails on disk.
 */
#ifndef CMD_FILE_H
#define CMD_FILE_H

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Appends a file's bytes; "-" is standard input. ERR_NO_INPUT with the path. */
int file_read(const char *path, struct buf *out, struct err *err);

/* Replaces a file's content in one step: whatever is killed and whenever, the old bytes or all of
 * the new ones are there, and the new ones are on disk when this returns. The new file has `mode`,
 * whatever the umask, and the old one's owner where we may give it away. A symbolic link stays what
 * it is. Concurrent calls for one path are for the caller to prevent. ERR_CANNOT_CREATE with the
 * path. */
int file_replace(const char *path, struct bytes text, mode_t mode, struct err *err);

/* After making or renaming a file: its name is on disk only once its folder is. -1 with errno. */
int file_sync_folder(const char *path);

/* Waits for the lock (flock) of the folder that `path` is in; close(2) of what this returns ends
 * it. -1: ERR_CANNOT_CREATE with the path. */
int file_lock_folder(const char *path, struct err *err);

/* Files of a folder. */
struct file_list {
    struct {
        char *path;
        struct buf text;
    } * files;
    size_t count;
};

/* Reads the files of a folder whose names end in `suffix`, in the order of their names.
 * file_list_free() is due in either case. */
int file_list_read(const char *folder, const char *suffix, struct file_list *list, struct err *err);
void file_list_free(struct file_list *list);

/* Called for each mail, whose bytes are there until it returns; `path` is the file's, with ":2"
 * behind it for the second mail of an mbox. Stops the walk where it does not return 0. */
typedef int file_mail_function(void *context, const char *path, struct bytes mail, struct err *err);

/* Walks over mails: a file (one mail, or an mbox where it begins with "From " and holds a second
 * "From " line after an empty one), a folder recursively in the order of names (a Maildir too; its
 * tmp/ is passed over, files whose names begin with a dot are as well), or "-". An mbox may be
 * larger than memory. */
int file_mails(const char *path, file_mail_function *function, void *context, struct err *err);

#endif
