/* The part of `nullsender check` that asks PostgreSQL. */
#include "cmd/base/arena.h"
#include "cmd/base/buf.h"
#include "cmd/check.h"
#include "cmd/clock.h"
#include "cmd/database.h"
#include "store/health.h"
#include "store/totals.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Days of bounces are days of UTC, and a fetch is told from a later one by the server's clock. */
static const double clock_difference_max = 60;

static void add_size(struct buf *out, uint64_t octets) {
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double size = (double)octets / 1024;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        unit++;
    }
    buf_printf(out, size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void check_server(struct check_list *list, const struct store_server *server) {
    check_ok(list, "connection", "%s as %s%s", server->where, server->user,
             server->is_encrypted ? ", over TLS" : "");
    if (!server->is_encrypted && !server->is_local)
        check_warning(list, "encryption", "add sslmode=verify-full to conninfo",
                      "the connection leaves this machine without TLS");
    if (server->is_read_only)
        check_fail(list, ERR_TEMPORARY, "server",
                   "name all servers in conninfo, with target_session_attrs=read-write",
                   "PostgreSQL %s, which only reads: a standby", server->version);
    else
        check_ok(list, "server", "PostgreSQL %s", server->version);
    if (strcmp(server->encoding, "UTF8") != 0)
        check_fail(
            list, ERR_CONFIG, "encoding",
            "create it with ENCODING 'UTF8' TEMPLATE template0: bounces come in every script",
            "the database's encoding is %s", server->encoding);
}

/* `before` and `after`: our clock around the question. */
static void check_clock(struct check_list *list, double before, double after, double server) {
    double difference = server < before ? server - before : server > after ? server - after : 0;
    if (fabs(difference) > clock_difference_max) {
        check_warning(list, "clock", "let both machines take their time from NTP",
                      "the server's is %.0f seconds %s ours", fabs(difference),
                      difference > 0 ? "ahead of" : "behind");
    } else {
        unsigned within = (unsigned)fabs(difference) + 1;
        check_ok(list, "clock", "the server's is within %u second%s of ours", within,
                 within == 1 ? "" : "s");
    }
}

static void check_privileges(struct check_list *list, struct store *store,
                             const struct store_server *server, struct arena *arena) {
    const char *missing;
    struct err err = {0};
    if (store_privileges_missing(store, arena, &missing, &err) != 0)
        check_error(list, "privileges", NULL, &err);
    else if (missing)
        check_fail(list, ERR_PERMISSION, "privileges",
                   arena_printf(arena, "let their owner GRANT them to %s, or migrate as that role",
                                server->user),
                   "%s lacks %s", server->user, missing);
    else
        check_ok(list, "privileges", "%s may do all that a run does", server->user);
}

static void check_space(struct check_list *list, const struct config *config, struct store *store) {
    struct store_space space;
    struct err err = {0};
    struct buf text = BUF_INIT;
    if (store_space_read(store, &space, &err) != 0) {
        check_error(list, "space", NULL, &err);
        return;
    }
    add_size(&text, space.database);
    buf_add_string(&text, ", of it ");
    add_size(&text, space.raw);
    if (!config->keep_raw)
        buf_add_string(&text, " mails that nobody understood (keep_raw = false)");
    else if (config->keep_raw_days)
        buf_printf(&text, " mails, kept for %ld days", config->keep_raw_days);
    else
        buf_add_string(&text, " mails, kept for ever (keep_raw_days = 0)");
    check_ok(list, "space", "%s", text.data);
    buf_free(&text);
}

static void check_silence(struct check_list *list, struct store *store, struct arena *arena) {
    struct store_silent_campaign *campaigns;
    size_t count;
    struct err err = {0};
    if (store_silence_read(store, arena, &campaigns, &count, &err) != 0) {
        check_error(list, "silence", NULL, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct buf span = BUF_INIT;
        check_add_span(&span, campaigns[i].age);
        check_warning(list, "silence", "does its Return-Path lead to a mailbox that is read?",
                      "campaign %s: %" PRIu64 " sent %s ago, and of about %" PRIu64
                      " bounces that were to be expected none has come",
                      campaigns[i].campaign, campaigns[i].sent, span.data, campaigns[i].expected);
        buf_free(&span);
    }
    if (!count)
        check_ok(list, "silence", "no campaign lacks the bounces that were to be expected");
}

void check_database(struct check_list *list, const struct config *config, struct store **store) {
    struct store_server server;
    struct err err = {0};
    struct arena *arena = arena_new();
    check_section(list, "database");
    *store = NULL;
    if (database_open(config, store, &err) != 0) {
        check_error(list, "connection", NULL, &err);
        goto out;
    }
    double before = clock_time();
    if (store_server_read(*store, arena, &server, &err) != 0) {
        check_error(list, "connection", NULL, &err);
        goto failed;
    }
    double after = clock_time();
    check_server(list, &server);
    check_clock(list, before, after, server.clock);
    if (database_migrate(*store, true, &err) != 0) {
        check_error(list, "schema", NULL, &err);
        goto failed;
    }
    check_ok(list, "schema", "that of nullsender " VERSION);
    check_privileges(list, *store, &server, arena);
    check_space(list, config, *store);
    check_silence(list, *store, arena);
    goto out;
failed:
    store_close(*store);
    *store = NULL;
out:
    arena_free(arena);
}
