#include "classify/rules_parse.h"

#include "cmd/base/utf8.h"

#include <string.h>

/* Where the reader stands. */
struct reader {
    struct ruleset *set;
    const char *file;
    size_t file_index;
    unsigned line;
    enum rule_phase phase; /* RULE_PHASE_COUNT: not said yet */
    struct rule *rule;     /* the stanza that is open; at most one of the two */
    struct provider *provider;
    struct err *err;
};

enum stanza { IN_FILE = 1, IN_RULE = 2, IN_PROVIDER = 4 };

#define FAIL(reader, line, format, ...) \
    err_set((reader)->err, ERR_CONFIG, "%s:%u: " format, (reader)->file, line, __VA_ARGS__)

static const char *const phase_names[RULE_PHASE_COUNT] = {
    [RULE_PHASE_LOCAL] = "local",       [RULE_PHASE_CONTRA] = "contra",
    [RULE_PHASE_PROVIDER] = "provider", [RULE_PHASE_TEXT] = "text",
    [RULE_PHASE_STATUS] = "status",     [RULE_PHASE_REPLY] = "reply",
};

const char *rule_phase_name(enum rule_phase phase) {
    return phase_names[phase];
}

static bool next_word(struct bytes *rest, struct bytes *word) {
    struct bytes at = bytes_trim(*rest);
    size_t n = 0;
    while (n < at.len && !ascii_is_space(at.data[n]))
        n++;
    *word = bytes_first(at, n);
    *rest = bytes_from(at, n);
    return n > 0;
}

static void add_line(struct reader *r, struct rule_lines *list, struct bytes text) {
    struct arena *arena = r->set->arena;
    list->lines = arena_grow(arena, list->lines, list->count, sizeof *list->lines);
    list->lines[list->count++] = (struct rule_line){arena_bytes(arena, text), r->line};
}

static bool is_id(struct bytes word) {
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.')
            return false;
    }
    return word.len > 0;
}

static int read_id(struct reader *r, const char *key, struct bytes value, const char **id) {
    if (!is_id(value))
        return FAIL(r, r->line,
                    "\"%s\" needs one name of lower-case letters, digits, dots and dashes, such as "
                    "google-recipient-rate",
                    key);
    *id = arena_bytes(r->set->arena, value);
    return 0;
}

/* A stanza ends where the next begins; what it must have is checked then. */
static int close_stanza(struct reader *r) {
    struct rule *rule = r->rule;
    struct provider *provider = r->provider;
    r->rule = NULL;
    r->provider = NULL;
    if (provider && !provider->hosts.count && !provider->text.count)
        return FAIL(r, provider->line, "provider %s needs a line such as: host google.com",
                    provider->name);
    if (!rule)
        return 0;
    if (!rule->has_verdict)
        return FAIL(r, rule->line, "rule %s needs a line such as: verdict soft rate_limited",
                    rule->id);
    if (!rule->text.count && !rule->reply_count && !rule->status_count && !rule->at.count)
        return FAIL(r, rule->line,
                    "rule %s would fit everything: give it a line of text, reply, status or at",
                    rule->id);
    return 0;
}

static int read_phase(struct reader *r, const char *key, struct bytes value) {
    (void)key;
    for (size_t i = 0; i < RULE_PHASE_COUNT; i++)
        if (bytes_equal(value, bytes_of(phase_names[i]))) {
            r->phase = (enum rule_phase)i;
            return 0;
        }
    return FAIL(r, r->line, "\"%.*s\" is no phase: local, contra, provider, text, status or reply",
                (int)value.len, value.data);
}

static void remove_rule(struct ruleset *set, size_t index) {
    memmove(set->rules + index, set->rules + index + 1,
            (--set->rule_count - index) * sizeof *set->rules);
}

static int read_drop(struct reader *r, const char *key, struct bytes value) {
    const char *id;
    if (read_id(r, key, value, &id))
        return -1;
    for (size_t i = 0; i < r->set->rule_count; i++)
        if (!strcmp(r->set->rules[i].id, id)) {
            remove_rule(r->set, i);
            return 0;
        }
    return FAIL(r, r->line, "there is no rule %s to drop", id);
}

