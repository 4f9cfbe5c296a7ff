/* Notices that announce the failed recipients with a phrase of their own and name them behind it,
 * on the same line or on the next ones, one a line. The phrase is all that is special to each
 * system, so they share one reader and are rows of a table. */
#include "mime/entry.h"
#include "mime/format.h"
#include "mime/notice.h"
#include "mime/sender.h"

static const struct row {
    const char *name;   /* for report->format */
    const char *phrase; /* compared without the case of ASCII letters; the first row that finds
                           somebody counts, so the special stand before the general */
} rows[] = {
    {"google", "Delivery to the following recipient"},
    {"google", "Your message wasn't delivered to"},
    {"exchange", "did not reach the following recipient"},
    {"exchange", "Delivery has failed to these recipients"},
    {"outlook", "Delivery to the following recipients failed"},
    {"x3", "Delevery to the following recipients"},
    {"domino", "was not delivered to:"},
    {"notes", "User not listed in public Name & Address Book"},
    {"groupwise", "The message that you sent was undeliverable to the following"},
    {"mailenable", "The following recipient(s) could not be reached"},
    {"mdaemon", "did NOT receive a copy of your message"},
    {"mdaemon", "could not be delivered to the following users"},
    {"communigate", "Failed to deliver to '"},
    {"dma", "There was an error delivering your mail to"},
    {"opensmtpd", "the following list of recipients"},
    {"smail", "Failed addresses follow"},
    {"imail", "Invalid final delivery userid:"},
    {"imail", "User mailbox exceeds allowed size:"},
    {"imail", "Unknown user:"},
    {"imail", "Delivery failed 20 attempts:"},
    {"imail", "undeliverable to "},
    {"lsmtp", "Error-for:"},
    {"interscan", "Unable to deliver message to <"},
    {"interscan", "Failed to send message to"},
    {"mailfoundry", "Unable to deliver message to:"},
    {"mailmarshal", "The following recipients were affected"},
    {"surfcontrol", "Addressed To:"},
    {"mfilter", "以下のメールアドレスへの送信に失敗しました"},
    {"x1", "---The following addresses had delivery errors---"},
    {"x6", "rejected recipient <"},
    {"powermta", "a list of the affected recipients"},
    {"hotpop", "Undeliverable Address:"},
    {"kddi", "Could not be delivered to:"},
    {"ezweb", "Each of the following recipients was rejected by a remote"},
    {"ezweb", "The user(s) account is"},
    {"phquery", "Message not delivered to the following addresses"},
    {"mmdf", "Your message was not delivered to"},
    {"ses", "The following message to <"},
    {"barracuda", "Your message to:"},
    {"verizon", "No valid recipients for this MM"},
    {"mailsystem", "was unable to deliver your message to these recipients"},
    {"mailsystem", "Intended recipient:"},
    {"mailsystem", "not be delivered to the following"},
    {"mailsystem", "couldn't be delivered to the following"},
    {"mailsystem", "not been delivered to the following"},
    {"mailsystem", "not delivered to the following"},
    {"mailsystem", "unable to deliver your message to the following"},
    {"mailsystem", "unable to deliver message to the following"},
    {"mailsystem", "failed to deliver your message to the following"},
    {"mailsystem", "failed for the following recipient"},
    {"mailsystem", "failed to the following recipient"},
    {"mailsystem", "could not be delivered to:"},
    {"mailsystem", "could not be delivered to <"},
    {"mailsystem", "could not deliver your message to:"},
    {"mailsystem", "could not deliver mail to:"},
    {"mailsystem", "e-mail address(es) listed below"},
    {"mailsystem", "The following recipient"},
    {"mailsystem", "The following address"},
    {"mailsystem", "The following destination address"},
    {"mailsystem", "The following user"},
    {"mailsystem", "to the following recipient"},
    {"mailsystem", "to the following address"},
    {"mailsystem", "to the following user"},
    {"mailsystem", "to the following e-mail address"},
    {"mailsystem", "to the following email address"},
    {"mailsystem", "the following recipients:"},
    {"mailsystem", "Recipient address:"},
    {"mailsystem", "Failed recipient:"},
    {"mailsystem", "User's mailbox is full:"},
    {"mailsystem", "folgende Empfänger"},
    {"mailsystem", "folgenden Empfänger"},
    {"mailsystem", "folgende Adresse"},
    {"mailsystem", "destinataires suivants"},
    {"mailsystem", "destinataire suivant"},
    {"mailsystem", "adresse suivante"},
    {"mailsystem", "adresses suivantes"},
    {"mailsystem", "los siguientes destinatarios"},
    {"mailsystem", "siguiente destinatario"},
    {"mailsystem", "siguiente dirección"},
    {"mailsystem", "siguientes direcciones"},
    {"mailsystem", "seguenti destinatari"},
    {"mailsystem", "seguente destinatario"},
    {"mailsystem", "seguente indirizzo"},
    {"mailsystem", "seguenti indirizzi"},
    {"mailsystem", "seguintes destinatários"},
    {"mailsystem", "seguinte destinatário"},
    {"mailsystem", "seguinte endereço"},
    {"mailsystem", "seguintes endereços"},
    {"mailsystem", "volgende geadresseerde"},
    {"mailsystem", "volgende ontvanger"},
    {"mailsystem", "volgende adres"},
    {"mailsystem", "följande mottagare"},
    {"mailsystem", "følgende modtager"},
    {"mailsystem", "følgende mottaker"},
    {"mailsystem", "seuraaville vastaanottajille"},
    {"mailsystem", "następujących odbiorców"},
    {"mailsystem", "następującego odbiorcy"},
    {"mailsystem", "následujícím příjemcům"},
    {"mailsystem", "aşağıdaki alıcı"},
    {"mailsystem", "следующим получателям"},
    {"mailsystem", "следующему получателю"},
    {"mailsystem", "следующим адресам"},
    {"mailsystem", "следующих получателей"},
    {"mailsystem", "次の受信者"},
    {"mailsystem", "次の宛先"},
    {"mailsystem", "以下の宛先"},
    {"mailsystem", "以下のメールアドレス"},
    {"mailsystem", "以下收件人"},
    {"mailsystem", "下列收件人"},
    {"mailsystem", "收件人："},
    {"mailsystem", "收件人地址："},
    {"mailsystem", "다음 수신자"},
    {"mailsystem", "다음 받는 사람"},
    {"james", "RCPT TO:"},
};

