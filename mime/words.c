#include "mime/words.h"

#include "mime/phrase_search.h"

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
    "not been deliver",
    "cannot be deliver",
    "couldn't be deliver",
    "wasn't deliver",
    "unable to deliver",
    "error delivering",
    "error has occurred while attempting to deliver",
    "trouble delivering",
    "problem delivering",
    "delivery fail",
    "failed to deliver",
    "delivery has failed",
    "delivery problem",
    "delivery error",
    "not yet been deliver",
    "returned mail",
    "returned to sender",
    "returning message",
    "mail has been returned",
    "non-delivery",
    "nondelivery",
    "did not reach",
    "could not be sent",
    "mail failed",
    "not accepted",
    "was rejected",
    "automatically rejected",
    "quota exceeded",
    "user unknown",
    "unknown user",
    "no such user",
    "mailbox is full",
    "mailbox full",
    "over quota",
    "nicht zugestellt", /* German */
    "nicht zustellbar",
    "fehlgeschlagen",
    "n'a pas pu être", /* French */
    "n’a pas pu être",
    "échec de la remise",
    "no se pudo entregar", /* Spanish */
    "no pudo ser",
    "no ha podido ser",
    "no se ha podido entregar",
    "não pôde ser entregue", /* Portuguese */
    "não foi entregue",
    "não foi possível entregar",
    "non è stato possibile recapitare", /* Italian */
    "impossibile recapitare",
    "non è stato recapitato",
    "impossibile consegnare",
    "kan niet worden bezorgd", /* Dutch */
    "kon niet worden",
    "niet bezorgd",
    "kunde inte levereras",       /* Swedish */
    "kunne ikke leveres",         /* Danish, Norwegian */
    "ei voitu toimittaa",         /* Finnish */
    "nie może zostać dostarczon", /* Polish */
    "nie została dostarczona",
    "nie udało się dostarczyć",
    "nelze doručit",    /* Czech */
    "teslim edilemedi", /* Turkish */
    "ulaştırılamadı",
    "वितरित नहीं",               /* Hindi */
    "не может быть доставлено", /* Russian */
    "не доставлено",
    "не удалось доставить",
    "送信できません", /* Japanese */
    "送信に失敗",
    "配信できません",
    "配信に失敗",
    "无法送达", /* Chinese */
    "被退回",
    "退信",
    "無法傳遞",
    "배달하지 못", /* Korean */
    "배달할 수 없",
    "전달하지 못",
    "전송하지 못",
};

static const char *const reasons[] = {
    "does not exist", "doesn't exist",  "not found",      "unknown",    "invalid",
    "unavailable",    "rejected",       "refused",        "quota",      "disabled",
    "suspended",      "no longer",      "not recognized", "not listed", "unroutable",
    "not be found",   "timed out",      "failed",         "exceeded",   "not exist",
    "error",          "unbekannt",      "inconnu",        "desconocid", "sconosciut",
    "desconhecid",    "onbekend",       "okänd",          "неизвестн",  "не существует",
    "不存在",         "見つかりません", "存在しません",
};

static const char *const delays[] = {
    "not yet been delivered",
    "will keep trying",
    "will be retried",
    "will retry for",
    "temporary problem delivering",
    "will continue to try",
    "will continue to attempt",
    "delivery attempts will continue",
    "this is a warning",
    "do not need to resend",
    "do not need to re-send",
    "only a temporary failure report", /* OpenSMTPD */
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
    struct phrase_search search;
    phrase_search_begin(&search, text);
    for (size_t i = 0; i < count; i++)
        if (phrase_search_has(&search, words[i]))
            return true;
    return false;
}

bool words_in_failure_subject(struct bytes subject) {
    return has_any(subject, subjects, sizeof subjects / sizeof *subjects);
}

bool words_in_failure(struct bytes text) {
    return has_any(text, failures, sizeof failures / sizeof *failures);
}

bool words_in_reason(struct bytes text) {
    return has_any(text, reasons, sizeof reasons / sizeof *reasons);
}

bool words_in_delay(struct bytes text) {
    return has_any(text, delays, sizeof delays / sizeof *delays);
}