static int read_rule(struct reader *r, const char *key, struct bytes value) {
    struct ruleset *set = r->set;
    const char *id;
    if (read_id(r, key, value, &id))
        return -1;
    if (r->phase == RULE_PHASE_COUNT)
        return FAIL(r, r->line,
                    "a line such as \"phase local\" must stand before the first rule: local, "
                    "contra, provider, text, status or reply (rule %s)",
                    id);
    for (size_t i = 0; i < set->rule_count; i++)
        if (!strcmp(set->rules[i].id, id)) {
            if (set->rules[i].file_index == r->file_index)
                return FAIL(r, r->line, "rule %s stands already in line %u; a name must be unique",
                            id, set->rules[i].line);
            remove_rule(set, i);
            break;
        }
    set->rules = arena_grow(set->arena, set->rules, set->rule_count, sizeof *set->rules);
    r->rule = &set->rules[set->rule_count++];
    *r->rule = (struct rule){
        .id = id, .file = r->file, .file_index = r->file_index, .line = r->line, .phase = r->phase};
    return 0;
}

static int read_provider(struct reader *r, const char *key, struct bytes value) {
    struct ruleset *set = r->set;
    const char *name;
    if (read_id(r, key, value, &name))
        return -1;
    size_t i = 0;
    while (i < set->provider_count && strcmp(set->providers[i].name, name))
        i++;
    if (i == set->provider_count) {
        set->providers =
            arena_grow(set->arena, set->providers, set->provider_count, sizeof *set->providers);
        set->provider_count++;
    }
    r->provider = &set->providers[i];
    *r->provider = (struct provider){.name = name, .file = r->file, .line = r->line};
    return 0;
}

static int read_host(struct reader *r, const char *key, struct bytes value) {
    struct bytes word;
    while (next_word(&value, &word)) {
        if (bytes_find_char(word, '.') <= 0)
            return FAIL(r, r->line, "\"%s\" needs host or domain names, such as: host google.com",
                        key);
        add_line(r, &r->provider->hosts, word);
    }
    return 0;
}

static int read_at(struct reader *r, const char *key, struct bytes value) {
    (void)key;
    struct bytes word;
    while (next_word(&value, &word))
        add_line(r, &r->rule->at, word);
    return 0;
}

/* A `|` outside of brackets splits the whole pattern, which is hardly ever what was meant. */
static bool has_bare_alternative(struct bytes regex) {
    int depth = 0;
    bool in_class = false;
    for (size_t i = 0; i < regex.len; i++) {
        char c = regex.data[i];
        if (c == '\\')
            i++;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true;
        else if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        else if (c == '|' && depth == 0)
            return true;
    }
    return false;
}

static int read_text(struct reader *r, const char *key, struct bytes value) {
    if (has_bare_alternative(value))
        return FAIL(r, r->line,
                    "put alternatives into brackets (a|b), or write several \"%s\" lines", key);
    if (r->provider)
        add_line(r, &r->provider->text, value);
    else
        add_line(r, strcmp(key, "unless") ? &r->rule->text : &r->rule->unless, value);
    return 0;
}

static int read_reply(struct reader *r, const char *key, struct bytes value) {
    struct rule *rule = r->rule;
    struct bytes word;
    while (next_word(&value, &word)) {
        rule->replies =
            arena_grow(r->set->arena, rule->replies, rule->reply_count, sizeof *rule->replies);
        if (!reply_pattern_read(word, &rule->replies[rule->reply_count++]))
            return FAIL(r, r->line, "\"%.*s\" is no %s code: write 450, 4xx, 45x or 550-559",
                        (int)word.len, word.data, key);
    }
    return 0;
}

static int read_status(struct reader *r, const char *key, struct bytes value) {
    struct rule *rule = r->rule;
    struct bytes word;
    while (next_word(&value, &word)) {
        rule->statuses =
            arena_grow(r->set->arena, rule->statuses, rule->status_count, sizeof *rule->statuses);
        if (!status_pattern_read(word, &rule->statuses[rule->status_count++]))
            return FAIL(r, r->line,
                        "\"%.*s\" is no %s code: write 4.2.1, x.2.2, 5.7.x or 5.7.606-5.7.649",
                        (int)word.len, word.data, key);
    }
    return 0;
}

static int read_when(struct reader *r, const char *key, struct bytes value) {
    if (bytes_equal(value, bytes_of("temporary")))
        r->rule->when = PERMANENCE_TEMPORARY;
    else if (bytes_equal(value, bytes_of("permanent")))
        r->rule->when = PERMANENCE_PERMANENT;
    else
        return FAIL(r, r->line, "\"%s\" is either temporary or permanent", key);
    return 0;
}

