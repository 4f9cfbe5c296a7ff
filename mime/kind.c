#include "mime/kind.h"

#include "mime/auto_reply.h"
#include "mime/kind_phrase.h"
#include "mime/kind_text.h"

enum match { IS_THERE, STARTS };

static const struct row {
    enum report_kind kind;
    const char *field;
    enum match match;
    const char *word;
} rows[] = {
    /* RFC 8460 section 5.3. */
    {REPORT_AGGREGATE, "TLS-Report-Domain", IS_THERE, ""},

    /* Apple Mail, and what others put into a mailto that a List-Unsubscribe names (RFC 2369). */
    {REPORT_UNSUBSCRIBE, "X-Apple-Unsubscribe", IS_THERE, ""},

    {REPORT_CHALLENGE, "X-ASK-Auth", IS_THERE, ""}, /* Active Spam Killer */
    {REPORT_CHALLENGE, "X-Boxtrapper", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-Spamarrest-noauth", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-Bluebottle-Request", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-TMDA-Confirm-Done", IS_THERE, ""},
    {REPORT_CHALLENGE, "X-MailInBlack", IS_THERE, ""},

    {REPORT_DISPOSITION, "Content-Class", STARTS, "urn:content-classes:mdn"}, /* Exchange 2000 */
};

/* RFC 7489 section 7.2.1.1. */
static const struct kind_phrases aggregate_phrases[] = {
    {"en", KIND_SUBJECT_START, "report domain:|[preview] report domain:|dmarc aggregate report"},
};

/* TMDA, BoxTrapper, SpamArrest, EarthLink spamBlocker, ASK, Mailinblack, Sendio, UOL and the rest:
 * they all ask for one thing, and each of these is a way to say it. */
static const struct kind_phrases challenge_phrases[] = {
    {"en", KIND_SUBJECT_START,
     "please confirm your message|please confirm your email to|"
     "please confirm your e-mail to|your email requires verification|"
     "your e-mail requires verification|your message requires confirm|"
     "your mail requires confirm"},
    {"en", KIND_SUBJECT,
     "confirmation required for your message|sender verification required|"
     "sender address verification|verify#|(conf#|(verification)|"
     "verification required for"},
    {"en", KIND_PAGE,
     "spamblocker|spam arrest|spamarrest|boxtrapper|mailinblack|active spam killer|tmda|"
     "protected by bluebottle|your message is being held|your message has been held|"
     "your message is held|your email is being held|your email has been held|"
     "your e-mail is being held|message has been quarantined until|has been redirected to a|"
     "have your address added|add your address to|be added to my allowed|"
     "added to the recipient's allowed|allowed senders list|approved senders list|"
     "list of approved senders|my whitelist|recipient's whitelist|verify that you are a real|"
     "verify your identity as a sender|prove that you are|confirm that you sent|"
     "confirm that this message was|"
     "in order for your message to be delivered|for your message to be delivered|"
     "before your message can be delivered|before your email can be delivered|"
     "before your message will be delivered|to release your message|"
     "to have your message delivered|so that your message can be delivered"},
    {"en", KIND_MACHINE,
     "click|follow the link|following link|link below|reply to this|replying to this|"
     "respond to this|verify|confirm|http://|https://"},
    {"de", KIND_PAGE,
     "bestatigen sie, dass sie kein|damit ihre nachricht zugestellt werden kann|"
     "damit ihre e-mail zugestellt werden kann|ihre nachricht wird zuruckgehalten"},
    {"fr", KIND_PAGE,
     "vous authentifier|afin que votre message soit|pour que votre message soit|"
     "votre message est en attente|vous n'etes pas un robot"},
    {"es", KIND_PAGE,
     "para que su mensaje sea entregado|su mensaje esta en espera|"
     "confirme que su mensaje"},
    {"pt", KIND_PAGE,
     "antispam uol|para que sua mensagem seja entregue|"
     "sua mensagem foi retida|confirme o envio|confirmacao de envio"},
    {"it", KIND_PAGE,
     "affinche il suo messaggio|il tuo messaggio e in attesa|"
     "il suo messaggio e in attesa"},
    {"nl", KIND_PAGE, "voordat uw bericht wordt afgeleverd|uw bericht wordt vastgehouden"},
    {"ru", KIND_PAGE, "чтобы ваше письмо было доставлено|подтвердите, что вы не робот"},
};

/* Receipts without the part that RFC 8098 wants: Exchange, Outlook, Mozilla, Notes. A
 * KIND_SUBJECT_START takes a KIND_PAGE beside it; a KIND_OPENING needs none. */
static const struct kind_phrases receipt_phrases[] = {
    {"en", KIND_SUBJECT_START, "read:|not read:|read receipt|return receipt|deleted:"},
    {"en", KIND_OPENING,
     "this is a return receipt for the mail|this is a receipt for the mail|"
     "this return receipt only acknowledges|was deleted without being read|"
     "this receipt verifies that the message"},
    {"en", KIND_PAGE,
     "was read on|has been read|was read at|was displayed|was not read|"
     "has been displayed|was opened|message was read|was deleted"},
    {"de", KIND_SUBJECT_START,
     "gelesen:|nicht gelesen:|ungelesen:|lesebestatigung|empfangsbestatigung"},
    {"de", KIND_PAGE,
     "wurde gelesen|gelesen am|wurde am|ungelesen geloscht|wurde geoffnet|"
     "wurde geloscht, ohne|angezeigt"},
    {"fr", KIND_SUBJECT_START,
     "lu:|lu :|non lu:|non lu :|confirmation de lecture|accuse de lecture"},
    {"fr", KIND_PAGE, "a ete lu|supprime sans avoir ete lu|a ete supprime sans|a ete affiche"},
    {"es", KIND_SUBJECT_START, "leido:|no leido:|confirmacion de lectura"},
    {"es", KIND_PAGE, "se ha leido|fue leido|ha sido leido|se elimino sin|eliminado sin leer"},
    {"it", KIND_SUBJECT_START, "letto:|non letto:|conferma di lettura|ricevuta di lettura"},
    {"it", KIND_PAGE, "e stato letto|eliminato senza|e stata letta"},
    {"pt", KIND_SUBJECT_START, "lida:|lido:|nao lida:|confirmacao de leitura"},
    {"pt", KIND_PAGE, "foi lida|foi lido|excluida sem|eliminada sem"},
    {"nl", KIND_SUBJECT_START, "gelezen:|niet gelezen:|leesbevestiging"},
    {"nl", KIND_PAGE, "is gelezen|werd gelezen|ongelezen verwijderd|verwijderd zonder"},
    {"sv", KIND_SUBJECT_START, "last:|olast:|laskvitto"},
    {"sv", KIND_PAGE, "har last|lastes|togs bort utan att"},
    {"da", KIND_SUBJECT_START, "last:|ikke last:|ulast:"},
    {"da", KIND_PAGE, "blev last|slettet uden"},
    {"fi", KIND_SUBJECT_START, "luettu:|lukukuittaus"},
    {"fi", KIND_PAGE, "on luettu|luettiin|poistettu lukematta"},
    {"pl", KIND_SUBJECT_START, "przeczytano:|przeczytane:|nie przeczytano:"},
    {"pl", KIND_PAGE, "zostala przeczytana|przeczytano|usunieta bez"},
    {"cs", KIND_SUBJECT_START, "precteno:|neprecteno:"},
    {"cs", KIND_PAGE, "byla prectena|odstranena bez"},
    {"ru", KIND_SUBJECT_START, "прочтено:|прочитано:|не прочтено:"},
    {"ru", KIND_PAGE, "прочтено|прочитано|удалено без"},
    {"tr", KIND_SUBJECT_START, "okundu:|okunmadi:"},
    {"tr", KIND_PAGE, "okundu|okunmadan silindi"},
    {"ja", KIND_SUBJECT_START, "開封済み:|未開封:|開封確認"},
    {"ja", KIND_PAGE,
     "開封されました|開封済み|開封しました|開封されずに|未開封のまま|表示されました"},
    {"zh", KIND_SUBJECT_START, "已读:|未读:|已讀:|未讀:|已读回执|讀取回條"},
    {"zh", KIND_PAGE, "已阅读|已被阅读|已讀取|已於|未阅读|未閱讀|被阅读"},
    {"ko", KIND_SUBJECT_START, "읽음:|읽지 않음:|수신확인"},
    {"ko", KIND_PAGE, "읽었습니다|읽음|읽지 않고"},
};

/* The subject is nothing but this, or begins with it where it is told apart by a space or a token
 * behind it. */
static const struct kind_phrases unsubscribe_phrases[] = {
    {"en", KIND_SUBJECT_START,
     "unsubscribe|please unsubscribe|opt-out|opt out|optout|remove me|"
     "please remove me|list-unsubscribe"},
    {"de", KIND_SUBJECT_START,
     "abmelden|abmeldung newsletter|newsletter abmelden|austragen|"
     "newsletter abbestellen|abbestellen"},
    {"fr", KIND_SUBJECT_START,
     "desinscription|desabonnement|desinscrire|se desinscrire|desabonner"},
    {"es", KIND_SUBJECT_START, "darse de baja|cancelar suscripcion|desuscribir|dar de baja"},
    {"it", KIND_SUBJECT_START, "cancellami|cancellazione newsletter|disiscrizione|disiscrivimi"},
    {"pt", KIND_SUBJECT_START, "cancelar inscricao|cancelar assinatura|descadastrar|remover email"},
    {"nl", KIND_SUBJECT_START, "uitschrijven|afmelden"},
    {"sv", KIND_SUBJECT_START, "avregistrera|avprenumerera|avsluta prenumeration"},
    {"da", KIND_SUBJECT_START, "afmeld|frameld|avmeld"},
    {"fi", KIND_SUBJECT_START, "peruuta tilaus|peru tilaus"},
    {"pl", KIND_SUBJECT_START, "wypisz|rezygnacja z subskrypcji|anuluj subskrypcje"},
    {"cs", KIND_SUBJECT_START, "odhlasit|zrusit odber"},
    {"ru", KIND_SUBJECT_START, "отписаться|отписка|отпишите|отмена подписки"},
    {"tr", KIND_SUBJECT_START, "abonelikten cik|aboneligi iptal"},
    {"ja", KIND_SUBJECT_START, "配信停止|配信解除|登録解除|購読解除|購読停止"},
    {"zh", KIND_SUBJECT_START, "退订|取消订阅|退訂|取消訂閱"},
    {"ko", KIND_SUBJECT_START, "수신거부|수신 거부|구독 취소|구독취소"},
    {"en", KIND_OPENING, "apple mail sent this email to unsubscribe"},
};

#define FIND(table, place, text, found) \
    kind_phrase_find(table, sizeof(table) / sizeof *(table), place, text, found)
#define STARTS_WITH(table, place, text, found) \
    kind_phrase_starts(table, sizeof(table) / sizeof *(table), place, text, found)

static bool set(const struct mail *mail, enum report_kind value, const char *where,
                struct bytes words, enum report_kind *kind, const char **reason) {
    *kind = value;
    *reason = arena_printf(mail->arena, "\"%.*s\" in the %s", (int)words.len, words.data, where);
    return true;
}

static bool find_row(const struct mail *mail, enum report_kind *kind, const char **reason) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct header_field *field = header_find(mail->header, rows[i].field, 1);
        if (!field ||
            (rows[i].match == STARTS && !bytes_starts_ignore_case(field->value, rows[i].word)))
            continue;
        *kind = rows[i].kind;
        *reason = rows[i].match == IS_THERE
                      ? rows[i].field
                      : arena_printf(mail->arena, "%s: %s", rows[i].field, rows[i].word);
        return true;
    }
    return false;
}

