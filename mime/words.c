#include "mime/words.h"

#include <stddef.h>

/* What no person writes over a mail of their own. */
static const char *const subjects[] = {
    "undeliver",
    "returned mail",
    "delivery fail",
    "failure delivery",
    "delivery status notification",
    "failure notice",
    "mail delivery",
    "delivery notification",
    "delivery report",
    "non-delivery",
    "nondelivery",
    "not delivered",
    "could not be delivered",
    "delivery problem",
    "delivery error",
    "delivery has failed",
    "delayed mail",
    "delivery delayed",
    "mail error",
    "mail system error",
    "mail failure",
    "returning message to sender",
    "returned to sender",
    "returning to sender",
    "not yet been delivered",
    "unzustellbar", /* German */
    "nicht zugestellt",
    "nicht zustellbar",
    "non remis", /* French */
    "non distribuable",
    "non délivré",
    "échec de la remise",
    "no se puede entregar", /* Spanish */
    "no entregado",
    "mensaje no entregado",
    "non recapitabile", /* Italian */
    "mancato recapito",
    "não foi possível entregar", /* Portuguese */
    "não entregue",
    "niet te bezorgen", /* Dutch */
    "onbestelbaar",
    "kan inte leverer",     /* Swedish */
    "kunne ikke leveres",   /* Danish, Norwegian */
    "toimitus epäonnistui", /* Finnish */
    "nie można dostarczyć", /* Polish */
    "nedoručiteln",         /* Czech */
    "iletilemedi",          /* Turkish */
    "teslim edilemedi",
    "не доставлено", /* Russian */
    "недоставлен",
    "エラー通知", /* Japanese */
    "配信不能",
    "配信できません",
    "送信エラー",
    "未送達",
    "未配信",
    "退信", /* Chinese */
    "无法送达",
    "投递失败",
    "無法傳遞",
    "배달되지 않", /* Korean */
    "전송 실패",
};

static const char *const failures[] = {
    "undeliver",
    "not deliver",
    "not be deliver",
    "unable to deliver",
    "delivery fail",
    "failed to deliver",
    "delivery has failed",
    "delivery problem",
    "delivery error",
    "cannot be delivered",
    "couldn't be delivered",
    "returned mail",
    "returned to sender",
    "returning message",
    "non-delivery",
    "nondelivery",
    "user unknown",
    "unknown user",
    "no such user",
    "not exist",
    "rejected",
    "mailbox full",
    "mailbox is full",
    "over quota",
    "quota exceeded",
    "unroutable",
    "not been delivered",
    "mail failed",
    "processing error",
    "unavailable",
    "invalid",
    "not found",
    "not reach",
    "error has occurred",
    "has not yet been",
    "no valid recipients",
    "refused",
    "was not accepted",
    "nicht zugestellt",
    "n'a pas pu être",
    "no se pudo",
    "no ha podido",
    "não pôde ser",
    "не может быть доставлено",
    "送信できません",
    "配信できません",
    "无法",
};

static const char *const delays[] = {
    "not yet been delivered",
    "will keep trying",
    "will continue to try",
    "will continue to attempt",
    "delivery attempts will continue",
    "this is a warning",
    "do not need to resend",
    "still being retried",
    "message still undelivered",
    "(delay)",
    "has been delayed",
    "delayed mail",
    "delivery delayed",
    "could not send message for past",
    "delivery temporarily suspended",
    "wird weiterhin versucht",
    "verzögert",
    "retardé",
    "retrasad",
};

static bool has_any(struct bytes text, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes_find(text, words[i]) >= 0)
            return true;
    return false;
}

bool words_in_failure_subject(struct bytes subject) {
    return has_any(subject, subjects, sizeof subjects / sizeof *subjects);
}

bool words_in_failure(struct bytes text) {
    return has_any(text, failures, sizeof failures / sizeof *failures);
}

bool words_in_delay(struct bytes text) {
    return has_any(text, delays, sizeof delays / sizeof *delays);
}
