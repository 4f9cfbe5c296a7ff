/*
 * Two rule files, the shipped one and the operator's, as far as their patterns, which are compiled
 * only where there are few: that takes milliseconds.
 *
 * A line "---" ends the first file.
 */
#include "classify/rules.h"
#include "classify/rules_parse.h"
#include "classify/ruleset.h"
#include "fuzz.h"

#include <string.h>

enum {
    COMPILED_MAX = 3, /* patterns */
    REGEX_MAX = 40,   /* octets; what is longer can take the engine seconds */
};

static const char separator[] = "\n---\n";

/* Whether the words are "NAME:LINE: what is wrong", with a line that the file has. */
static bool name_line(const char *text, const struct rules_file *file) {
    struct bytes words = bytes_of(text);
    unsigned long line, lines = 1;
    size_t len = strlen(file->name);
    if (!bytes_starts_ignore_case(words, file->name) || text[len] != ':')
        return false;
    for (size_t i = 0; i < file->text.len; i++)
        lines += file->text.data[i] == '\n';
    words = bytes_from(words, len + 1);
    return bytes_take_number(&words, lines, &line) && line > 0 && words.len > 2 &&
           !strncmp(words.data, ": ", 2);
}

static void check_words(const struct err *err, const struct rules_file files[2]) {
    MUST(err->code == ERR_CONFIG);
    MUST(name_line(err->text, &files[0]) || name_line(err->text, &files[1]));
}

static int parse(const struct rules_file files[2], struct ruleset *set, struct err *err) {
    for (size_t i = 0; i < 2; i++)
        if (rules_parse_file(set, &files[i], i, err))
            return -1;
    return 0;
}

static bool is_quick(const struct rule_lines *lines) {
    for (size_t i = 0; i < lines->count; i++)
        if (strlen(lines->lines[i].text) > REGEX_MAX || strchr(lines->lines[i].text, '{'))
            return false;
    return lines->count <= COMPILED_MAX;
}

static bool is_quick_to_compile(const struct ruleset *set) {
    bool quick = set->rule_count <= COMPILED_MAX && set->provider_count <= COMPILED_MAX;
    for (size_t i = 0; i < set->rule_count && quick; i++)
        quick = is_quick(&set->rules[i].text) && is_quick(&set->rules[i].unless);
    for (size_t i = 0; i < set->provider_count && quick; i++)
        quick = is_quick(&set->providers[i].text);
    return quick;
}

static void compile_and_ask(const struct rules_file files[2], struct arena *arena) {
    struct ruleset *rules;
    struct rule_match match;
    struct err err = {0};
    if (ruleset_compile(files, 2, &rules, &err)) {
        check_words(&err, files);
        return;
    }
    struct ruleset_scratch *scratch = ruleset_scratch_new(rules);
    const struct rules_question question = {.text = "550 5.1.1 user unknown: mailbox a.b is full",
                                            .reply_code = 550,
                                            .status = "5.1.1",
                                            .permanence = PERMANENCE_PERMANENT,
                                            .hosts = {"mx.example.net"}};
    if (ruleset_match(rules, scratch, &question, arena, &match))
        MUST(match.rule && match.file && match.line > 0);
    ruleset_scratch_free(scratch);
    ruleset_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes text = fuzz_input(data, size);
    struct arena *arena = arena_new();
    struct ruleset set = {.arena = arena};
    struct err err = {0}, compiling = {0};
    long end = bytes_find(text, separator);
    struct rules_file files[2] = {
        {"first.rules", bytes_first(text, end < 0 ? text.len : (size_t)end)},
        {"second.rules", bytes_from(text, end < 0 ? text.len : (size_t)end + strlen(separator))}};
    if (parse(files, &set, &err)) {
        struct ruleset *rules;
        check_words(&err, files);
        MUST(ruleset_compile(files, 2, &rules, &compiling));
        MUST(!strcmp(err.text, compiling.text));
    } else if (is_quick_to_compile(&set)) {
        compile_and_ask(files, arena);
    }
    arena_free(arena);
    return 0;
}
