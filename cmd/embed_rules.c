/* A tool of the build: compiles the built-in rules and writes what ruleset_compile_cached() takes
 * to standard output, so that the program starts without compiling them. */
#include "classify/rules.h"
#include "cmd/embedded.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    struct ruleset *rules = NULL;
    struct buf cache = BUF_INIT;
    struct err err;
    size_t count = 0;
    while (embedded_rules[count].name)
        count++;
    struct rules_file *files = calloc(count + 1, sizeof *files);
    for (size_t i = 0; files && i < count; i++)
        files[i] = (struct rules_file){embedded_rules[i].name,
                                       {embedded_rules[i].data, embedded_rules[i].len}};
    if (!files || ruleset_compile(files, count, &rules, &err) != 0 ||
        ruleset_write_cache(rules, &cache, &err) != 0) {
        fprintf(stderr, "etc/rules/%s\n", files ? err.text : "out of memory");
        return 1;
    }
    bool written = fwrite(cache.data, 1, cache.len, stdout) == cache.len && !fflush(stdout);
    buf_free(&cache);
    ruleset_free(rules);
    free(files);
    return written ? 0 : 1;
}
