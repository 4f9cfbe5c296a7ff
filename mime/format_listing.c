/* Notices that announce the failed recipients with a phrase of their own and name them behind it,
 * on the same line or on the next ones, one a line. The phrase is all that is special to each
 * system, so they share one reader and are rows of a table. */
#include "mime/format.h"
#include "mime/listing.h"
#include "mime/notice.h"
#include "mime/phrase_search.h"
#include "mime/words.h"

static const struct row {
    const char *name; /* for report->format */
    /* In lower case. The first row that finds somebody counts: the special before the general. */
    const char *phrase;
    bool quoted; /* "> ada@example.net" is how it lists */
} rows[] = {
    {"google", "delivery to the following recipient", false},
    {"google", "your message wasn't delivered to", false},
    {"exchange", "did not reach the following recipient", false},
    {"exchange", "delivery has failed to these recipients", false},
    {"outlook", "delivery to the following recipients failed", false},
    {"x3", "delevery to the following recipients", false},
    {"domino", "was not delivered to:", false},
    {"notes", "user not listed in public name & address book", false},
    {"groupwise", "the message that you sent was undeliverable to the following", false},
    {"mailenable", "the following recipient(s) could not be reached", false},
    {"mdaemon", "did not receive a copy of your message", true},
    {"mdaemon", "could not be delivered to the following users", false},
    {"communigate", "failed to deliver to '", false},
    {"dma", "there was an error delivering your mail to", false},
    {"opensmtpd", "the following list of recipients", false},
    {"smail", "failed addresses follow", false},
    {"imail", "invalid final delivery userid:", false},
    {"imail", "user mailbox exceeds allowed size:", false},
    {"imail", "unknown user:", false},
    {"imail", "delivery failed 20 attempts:", false},
    {"imail", "undeliverable to ", false},
    {"lsmtp", "error-for:", false},
    {"interscan", "unable to deliver message to <", false},
    {"interscan", "failed to send message to", false},
    {"mailfoundry", "unable to deliver message to:", false},
    {"mailmarshal", "the following recipients were affected", false},
    {"surfcontrol", "addressed to:", false},
    {"mfilter", "以下のメールアドレスへの送信に失敗しました", false},
    {"x1", "---the following addresses had delivery errors---", false},
    {"x6", "rejected recipient <", false},
    {"powermta", "a list of the affected recipients", false},
    {"hotpop", "undeliverable address:", false},
    {"kddi", "could not be delivered to:", false},
    {"ezweb", "each of the following recipients was rejected by a remote", false},
    {"ezweb", "the user(s) account is", false},
    {"phquery", "message not delivered to the following addresses", false},
    {"mmdf", "your message was not delivered to", false},
    {"ses", "the following message to <", false},
    {"barracuda", "your message to:", false},
    {"verizon", "no valid recipients for this mm", false},
    {"mailsystem", "was unable to deliver your message to these recipients", false},
    {"mailsystem", "intended recipient:", false},
    {"mailsystem", "not be delivered to the following", false},
    {"mailsystem", "couldn't be delivered to the following", false},
    {"mailsystem", "not been delivered to the following", false},
    {"mailsystem", "not delivered to the following", false},
    {"mailsystem", "unable to deliver your message to the following", false},
    {"mailsystem", "unable to deliver message to the following", false},
    {"mailsystem", "failed to deliver your message to the following", false},
    {"mailsystem", "failed for the following recipient", false},
    {"mailsystem", "failed to the following recipient", false},
    {"mailsystem", "could not be delivered to:", false},
    {"mailsystem", "could not be delivered to <", false},
    {"mailsystem", "could not deliver your message to:", false},
    {"mailsystem", "could not deliver mail to:", false},
    {"mailsystem", "e-mail address(es) listed below", false},
    {"mailsystem", "the following recipient", false},
    {"mailsystem", "the following address", false},
    {"mailsystem", "the following destination address", false},
    {"mailsystem", "the following user", false},
    {"mailsystem", "to the following recipient", false},
    {"mailsystem", "to the following address", false},
    {"mailsystem", "to the following user", false},
    {"mailsystem", "to the following e-mail address", false},
    {"mailsystem", "to the following email address", false},
    {"mailsystem", "the following recipients:", false},
    {"mailsystem", "recipient address:", false},
    {"mailsystem", "failed recipient:", false},
    {"mailsystem", "user's mailbox is full:", false},
    {"mailsystem", "folgende empfänger", false},
    {"mailsystem", "folgenden empfänger", false},
    {"mailsystem", "folgende adresse", false},
    {"mailsystem", "destinataires suivants", false},
    {"mailsystem", "destinataire suivant", false},
    {"mailsystem", "adresse suivante", false},
    {"mailsystem", "adresses suivantes", false},
    {"mailsystem", "los siguientes destinatarios", false},
    {"mailsystem", "siguiente destinatario", false},
    {"mailsystem", "siguiente dirección", false},
    {"mailsystem", "siguientes direcciones", false},
    {"mailsystem", "seguenti destinatari", false},
    {"mailsystem", "seguente destinatario", false},
    {"mailsystem", "seguente indirizzo", false},
    {"mailsystem", "seguenti indirizzi", false},
    {"mailsystem", "seguintes destinatários", false},
    {"mailsystem", "seguinte destinatário", false},
    {"mailsystem", "seguinte endereço", false},
    {"mailsystem", "seguintes endereços", false},
    {"mailsystem", "volgende geadresseerde", false},
    {"mailsystem", "volgende ontvanger", false},
    {"mailsystem", "volgende adres", false},
    {"mailsystem", "följande mottagare", false},
    {"mailsystem", "følgende modtager", false},
    {"mailsystem", "følgende mottaker", false},
    {"mailsystem", "seuraaville vastaanottajille", false},
    {"mailsystem", "następujących odbiorców", false},
    {"mailsystem", "następującego odbiorcy", false},
    {"mailsystem", "následujícím příjemcům", false},
    {"mailsystem", "aşağıdaki alıcı", false},
    {"mailsystem", "следующим получателям", false},
    {"mailsystem", "следующему получателю", false},
    {"mailsystem", "следующим адресам", false},
    {"mailsystem", "следующих получателей", false},
    {"mailsystem", "次の受信者", false},
    {"mailsystem", "次の宛先", false},
    {"mailsystem", "以下の宛先", false},
    {"mailsystem", "以下のメールアドレス", false},
    {"mailsystem", "以下收件人", false},
    {"mailsystem", "下列收件人", false},
    {"mailsystem", "收件人：", false},
    {"mailsystem", "收件人地址：", false},
    {"mailsystem", "다음 수신자", false},
    {"mailsystem", "다음 받는 사람", false},
    {"mailsystem", "here is your list of failed recipients", false},
    {"mailsystem", "failed recipients --", false},
    {"mailsystem", "unable to deliver your message to", false},
    {"mailsystem", "could not deliver message to", false},
    {"mailsystem", "could not be delivered to", false},
    {"mailsystem", "couldn't be delivered to", false},
    {"mailsystem", "delivery failed for the following", false},
    {"mailsystem", "your message to <", false},
    {"mailsystem", "your message to ", false},
    {"mailsystem", "your mail to ", false},
    {"mailsystem", "your e-mail to ", false},
    {"mailsystem", "your email to ", false},
    {"mailsystem", "addressed to", false},
    {"mailru", "local mailbox ", false},
    {"compuserve", "invalid receiver address:", false},
    {"james", "rcpt to: ", false},
};

