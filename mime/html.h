/*
 * html: the words of an HTML part, for notices that come as nothing else.
 */
#ifndef MIME_HTML_H
#define MIME_HTML_H

#include "cmd/base/arena.h"
#include "cmd/base/bytes.h"

/* Plain text of UTF-8 HTML: tags, comments, styles and scripts taken out, block elements on lines
 * of their own, character references decoded, white space joined. One pass, no tree: a notice is to
 * be searched for codes and addresses, not to be shown. */
struct bytes html_text(struct arena *arena, struct bytes html);

#endif
