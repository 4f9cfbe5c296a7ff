/*
 * embedded: the files that are part of the program: the shipped rules, the migrations, and style
 * and script of the HTML report. Written by cmd/embed.sh at build time; each table ends with a row
 * whose name is NULL.
 */
#ifndef CMD_EMBEDDED_H
#define CMD_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name; /* without folders: "20-google.rules" */
    const char *data; /* NUL-terminated behind len */
    size_t len;
};

extern const struct embedded_file embedded_rules[];
extern const struct embedded_file embedded_migrations[];
extern const struct embedded_file embedded_page[]; /* report.css, then report.js */

/* The built-in rules, compiled: for ruleset_compile_cached(). The names are the linker's, made from
 * the file's. */
extern const char _binary_ruleset_start[];
extern const char _binary_ruleset_end[];

#endif