/* RFC 7489 section 7.2.1.1: receiver!domain!begin!end.xml.gz, also with a unique id. */
static bool is_dmarc_name(struct bytes name) {
    static const char *const endings[] = {".xml", ".xml.gz", ".gz", ".zip"};
    size_t marks = 0;
    for (size_t i = 0; i < name.len; i++)
        marks += name.data[i] == '!';
    for (size_t i = 0; marks >= 3 && i < sizeof endings / sizeof *endings; i++)
        if (bytes_ends_ignore_case(name, endings[i]))
            return true;
    return false;
}

static struct bytes file_name(const struct mail *mail, const struct entity *e) {
    return e->name.len
               ? e->name
               : entity_parameter(mail->arena, header_value(&e->header, "Content-Disposition"),
                                  "filename");
}

static bool find_part(const struct mail *mail, enum report_kind *kind, const char **reason) {
    for (const struct entity *e = mail->root; e; e = entity_next(e)) {
        bool tls = entity_is(e, "application/tlsrpt+gzip") ||
                   entity_is(e, "application/tlsrpt+json") ||
                   bytes_equal_ignore_case(e->report_type, "tlsrpt");
        if (!tls && !(entity_is(e, "application/") && is_dmarc_name(file_name(mail, e))))
            continue;
        *kind = REPORT_AGGREGATE;
        *reason = tls ? "a TLS report (RFC 8460)" : "a DMARC report (RFC 7489)";
        return true;
    }
    return false;
}