static int read_verdict(struct reader *r, const char *key, struct bytes value) {
    struct rule *rule = r->rule;
    struct bytes verdict, category;
    if (!next_word(&value, &verdict) || !next_word(&value, &category) || bytes_trim(value).len)
        return FAIL(r, r->line, "\"%s\" needs a verdict and a category: verdict soft rate_limited",
                    key);
    if (!verdict_from_name(arena_bytes(r->set->arena, verdict), &rule->verdict))
        return FAIL(r, r->line, "\"%.*s\" is no verdict: hard, soft, block, complaint or none",
                    (int)verdict.len, verdict.data);
    if (!category_from_name(arena_bytes(r->set->arena, category), &rule->category))
        return FAIL(r, r->line, "\"%.*s\" is no category, such as user_unknown or rate_limited",
                    (int)category.len, category.data);
    const struct category_info *info = category_info(rule->category);
    bool milder = rule->verdict == VERDICT_SOFT && info->verdict == VERDICT_HARD;
    if (rule->verdict != info->verdict && !milder)
        return FAIL(r, r->line, "%s is always %s, or soft where it is temporary and hard",
                    info->name, verdict_name(info->verdict));
    if (!rule->has_verdict)
        rule->fault = info->fault;
    rule->has_verdict = true;
    return 0;
}

static int read_fault(struct reader *r, const char *key, struct bytes value) {
    if (!r->rule->has_verdict)
        return FAIL(r, r->line, "\"%s\" stands after the verdict", key);
    if (!fault_from_name(arena_bytes(r->set->arena, value), &r->rule->fault))
        return FAIL(r, r->line, "\"%.*s\" is none of recipient, domain, sender, message, unknown",
                    (int)value.len, value.data);
    return 0;
}

static int read_example(struct reader *r, const char *key, struct bytes value) {
    add_line(r, strcmp(key, "not") ? &r->rule->examples : &r->rule->nots, value);
    return 0;
}

static const struct key {
    const char *name;
    unsigned stanzas; /* where it may stand */
    bool opens;       /* begins a stanza or stands alone */
    int (*read)(struct reader *r, const char *key, struct bytes value);
} keys[] = {
    {"phase", IN_FILE, true, read_phase},
    {"drop", IN_FILE, true, read_drop},
    {"provider", IN_FILE, true, read_provider},
    {"rule", IN_FILE, true, read_rule},
    {"host", IN_PROVIDER, false, read_host},
    {"at", IN_RULE, false, read_at},
    {"text", IN_RULE | IN_PROVIDER, false, read_text},
    {"unless", IN_RULE, false, read_text},
    {"reply", IN_RULE, false, read_reply},
    {"status", IN_RULE, false, read_status},
    {"when", IN_RULE, false, read_when},
    {"verdict", IN_RULE, false, read_verdict},
    {"fault", IN_RULE, false, read_fault},
    {"example", IN_RULE, false, read_example},
    {"not", IN_RULE, false, read_example},
};

static const struct key *find_key(struct bytes word) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (bytes_equal(word, bytes_of(keys[i].name)))
            return &keys[i];
    return NULL;
}

static int read_line(struct reader *r, struct bytes line) {
    struct bytes word;
    if (!utf8_is_valid(line) || bytes_find_char(line, '\0') >= 0)
        return FAIL(r, r->line, "%s", "this line is not UTF-8 text");
    line = bytes_trim(line);
    if (!line.len || line.data[0] == '#')
        return 0;
    next_word(&line, &word);
    const struct key *key = find_key(word);
    if (!key)
        return FAIL(r, r->line,
                    "unknown word \"%.*s\": a rule is made of rule, at, text, unless, reply, "
                    "status, when, verdict, fault, example and not",
                    (int)word.len, word.data);
    struct bytes value = bytes_trim(line);
    if (!value.len)
        return FAIL(r, r->line, "\"%s\" needs something behind it", key->name);
    if (key->opens && close_stanza(r))
        return -1;
    unsigned stanza = r->rule ? IN_RULE : r->provider ? IN_PROVIDER : IN_FILE;
    if (!(key->stanzas & stanza))
        return FAIL(r, r->line, "\"%s\" must stand below a line that names its %s", key->name,
                    key->stanzas & IN_PROVIDER ? "provider" : "rule");
    return key->read(r, key->name, value);
}

int rules_parse_file(struct ruleset *rules, const struct rules_file *file, size_t file_index,
                     struct err *err) {
    struct reader r = {.set = rules,
                       .file = arena_string(rules->arena, file->name),
                       .file_index = file_index,
                       .phase = RULE_PHASE_COUNT,
                       .err = err};
    struct bytes rest = file->text, line;
    while (bytes_next_line(&rest, &line)) {
        r.line++;
        if (read_line(&r, line))
            return -1;
    }
    return close_stanza(&r);
}
