/* nullsender parse: mails from files -> a line each, or a line a recipient. */
#include "cmd/analysis.h"
#include "cmd/base/buf.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/command.h"
#include "cmd/file.h"
#include "cmd/json_line.h"
#include "cmd/setup.h"
#include "cmd/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void print_function(const char *path, const struct analysis *analysis, struct buf *out);

struct parse {
    struct setup setup;
    struct arena *arena;
    struct buf out;
    print_function *print;
};

static void set_string(json_t *object, const char *key, const char *value) {
    if (value)
        json_object_set_new_nocheck(object, key, json_string(value));
}

/* The name of a file need not be UTF-8, which jansson insists on. */
static void set_path(json_t *object, const char *path) {
    struct buf visible = BUF_INIT;
    utf8_add_visible(&visible, path);
    set_string(object, "path", visible.data);
    buf_free(&visible);
}

static void set_time(json_t *object, const char *key, int64_t seconds) {
    if (seconds)
        json_object_set_new_nocheck(object, key, json_integer(seconds));
}

/* The keys are the columns of bounce.event where both have them. */
static json_t *finding_to_json(const char *path, const struct report *report,
                               const struct finding *finding) {
    const struct identity *identity = &finding->identity;
    const struct judgement *judgement = &finding->judgement;
    const struct report_recipient *group = identity->recipient_group;
    json_t *object = json_object();
    set_path(object, path);
    set_string(object, "kind", report_kind_name(report->kind));
    set_string(object, "format", report->format);
    set_string(object, "campaign", identity->campaign);
    set_string(object, "recipient", identity->recipient);
    set_string(object, "verdict", verdict_name(judgement->verdict));
    set_string(object, "category", category_info(judgement->category)->name);
    set_string(object, "fault", fault_name(judgement->fault));
    set_string(object, "status", judgement->status);
    if (judgement->reply_code)
        json_object_set_new_nocheck(object, "reply_code", json_integer(judgement->reply_code));
    if (group) {
        set_string(object, "action", report_action_name(group->action));
        set_string(object, "diagnostic", group->diagnostic_code);
        set_string(object, "final_recipient", group->final_recipient);
        set_string(object, "original_recipient", group->original_recipient);
        set_string(object, "remote_mta", group->remote_mta);
        set_time(object, "last_attempt", group->last_attempt);
    }
    set_string(object, "reporting_mta", report->reporting_mta);
    set_string(object, "identified_by", identified_by_name(identity->by));
    set_string(object, "found_in", identity->found_in);
    set_string(object, "verp_address", identity->verp_address);
    set_string(object, "signature", verp_signature_name(identity->signature));
    set_string(object, "withheld", withheld_name(identity->withheld));
    set_string(object, "rule", judgement->rule);
    set_string(object, "matched", judgement->matched);
    set_string(object, "matched_in", judgement->matched_in);
    set_time(object, "arrival", report->arrival);
    set_time(object, "date", report->date);
    return object;
}

static void print_json(const char *path, const struct analysis *analysis, struct buf *out) {
    for (size_t i = 0; i < (analysis->failure ? 1 : analysis->count); i++) {
        json_t *object;
        if (analysis->failure) {
            object = json_object();
            set_path(object, path);
            set_string(object, "failure", analysis->failure);
        } else {
            object = finding_to_json(path, analysis->report, &analysis->findings[i]);
        }
        json_line_add(out, object, JSON_COMPACT);
    }
}

/* A list's item, made visible: blanks and commas would end it. */
static void add_item(struct buf *out, size_t index, const char *text) {
    if (index)
        buf_add_char(out, ',');
    struct bytes rest = bytes_of(text);
    for (;;) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ',' && rest.data[len] != ' ')
            len++;
        utf8_add_visible_bytes(out, bytes_first(rest, len));
        if (len == rest.len)
            break;
        buf_printf(out, "%%%02X", (unsigned char)rest.data[len]);
        rest = bytes_from(rest, len + 1);
    }
}

static void print_tsv(const char *path, const struct analysis *analysis, struct buf *out) {
    utf8_add_visible(out, path);
    if (analysis->failure) {
        buf_add_string(out, "\t\tquarantined\t\t\n");
        return;
    }
    const struct finding *findings = analysis->findings;
    size_t count = analysis->count;
    buf_add_char(out, '\t');
    for (size_t i = 0; i < count; i++)
        add_item(out, i, findings[i].identity.recipient);
    buf_add_char(out, '\t');
    for (size_t i = 0; i < count; i++)
        add_item(out, i, verdict_name(findings[i].judgement.verdict));
    buf_add_char(out, '\t');
    for (size_t i = 0; i < count; i++)
        add_item(out, i, category_info(findings[i].judgement.category)->name);
    buf_add_char(out, '\t');
    for (size_t i = 0; i < count; i++)
        add_item(out, i, findings[i].judgement.status);
    buf_add_char(out, '\n');
}

/* Prints the next result, if there is one. */
static int take_result(struct parse *parse, bool wait, struct err *err) {
    struct worker_result result;
    int found = worker_pool_next(parse->setup.pool, wait, &result, err);
    if (found <= 0)
        return found;
    char *path = result.job.context;
    struct analysis analysis;
    analyst_read(&parse->setup.analyst, &result, 0, parse->arena, &analysis);
    analyst_judge(&parse->setup.analyst, false, parse->arena, &analysis);
    parse->print(path, &analysis, &parse->out);
    arena_reset(parse->arena);
    free(path);
    fwrite(parse->out.data, 1, parse->out.len, stdout);
    buf_reset(&parse->out);
    if (ferror(stdout))
        return err_set_errno(err, ERR_IO, "standard output");
    return 1;
}

static int parse_mail(void *context, const char *path, struct bytes bytes, struct err *err) {
    struct parse *parse = context;
    while (worker_pool_is_full(parse->setup.pool))
        if (take_result(parse, true, err) < 0)
            return -1;
    /* In one piece while a worker has it: the path, and the mail behind its NUL. */
    size_t path_size = strlen(path) + 1;
    char *kept = memory_alloc(path_size + bytes.len);
    memcpy(kept, path, path_size);
    if (bytes.len)
        memcpy(kept + path_size, bytes.data, bytes.len);
    worker_pool_submit(
        parse->setup.pool,
        &(struct worker_job){.message = {kept + path_size, bytes.len}, .context = kept});
    int found;
    while ((found = take_result(parse, false, err)) > 0)
        ;
    return found;
}

int command_parse(const struct invocation *invocation, struct err *err) {
    struct parse parse = {.out = BUF_INIT};
    long workers;
    int found = -1, rc = -1;
    unsigned tsv;
    if (invocation_format(invocation, &tsv, err) != 0)
        return -1;
    parse.print = tsv ? print_tsv : print_json;
    if (invocation_number(invocation, OPTION_WORKERS, 1, 256, worker_count_default(), &workers,
                          err))
        return -1;

    parse.arena = arena_new();
    if (setup_for_mails(&parse.setup, invocation, (unsigned)workers, err) != 0)
        goto out;
    for (int i = 0; i < invocation->argument_count; i++)
        if (file_mails(invocation->arguments[i], parse_mail, &parse, err) != 0)
            goto out;
    rc = 0;
out:
    /* What was read before an error is printed all the same. */
    while (parse.setup.pool && (found = take_result(&parse, true, rc ? NULL : err)) > 0)
        ;
    if (parse.setup.pool && found < 0)
        rc = -1;
    setup_close(&parse.setup);
    arena_free(parse.arena);
    buf_free(&parse.out);
    return rc;
}
