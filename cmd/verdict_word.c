#include "cmd/verdict_word.h"

#include "cmd/near.h"

int verdict_word_read(const char *word, enum verdict *verdict, struct err *err) {
    if (verdict_from_name(word, verdict))
        return 0;
    struct near near = near_start(word);
    for (enum verdict v = 0; v < VERDICT_COUNT; v++)
        near_offer(&near, verdict_name(v));
    return err_set(err, ERR_NOT_FOUND, "no verdict '%s'%s", word, near_question(&near, ""));
}

int category_word_read(const char *word, enum category *category, struct err *err) {
    if (category_from_name(word, category))
        return 0;
    struct near near = near_start(word);
    for (enum category c = 0; c < CATEGORY_COUNT; c++)
        near_offer(&near, category_info(c)->name);
    return err_set(err, ERR_NOT_FOUND, "no category '%s'%s", word,
                   near_question(&near, "; nullsender-rules(5) lists them"));
}