static bool find_aggregate(const struct mail *mail, const struct kind_text *text,
                           enum report_kind *kind, const char **reason) {
    struct bytes words;
    return find_part(mail, kind, reason) ||
           (STARTS_WITH(aggregate_phrases, KIND_SUBJECT_START, text->subject.text, &words) &&
            set(mail, REPORT_AGGREGATE, "subject", words, kind, reason));
}

/* A multipart/report for a disposition notification whose part got lost on the way. */
static bool is_cut_receipt(const struct mail *mail) {
    for (const struct entity *e = mail->root; e; e = entity_next(e))
        if (entity_is(e, "message/disposition-notification"))
            return false;
    return bytes_equal_ignore_case(mail->root->report_type, "disposition-notification");
}

static bool find_receipt(const struct mail *mail, const struct kind_text *text,
                         enum report_kind *kind, const char **reason) {
    struct bytes words;
    if (is_cut_receipt(mail)) {
        *kind = REPORT_DISPOSITION;
        *reason = "report-type=disposition-notification";
        return true;
    }
    if (FIND(receipt_phrases, KIND_OPENING, &text->opening, &words))
        return set(mail, REPORT_DISPOSITION, "text", words, kind, reason);
    if (STARTS_WITH(receipt_phrases, KIND_SUBJECT_START, text->subject.text, &words) &&
        FIND(receipt_phrases, KIND_PAGE, &text->page, NULL))
        return set(mail, REPORT_DISPOSITION, "subject", words, kind, reason);
    return false;
}

