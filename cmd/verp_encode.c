/* nullsender verp encode: recipients -> the addresses that their mails are sent from, as a stream.
 */
#include "classify/address.h"
#include "cmd/base/memory.h"
#include "cmd/base/utf8.h"
#include "cmd/json_line.h"
#include "cmd/log.h"
#include "cmd/verp_setup.h"
#include "store/verp_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUTPUT_OCTETS = 64 * 1024,
    TOKENS_MAX = 1000, /* stored together */
    ERRORS_SHOWN = 20, /* the rest is counted: a list of a million may be all wrong */
};

/* What is printed about one recipient. `address` is "" where there is none. */
struct encoded {
    const char *campaign, *recipient, *address;
};

typedef void print_function(const struct encoded *encoded, struct buf *out);

struct encode {
    struct verp_setup setup;
    struct verp_signer signer;
    print_function *print;
    struct arena *arena; /* for one recipient */
    struct buf out;
    struct arena *token_arena; /* until the tokens are stored */
    struct store_verp_token tokens[TOKENS_MAX];
    size_t token_count;
    uint64_t line; /* of standard input; 0: the recipients are arguments */
    uint64_t failures;
};

static void print_text(const struct encoded *encoded, struct buf *out) {
    buf_add_string(out, encoded->address);
    buf_add_char(out, '\n');
}

static void print_tsv(const struct encoded *encoded, struct buf *out) {
    utf8_add_visible(out, encoded->campaign);
    buf_add_char(out, '\t');
    utf8_add_visible(out, encoded->recipient);
    buf_add_char(out, '\t');
    print_text(encoded, out);
}

static void print_json(const struct encoded *encoded, struct buf *out) {
    json_t *object = json_object();
    json_object_set_new(object, "campaign",
                        *encoded->campaign ? json_string(encoded->campaign) : json_null());
    json_object_set_new(object, "recipient", json_string(encoded->recipient));
    json_object_set_new(object, "address",
                        *encoded->address ? json_string(encoded->address) : json_null());
    json_line_add(out, object, JSON_COMPACT);
}

/* The tokens first: an address that is out may be written to. */
static int flush(struct encode *e, struct err *err) {
    if (e->token_count) {
        if (verp_setup_connect(&e->setup, err) != 0 ||
            store_verp_tokens_add(e->setup.store, e->tokens, e->token_count, err) != 0)
            return -1;
        e->token_count = 0;
        arena_reset(e->token_arena);
    }
    fwrite(e->out.data, 1, e->out.len, stdout);
    buf_reset(&e->out);
    return ferror(stdout) ? err_set_errno(err, ERR_IO, "standard output") : 0;
}

static void keep_token(struct encode *e, const char *token, const char *campaign,
                       const char *recipient, const char *address) {
    struct arena *arena = e->token_arena;
    const char *domain = strrchr(address, '@') + 1;
    e->tokens[e->token_count++] = (struct store_verp_token){
        .token = arena_string(arena, token),
        .campaign = campaign ? arena_string(arena, campaign) : NULL,
        .recipient = address_key(recipient, arena),
        .domain = arena_string(arena, domain),
    };
}

static void report(struct encode *e, const struct err *why) {
    if (++e->failures > ERRORS_SHOWN)
        return;
    if (e->line)
        log_error("line %" PRIu64 ": %s", e->line, why->text);
    else
        log_error("%s", why->text);
}

/* `campaign` "" is none. */
static int encode(struct encode *e, const char *campaign, const char *recipient, struct err *err) {
    const char *address = "", *token = NULL;
    const char *name = *campaign ? campaign : NULL;
    const struct verp *verp = e->setup.verp;
    struct err why;
    int rc = e->setup.keys ? verp_encode_signed(verp, &e->signer, name, recipient, e->arena,
                                                &address, &token, &why)
                           : verp_encode(verp, name, recipient, e->arena, &address, &why);
    if (rc != 0 && why.code == ERR_CONFIG) {
        *err = why;
        return -1;
    }
    if (rc != 0) {
        address = "";
        report(e, &why);
    } else if (token) {
        keep_token(e, token, name, recipient, address);
    }
    e->print(&(struct encoded){campaign, recipient, address}, &e->out);
    arena_reset(e->arena);
    return e->out.len >= OUTPUT_OCTETS || e->token_count == TOKENS_MAX ? flush(e, err) : 0;
}

/* A line of standard input: a recipient of `campaign`, or, where that is NULL, campaign and
 * recipient. */
static int encode_line(struct encode *e, const char *campaign, char *line, size_t length,
                       struct err *err) {
    bool has_nul = strlen(line) < length;
    line[strcspn(line, "\r\n")] = '\0';
    if (!*line && !has_nul) {
        buf_add_char(&e->out, '\n');
        return 0;
    }
    char *tab = strchr(line, '\t');
    if (!has_nul && (campaign || tab)) {
        if (tab && !campaign)
            *tab = '\0';
        return encode(e, campaign ? campaign : line, campaign ? line : tab + 1, err);
    }
    struct err why;
    err_set(&why, ERR_DATA, has_nul ? "a NUL in it" : "no tab between campaign and recipient");
    report(e, &why);
    buf_add_char(&e->out, '\n');
    return 0;
}

static int encode_input(struct encode *e, const char *campaign, struct err *err) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int rc = 0;
    while (rc == 0 && (length = getline(&line, &room, stdin)) >= 0) {
        e->line++;
        rc = encode_line(e, campaign, line, (size_t)length, err);
    }
    free(line);
    if (rc == 0 && ferror(stdin))
        rc = err_set_errno(err, ERR_IO, "standard input");
    return rc;
}

int command_verp_encode(const struct invocation *invocation, struct err *err) {
    static print_function *const formats[] = {print_text, print_tsv, print_json};
    unsigned format;
    struct encode *e = memory_zero(1, sizeof *e);
    char *const *arguments = invocation->arguments;
    int count = invocation->argument_count, rc = -1;
    e->out = (struct buf)BUF_INIT;
    e->arena = arena_new();
    e->token_arena = arena_new();
    if (invocation_format(invocation, &format, err) != 0 ||
        verp_setup_open(&e->setup, invocation, err) != 0)
        goto out;
    e->print = formats[format];
    if (e->setup.keys)
        e->signer = (struct verp_signer){e->setup.keys, e->setup.today,
                                         (size_t)e->setup.config->verp_local_part_octets};
    rc = 0;
    if (count < 2)
        rc = encode_input(e, count ? arguments[0] : NULL, err);
    for (int i = 1; rc == 0 && i < count; i++)
        rc = encode(e, arguments[0], arguments[i], err);
    if (rc == 0)
        rc = flush(e, err);
    if (rc == 0 && e->failures)
        rc = err_set(err, ERR_DATA, "%" PRIu64 " address%s could not be made", e->failures,
                     e->failures == 1 ? "" : "es");
out:
    verp_setup_close(&e->setup);
    arena_free(e->arena);
    arena_free(e->token_arena);
    buf_free(&e->out);
    free(e);
    return rc;
}
