/* Notices that announce the failed recipients with a phrase of their own and name them behind it,
 * on the same line or on the next ones, one a line. The phrase is all that is special to each
 * system, so they share one reader and are rows of a table. */
#include "mime/format.h"
#include "mime/listing.h"
#include "mime/notice.h"
#include "mime/sender.h"
#include "mime/words.h"

static const struct row {
    const char *name; /* for report->format */
    /* In lower case. The first row that finds somebody counts: the special before the general. */
    const char *phrase;
} rows[] = {
    {"google", "delivery to the following recipient"},
    {"google", "your message wasn't delivered to"},
    {"exchange", "did not reach the following recipient"},
    {"exchange", "delivery has failed to these recipients"},
    {"outlook", "delivery to the following recipients failed"},
    {"x3", "delevery to the following recipients"},
    {"domino", "was not delivered to:"},
    {"notes", "user not listed in public name & address book"},
    {"groupwise", "the message that you sent was undeliverable to the following"},
    {"mailenable", "the following recipient(s) could not be reached"},
    {"mdaemon", "did not receive a copy of your message"},
    {"mdaemon", "could not be delivered to the following users"},
    {"communigate", "failed to deliver to '"},
    {"dma", "there was an error delivering your mail to"},
    {"opensmtpd", "the following list of recipients"},
    {"smail", "failed addresses follow"},
    {"imail", "invalid final delivery userid:"},
    {"imail", "user mailbox exceeds allowed size:"},
    {"imail", "unknown user:"},
    {"imail", "delivery failed 20 attempts:"},
    {"imail", "undeliverable to "},
    {"lsmtp", "error-for:"},
    {"interscan", "unable to deliver message to <"},
    {"interscan", "failed to send message to"},
    {"mailfoundry", "unable to deliver message to:"},
    {"mailmarshal", "the following recipients were affected"},
    {"surfcontrol", "addressed to:"},
    {"mfilter", "以下のメールアドレスへの送信に失敗しました"},
    {"x1", "---the following addresses had delivery errors---"},
    {"x6", "rejected recipient <"},
    {"powermta", "a list of the affected recipients"},
    {"hotpop", "undeliverable address:"},
    {"kddi", "could not be delivered to:"},
    {"ezweb", "each of the following recipients was rejected by a remote"},
    {"ezweb", "the user(s) account is"},
    {"phquery", "message not delivered to the following addresses"},
    {"mmdf", "your message was not delivered to"},
    {"ses", "the following message to <"},
    {"barracuda", "your message to:"},
    {"verizon", "no valid recipients for this mm"},
    {"mailsystem", "was unable to deliver your message to these recipients"},
    {"mailsystem", "intended recipient:"},
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
    {"mailsystem", "the following recipient"},
    {"mailsystem", "the following address"},
    {"mailsystem", "the following destination address"},
    {"mailsystem", "the following user"},
    {"mailsystem", "to the following recipient"},
    {"mailsystem", "to the following address"},
    {"mailsystem", "to the following user"},
    {"mailsystem", "to the following e-mail address"},
    {"mailsystem", "to the following email address"},
    {"mailsystem", "the following recipients:"},
    {"mailsystem", "recipient address:"},
    {"mailsystem", "failed recipient:"},
    {"mailsystem", "user's mailbox is full:"},
    {"mailsystem", "folgende empfänger"},
    {"mailsystem", "folgenden empfänger"},
    {"mailsystem", "folgende adresse"},
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
    {"mailsystem", "here is your list of failed recipients"},
    {"mailsystem", "failed recipients --"},
    {"mailsystem", "unable to deliver your message to"},
    {"mailsystem", "could not deliver message to"},
    {"mailsystem", "could not be delivered to"},
    {"mailsystem", "couldn't be delivered to"},
    {"mailsystem", "delivery failed for the following"},
    {"mailsystem", "your message to <"},
    {"mailsystem", "your message to "},
    {"mailsystem", "your mail to "},
    {"mailsystem", "your e-mail to "},
    {"mailsystem", "your email to "},
    {"mailsystem", "addressed to"},
    {"mailru", "local mailbox "},
    {"compuserve", "invalid receiver address:"},
    {"james", "rcpt to:"},
};

static bool recognise(const struct mail *mail) {
    /* A phrase such as "your message to" is anybody's. */
    if (!sender_may_notify(mail) || !(words_in_failure_subject(mail->subject) ||
                                      words_in_failure(mail->head) || words_in_delay(mail->head)))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_find(mail->head, rows[i].phrase) >= 0)
            return true;
    return false;
}

static void read_entries(struct mail *mail) {
    enum report_action action = notice_action(mail);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (bytes_find(mail->head, rows[i].phrase) < 0)
            continue;
        /* Some systems say it once for each recipient. */
        struct bytes rest = mail->notice;
        size_t added = 0;
        long at = bytes_find_ignore_case(rest, rows[i].phrase);
        while (at >= 0 && mail->report->recipient_count < REPORT_RECIPIENTS_MAX) {
            rest = bytes_from(rest, (size_t)at + bytes_of(rows[i].phrase).len);
            at = bytes_find_ignore_case(rest, rows[i].phrase);
            struct bytes behind = bytes_first(rest, at < 0 ? rest.len : (size_t)at);
            added += listing_read(mail, behind, action);
        }
        if (!added)
            continue;
        mail->report->format = rows[i].name;
        return;
    }
}

const struct format format_listing = {"listing", recognise, read_entries};
