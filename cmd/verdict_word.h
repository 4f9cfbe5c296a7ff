/*
 * verdict_word: verdicts and categories as people write them, in options and in the configuration.
 */
#ifndef CMD_VERDICT_WORD_H
#define CMD_VERDICT_WORD_H

#include "classify/verdict.h"
#include "cmd/base/err.h"

/* ERR_NOT_FOUND, with the nearest one, where there is none of that name. */
int verdict_word_read(const char *word, enum verdict *verdict, struct err *err);
int category_word_read(const char *word, enum category *category, struct err *err);

#endif