static bool find_unsubscribe(const struct mail *mail, const struct kind_text *text,
                             enum report_kind *kind, const char **reason) {
    enum {
        WORD_MAX = 40, /* a text that is nothing else */
    };
    struct bytes words;
    if (text->to_many)
        return false;
    if (STARTS_WITH(unsubscribe_phrases, KIND_SUBJECT_START, text->topic, &words))
        return set(mail, REPORT_UNSUBSCRIBE, "subject", words, kind, reason);
    if (STARTS_WITH(unsubscribe_phrases, KIND_OPENING, text->opening.text, &words) ||
        (text->page.text.len <= WORD_MAX &&
         STARTS_WITH(unsubscribe_phrases, KIND_SUBJECT_START, text->page.text, &words)))
        return set(mail, REPORT_UNSUBSCRIBE, "text", words, kind, reason);
    return false;
}

static bool find_challenge(const struct mail *mail, const struct kind_text *text, bool in_page,
                           enum report_kind *kind, const char **reason) {
    struct bytes words;
    if (text->to_many || !FIND(challenge_phrases, KIND_MACHINE, &text->page, NULL))
        return false;
    if (STARTS_WITH(challenge_phrases, KIND_SUBJECT_START, text->topic, &words) ||
        FIND(challenge_phrases, KIND_SUBJECT, &text->subject, &words))
        return set(mail, REPORT_CHALLENGE, "subject", words, kind, reason);
    return in_page && FIND(challenge_phrases, KIND_PAGE, &text->page, &words) &&
           set(mail, REPORT_CHALLENGE, "text", words, kind, reason);
}

static bool find_other(const struct mail *mail, const struct kind_text *text,
                       enum report_kind *kind, const char **reason) {
    return find_row(mail, kind, reason) || find_aggregate(mail, text, kind, reason) ||
           find_receipt(mail, text, kind, reason) || find_unsubscribe(mail, text, kind, reason);
}

bool kind_find_declared(const struct mail *mail, const struct kind_text *text,
                        enum report_kind *kind, const char **reason) {
    if (find_other(mail, text, kind, reason) || find_challenge(mail, text, false, kind, reason))
        return true;
    *kind = REPORT_AUTO_REPLY;
    return auto_reply_declared(mail, text, reason);
}

bool kind_find_spoken(const struct mail *mail, const struct kind_text *text, bool declared_none,
                      enum report_kind *kind, const char **reason) {
    if ((!declared_none && find_other(mail, text, kind, reason)) ||
        find_challenge(mail, text, true, kind, reason))
        return true;
    *kind = REPORT_AUTO_REPLY;
    return auto_reply_spoken(mail, text, reason);
}
