/*
 * auto_reply_phrases: how people's and programs' automatic replies speak, by language.
 */
#ifndef MIME_AUTO_REPLY_PHRASES_H
#define MIME_AUTO_REPLY_PHRASES_H

#include "mime/kind_phrase.h"

extern const struct kind_phrases auto_reply_phrases[];
extern const size_t auto_reply_phrase_rows;

#endif
