/* Exchange's and Microsoft 365's non-delivery reports, in whatever language: under "Diagnostic
 * information for administrators" the address stands on a line, and on the next one
 * "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##" or "Remote Server returned '550 ...'".
 * Exchange 5.5 has X.400 names: "c=US;a= ;p=Site;o=Org;dda:SMTP=ada@example.net;". */
#include "mime/address.h"
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/listing.h"
#include "mime/notice.h"

static const char phrase[] = "did not reach the following recipient";

static bool is_diagnosis(struct bytes line) {
    line = bytes_trim(line);
    return (line.len > 4 && line.data[0] == '#' &&
            (line.data[1] == '<' || line.data[1] == '#' || ascii_is_digit(line.data[1]))) ||
           bytes_find_ignore_case(line, "Remote Server returned") >= 0 ||
           bytes_find_ignore_case(line, "Remote Server at") >= 0;
}

static bool recognise(const struct mail *mail) {
    struct bytes rest = bytes_first(mail->notice, mail->head.len), line;
    if (!mail->may_notify)
        return false;
    if (bytes_find(mail->head, phrase) >= 0)
        return true;
    while (bytes_next_line(&rest, &line))
        if (is_diagnosis(line))
            return true;
    return false;
}

/* Pairs of a line with an address and a line that diagnoses it. */
static void read_notice(struct mail *mail) {
    struct bytes rest = mail->notice, line, address = {NULL, 0};
    enum report_action action = notice_action(mail);
    while (bytes_next_line(&rest, &line)) {
        struct bytes left = line, found;
        if (address.len && is_diagnosis(line)) {
            struct entry entry = {.address = address};
            long end = bytes_find(bytes_first(rest, REPORT_DIAGNOSTIC_MAX), "\n\n");
            size_t len = (size_t)(rest.data - line.data) + (end < 0 ? 0 : (size_t)end);
            entry.words = (struct bytes){line.data, len};
            entry_add(mail, &entry, action);
            address.len = 0;
        } else if (!(line.len && line.data[0] == '>') && address_next(&left, &found, NULL)) {
            address = found;
        }
    }
    if (mail->report->recipient_count)
        return;
    long at = bytes_find(mail->head, phrase);
    if (at >= 0)
        listing_read(mail, bytes_from(mail->notice, (size_t)at + sizeof phrase - 1), action, false);
}

const struct format format_exchange = {"exchange", recognise, read_notice};
