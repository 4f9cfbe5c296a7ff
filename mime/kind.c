#include "mime/kind.h"

#include <string.h>

enum match { IS_THERE, STARTS, CONTAINS, STARTS_AND_REPLIES };

/* The first row that is true of a mail decides. Words are compared without the case of ASCII
 * letters; other letters are written as subjects have them, in UTF-8. */
static const struct row {
    enum report_kind kind;
    const char *field;
    enum match match;
    const char *word;
} rows[] = {
    /* RFC 8460 and RFC 7489 section 7.2.1.1. */
    {REPORT_AGGREGATE, "TLS-Report-Domain", IS_THERE, ""},
    {REPORT_AGGREGATE, "Subject", STARTS, "Report Domain:"},
    {REPORT_AGGREGATE, "Subject", STARTS, "Report domain:"},

    {REPORT_CHALLENGE, "X-ASK-Auth", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-Boxtrapper", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-Spamarrest-noauth", IS_THERE, ""},

    /* RFC 3834 section 5; the others are the habits of the software named beside them. */
    {REPORT_AUTO_REPLY, "Auto-Submitted", STARTS, "auto-replied"},
    {REPORT_AUTO_REPLY, "X-Autoreply", IS_THERE, ""},
    {REPORT_AUTO_REPLY, "X-Autorespond", IS_THERE, ""}, /* cPanel, Horde */
    {REPORT_AUTO_REPLY, "X-Autoreply-From", IS_THERE, ""},
    {REPORT_AUTO_REPLY, "X-Mail-Autoreply", IS_THERE, ""},
    {REPORT_AUTO_REPLY, "X-AutoReply-From", IS_THERE, ""},
    {REPORT_AUTO_REPLY, "Delivered-To", STARTS, "Autoresponder"}, /* qmail-autoresponder */
    {REPORT_AUTO_REPLY, "Precedence", STARTS, "auto_reply"},
    {REPORT_AUTO_REPLY, "X-Precedence", STARTS, "auto_reply"},
    {REPORT_AUTO_REPLY, "X-Auto-Response-Suppress", STARTS_AND_REPLIES, "All"}, /* Exchange */

    {REPORT_AUTO_REPLY, "Subject", STARTS, "Auto:"},
    {REPORT_AUTO_REPLY, "Subject", STARTS, "Auto-Reply:"},
    {REPORT_AUTO_REPLY, "Subject", STARTS, "AutoReply:"},
    {REPORT_AUTO_REPLY, "Subject", STARTS, "Automatic reply"},
    {REPORT_AUTO_REPLY, "Subject", STARTS, "Out of Office"},
    {REPORT_AUTO_REPLY, "Subject", CONTAINS, "Out of the office"},
    {REPORT_AUTO_REPLY, "Subject", CONTAINS, "autoreply"},
    {REPORT_AUTO_REPLY, "Subject", CONTAINS, "auto-reply"},
    {REPORT_AUTO_REPLY, "Subject", CONTAINS, "automatic response"},
    {REPORT_AUTO_REPLY, "Subject", CONTAINS, "vacation"},

    {REPORT_UNSUBSCRIBE, "Subject", STARTS, "unsubscribe"},
};

static bool is_reply(const struct mail *mail) {
    return header_has(mail->header, "In-Reply-To") || header_has(mail->header, "References");
}

static bool holds(const struct mail *mail, const struct row *row) {
    const struct header_field *field = header_find(mail->header, row->field, 1);
    if (!field)
        return false;
    struct bytes text = field->value;
    if (!strcmp(row->field, "Subject"))
        text = bytes_of(mail->report->subject);
    switch (row->match) {
    case IS_THERE: return true;
    case STARTS: return bytes_starts_ignore_case(text, row->word);
    case CONTAINS: return bytes_find_ignore_case(text, row->word) >= 0;
    case STARTS_AND_REPLIES: return bytes_starts_ignore_case(text, row->word) && is_reply(mail);
    }
    return false;
}

bool kind_find(const struct mail *mail, enum report_kind *kind, const char **reason) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!holds(mail, &rows[i]))
            continue;
        *kind = rows[i].kind;
        *reason = rows[i].match == IS_THERE
                      ? rows[i].field
                      : arena_printf(mail->arena, "%s: %s", rows[i].field, rows[i].word);
        return true;
    }
    return false;
}
