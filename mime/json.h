/*
 * json: values out of JSON that came by mail.
 *
 * Searched, not parsed: gateways fold long lines and cut them, and the notices wanted here are
 * flat. The names begin with json_text_ because jansson, which the program links, has json_string.
 */
#ifndef MIME_JSON_H
#define MIME_JSON_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

#include <stdbool.h>

/* Whether the text has the key with that string for its value. */
bool json_text_has(struct bytes text, const char *key, const char *value);

/* What stands between the brackets of the array behind the key, up to the first `]`; no bytes where
 * there is none. */
struct bytes json_text_array(struct bytes text, const char *key);

/* The string behind the key, unescaped (\uXXXX stays as it is, line ends become spaces); no bytes
 * where there is none. */
struct bytes json_text_string(struct arena *arena, struct bytes text, const char *key);

/* Takes the next flat object, or the next string, off an array's content. */
bool json_text_next_object(struct bytes *array, struct bytes *object);
bool json_text_next_string(struct bytes *array, struct bytes *string);

#endif
