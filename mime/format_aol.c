/* AOL of old: screen names, addresses without their domain, on lines of their own. */
#include "mime/address.h"
#include "mime/entry.h"
#include "mime/format.h"

static const char phrase[] = "Your mail to the following recipients could not be delivered";

static bool recognise(const struct mail *mail) {
    return mail->report->from && bytes_ends_ignore_case(bytes_of(mail->report->from), "@aol.com") &&
           bytes_find(mail->notice, phrase) >= 0;
}

static void read_names(struct mail *mail) {
    struct bytes rest = bytes_from(mail->notice, (size_t)bytes_find(mail->notice, phrase)), line;
    long colon = bytes_find_char(rest, ':');
    if (colon < 0)
        return;
    struct bytes words = bytes_first(rest, (size_t)colon);
    rest = bytes_from(rest, (size_t)colon + 1);
    while (bytes_next_line(&rest, &line)) {
        const char *address =
            arena_printf(mail->arena, "%.*s@aol.com", (int)bytes_trim(bytes_first(line, 100)).len,
                         bytes_trim(line).data);
        struct entry entry = {.address = bytes_of(address), .words = words};
        if (bytes_trim(line).len && address_is_valid(entry.address))
            entry_add(mail, &entry, REPORT_ACTION_FAILED);
    }
}

const struct format format_aol = {"aol", recognise, read_names};