static bool recognise(const struct mail *mail) {
    /* A phrase such as "your message to" is anybody's. */
    if (!mail->may_notify || !(words_in_failure_subject(mail->subject) ||
                               words_in_failure(mail->head) || words_in_delay(mail->head)))
        return false;
    struct phrase_search head;
    phrase_search_begin(&head, mail->head);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (phrase_search_has(&head, rows[i].phrase))
            return true;
    return false;
}

static void read_entries(struct mail *mail) {
    enum report_action action = notice_action(mail);
    struct phrase_search head;
    phrase_search_begin(&head, mail->head);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!phrase_search_has(&head, rows[i].phrase))
            continue;
        /* Some systems say it once for each recipient. */
        struct bytes rest = mail->notice;
        size_t added = 0;
        long at = bytes_find_ignore_case(rest, rows[i].phrase);
        while (at >= 0 && mail->report->recipient_count < REPORT_RECIPIENTS_MAX) {
            rest = bytes_from(rest, (size_t)at + bytes_of(rows[i].phrase).len);
            at = bytes_find_ignore_case(rest, rows[i].phrase);
            struct bytes behind = bytes_first(rest, at < 0 ? rest.len : (size_t)at);
            added += listing_read(mail, behind, action, rows[i].quoted);
        }
        if (!added)
            continue;
        mail->report->format = rows[i].name;
        return;
    }
}

const struct format format_listing = {"listing", recognise, read_entries};
