/* The rule files of the source tree, for tests, which run in its top folder. */
#ifndef TESTS_RULES_OF_TREE_H
#define TESTS_RULES_OF_TREE_H

#include "classify/rules.h"

#include <glob.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file's bytes with a NUL behind them; free `data`. Stops the test where it cannot be read. */
static inline struct bytes read_whole(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: cannot be opened; run the test in the top folder\n", path);
        exit(1);
    }
    struct buf b = BUF_INIT;
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(&b, chunk, n);
    fclose(file);
    return buf_bytes(&b);
}

/* Compiles all rule files, in the order of their names as the build embeds them. */
static inline struct ruleset *compile_rules_of_tree(void) {
    glob_t found;
    struct rules_file files[64];
    struct ruleset *rules = NULL;
    struct err err;
    if (glob("etc/rules/*.rules", 0, NULL, &found) || found.gl_pathc > 64) {
        fprintf(stderr, "etc/rules/ has no rules; run the test in the top folder\n");
        exit(1);
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        files[i] = (struct rules_file){found.gl_pathv[i], read_whole(found.gl_pathv[i])};
    if (ruleset_compile(files, found.gl_pathc, &rules, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        free((void *)(size_t)files[i].text.data);
    globfree(&found);
    return rules;
}

#endif