enum {
    HEAD_MAX = 8 * 1024, /* announcements stand at the beginning of a notice */
};

static long phrase_find(struct bytes notice, const struct row *row) {
    return bytes_find_ignore_case(bytes_first(notice, HEAD_MAX), row->phrase);
}

static bool recognise(const struct mail *mail) {
    if (!sender_may_notify(mail))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (phrase_find(mail->notice, &rows[i]) >= 0)
            return true;
    return false;
}

static void read_entries(struct mail *mail) {
    enum report_action action = notice_action(mail);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (phrase_find(mail->notice, &rows[i]) < 0)
            continue;
        /* Some systems say it once for each recipient. */
        struct bytes rest = mail->notice;
        size_t added = 0;
        long at = bytes_find_ignore_case(rest, rows[i].phrase);
        while (at >= 0) {
            rest = bytes_from(rest, (size_t)at + bytes_of(rows[i].phrase).len);
            at = bytes_find_ignore_case(rest, rows[i].phrase);
            struct bytes behind = bytes_first(rest, at < 0 ? rest.len : (size_t)at);
            added += entries_read_listed(mail, behind, action);
        }
        if (!added)
            continue;
        mail->report->format = rows[i].name;
        return;
    }
}

const struct format format_listing = {"listing", recognise, read_entries};
