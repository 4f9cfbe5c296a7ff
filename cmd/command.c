#include "cmd/command.h"

#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/base/memory.h"
#include "cmd/config.h"
#include "cmd/near.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_WIDTH = 80, /* of a terminal that nobody has widened */
    HELP_COLUMN = 27,
};

static bool command_takes(const struct command *command, enum option_id option) {
    return (command_common_options | (command ? command->options : 0)) >> option & 1;
}

/* The command that the first one or two words name; *used says how many. */
static const struct command *command_find(char *const *words, int count, int *used) {
    for (const struct command *c = command_table; c->name; c++) {
        const char *second = strchr(c->name, ' ');
        size_t first_len = second ? (size_t)(second - c->name) : strlen(c->name);
        if (strlen(words[0]) != first_len || memcmp(words[0], c->name, first_len) != 0)
            continue;
        *used = second ? 2 : 1;
        if (!second || (count > 1 && !strcmp(words[1], second + 1)))
            return c;
    }
    return NULL;
}

const char *invocation_value(const struct invocation *invocation, enum option_id option,
                             const char *fallback) {
    unsigned count = invocation->counts[option];
    return count ? invocation->values[option][count - 1] : fallback;
}

bool invocation_has(const struct invocation *invocation, enum option_id option) {
    return invocation->counts[option] > 0;
}

int invocation_number(const struct invocation *invocation, enum option_id option, long min,
                      long max, long fallback, long *number, struct err *err) {
    const char *value = invocation_value(invocation, option, NULL);
    *number = fallback;
    if (!value)
        return 0;
    struct bytes rest = bytes_of(value);
    unsigned long n;
    if (!bytes_take_number(&rest, (unsigned long)max, &n) || rest.len || (long)n < min)
        return err_set(err, ERR_USAGE, "--%s takes a number from %ld to %ld, not '%s'",
                       option_table[option].name, min, max, value);
    *number = (long)n;
    return 0;
}

/* "text, csv or json", with `remark` behind the first. */
static void add_choices(const char *choices, const char *remark, struct buf *out) {
    const char *last = strrchr(choices, ' ');
    size_t first_len = strcspn(choices, " ");
    for (const char *c = choices; *c; c++) {
        if (c == choices + first_len)
            buf_add_string(out, remark);
        if (*c != ' ')
            buf_add_char(out, *c);
        else
            buf_add_string(out, c == last ? " or " : ", ");
    }
}

int invocation_choice(const struct invocation *invocation, enum option_id option,
                      const char *choices, unsigned *place, struct err *err) {
    const char *value = invocation_value(invocation, option, NULL);
    int found = value ? config_choice_index(choices, value) : 0;
    if (found >= 0) {
        *place = (unsigned)found;
        return 0;
    }
    struct buf list = BUF_INIT;
    add_choices(choices, "", &list);
    err_set(err, ERR_USAGE, "--%s is %s, not '%s'", option_table[option].name, list.data, value);
    buf_free(&list);
    return -1;
}

int invocation_format(const struct invocation *invocation, unsigned *place, struct err *err) {
    return invocation_choice(invocation, OPTION_FORMAT, invocation->command->formats, place, err);
}

static int unknown_command(char *const *words, int count, struct err *err) {
    struct buf both = BUF_INIT;
    for (const struct command *c = command_table; c->name; c++) {
        size_t len = strlen(words[0]);
        if (strncmp(c->name, words[0], len) != 0 || c->name[len] != ' ')
            continue;
        if (both.len)
            buf_add_string(&both, ", ");
        buf_add_string(&both, c->name);
    }
    if (both.len) {
        err_set(err, ERR_USAGE,
                count > 1 ? "no command '%s %s'; there are: %s" : "'%s%s' needs a second word: %s",
                words[0], count > 1 ? words[1] : "", both.data);
        buf_free(&both);
        return -1;
    }
    const char *name = words[0];
    struct near near = near_start(name);
    for (const struct command *c = command_table; c->name; c++)
        near_offer(&near, c->name);
    return err_set(err, ERR_USAGE, "no command '%s'%s", name,
                   near_question(&near, "; 'nullsender --help' lists them"));
}

/* getopt_long's own messages do not say what would be right. `letter` is its optopt: 0 after a long
 * option that does not exist. */
static int unknown_option(int letter, const char *word, struct err *err) {
    if (letter >= 256)
        return err_set(err, ERR_USAGE, "option '--%s' takes no argument",
                       option_table[letter - 256].name);
    struct near near = near_start(letter ? "" : word + strspn(word, "-"));
    near.prefix = "--";
    for (enum option_id o = 0; o < OPTION_COUNT; o++)
        near_offer(&near, option_table[o].name);
    const char short_option[] = {'-', (char)letter, '\0'};
    return err_set(err, ERR_USAGE, "no option '%s'%s", letter ? short_option : word,
                   near_question(&near, "; 'nullsender COMMAND --help' lists them"));
}

static int check_argument_count(const struct invocation *invocation, struct err *err) {
    const struct command *c = invocation->command;
    int count = invocation->argument_count;
    if (count < c->arguments_min)
        return err_set(err, ERR_USAGE, "%s: %s is missing; 'nullsender %s --help' says more",
                       c->name, c->arguments, c->name);
    if (c->arguments_max >= 0 && count > c->arguments_max)
        return err_set(err, ERR_USAGE, "%s: '%s' is one argument too many", c->name,
                       invocation->arguments[c->arguments_max]);
    return 0;
}

/* What getopt_long wants to know of the options. */
struct getopt_tables {
    char shorts[2 * OPTION_COUNT + 3];
    struct option longs[OPTION_COUNT + 1];
};

static bool has_name(const struct getopt_tables *tables, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(tables->longs[i].name, name))
            return true;
    return false;
}

/* The options of the command, then the others, which are known so that a mistake is told as what
 * it is. Where two share a name, the first one has it. */
static void getopt_tables_fill(struct getopt_tables *tables, const struct command *command,
                               bool stop_at_word) {
    *tables = (struct getopt_tables){0};
    char *letter = tables->shorts;
    int count = 0;
    if (stop_at_word)
        *letter++ = '+';
    *letter++ = ':';
    for (int other = 0; other <= 1; other++)
        for (enum option_id o = 0; o < OPTION_COUNT; o++) {
            const struct option_info *info = &option_table[o];
            if (command_takes(command, o) == (bool)other || has_name(tables, count, info->name))
                continue;
            tables->longs[count++] =
                (struct option){info->name, info->argument != NULL, NULL, 256 + (int)o};
            if (info->letter)
                *letter++ = info->letter;
            if (info->letter && info->argument)
                *letter++ = ':';
        }
}

/* The command, where it is the first word, before which options may stand; else NULL. */
static const struct command *command_at_start(int argc, char **argv) {
    struct getopt_tables tables;
    getopt_tables_fill(&tables, NULL, true);
    optind = 0;
    while (getopt_long(argc, argv, tables.shorts, tables.longs, NULL) != -1)
        ;
    int used;
    return optind < argc ? command_find(argv + optind, argc - optind, &used) : NULL;
}

int invocation_parse(int argc, char **argv, struct invocation *invocation, struct err *err) {
    *invocation = (struct invocation){0};
    for (enum option_id o = 0; o < OPTION_COUNT; o++)
        invocation->values[o] = memory_zero((size_t)argc, sizeof(char *));

    /* Options may stand before the command as well: nullsender -c FILE fetch. */
    struct getopt_tables tables;
    opterr = 0;
    getopt_tables_fill(&tables, command_at_start(argc, argv), false);
    optind = 0;
    int found;
    while ((found = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
        if (found == ':')
            return err_set(err, ERR_USAGE, "option '%s' lacks its argument", argv[optind - 1]);
        if (found == '?')
            return unknown_option(optopt, argv[optind - 1], err);
        enum option_id o = 0;
        if (found >= 256)
            o = (enum option_id)(found - 256);
        else
            while (option_table[o].letter != found)
                o++;
        invocation->values[o][invocation->counts[o]++] = optarg;
    }

    /* getopt_long has moved what is not an option to the end. */
    invocation->arguments = argv + optind;
    invocation->argument_count = argc - optind;
    if (invocation->argument_count) {
        int used = 0;
        invocation->command =
            command_find(invocation->arguments, invocation->argument_count, &used);
        if (!invocation->command)
            return unknown_command(invocation->arguments, invocation->argument_count, err);
        invocation->arguments += used;
        invocation->argument_count -= used;
    }
    if (invocation->counts[OPTION_HELP] || invocation->counts[OPTION_VERSION])
        return 0;
    if (!invocation->command)
        return err_set(err, ERR_USAGE, "which command? 'nullsender --help' lists them");
    for (enum option_id o = 0; o < OPTION_COUNT; o++)
        if (invocation->counts[o] && !command_takes(invocation->command, o))
            return err_set(err, ERR_USAGE,
                           "%s takes no option '--%s'; 'nullsender %s --help' lists its options",
                           invocation->command->name, option_table[o].name,
                           invocation->command->name);
    return check_argument_count(invocation, err);
}

void invocation_free(struct invocation *invocation) {
    for (enum option_id o = 0; o < OPTION_COUNT; o++)
        free(invocation->values[o]);
}

/* Goes on at `column`, breaks lines at PAGE_WIDTH, and begins each new one at `indent`. Returns the
 * column where it ends. */
static size_t print_words(struct bytes text, size_t column, size_t indent, FILE *out) {
    while ((text = bytes_trim(text)).len) {
        long blank = bytes_find_char(text, ' ');
        struct bytes word = bytes_first(text, blank < 0 ? text.len : (size_t)blank);
        text = bytes_from(text, word.len);
        if (column > indent && column + 1 + word.len > PAGE_WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            putc(' ', out);
            column++;
        }
        fwrite(word.data, 1, word.len, out);
        column += word.len;
    }
    return column;
}

/* Lines that are indented stay as they are, and so do empty ones. */
static void print_paragraphs(const char *text, FILE *out) {
    struct bytes rest = bytes_of(text), line;
    size_t column = 0;
    while (bytes_next_line(&rest, &line)) {
        if (line.len && line.data[0] != ' ') {
            column = print_words(line, column, 0, out);
            continue;
        }
        fprintf(out, "%s%.*s\n", column ? "\n" : "", (int)line.len, line.data);
        column = 0;
    }
    if (column)
        putc('\n', out);
}

void command_print_overview(FILE *out) {
    fputs("usage: nullsender [-c FILE] COMMAND [OPTION...] [ARGUMENT...]\n"
          "\n"
          "Reads bounce mailboxes, finds out who each bounce is about and why, and keeps\n"
          "the answer in PostgreSQL.\n"
          "\n",
          out);
    for (const struct command *c = command_table; c->name; c++) {
        size_t column = (size_t)fprintf(out, "  %-13s  ", c->name);
        print_words(bytes_of(c->summary), column, column, out);
        putc('\n', out);
    }
    fputs("\n'nullsender COMMAND --help' tells about one.\n", out);
}

void command_option_help(const struct command *command, enum option_id option, struct buf *out) {
    if (command && option == OPTION_FORMAT)
        add_choices(command->formats, " (the default)", out);
    else
        buf_add_string(out, option_table[option].help);
}

void command_print_help(const struct command *command, FILE *out) {
    fprintf(out, "usage: nullsender %s [OPTION...]%s%s\n\n", command->name,
            *command->arguments ? " " : "", command->arguments);
    print_paragraphs(command->description, out);
    putc('\n', out);
    struct buf help = BUF_INIT;
    for (enum option_id o = 0; o < OPTION_COUNT; o++) {
        if (!command_takes(command, o))
            continue;
        buf_reset(&help);
        command_option_help(command, o, &help);
        const struct option_info *info = &option_table[o];
        int width = info->letter ? fprintf(out, "  -%c, ", info->letter) : fprintf(out, "      ");
        width += fprintf(out, "--%s%s%s", info->name, info->argument ? " " : "",
                         info->argument ? info->argument : "");
        fprintf(out, "%*s", width < HELP_COLUMN ? HELP_COLUMN - width : 2, "");
        print_words(buf_bytes(&help), HELP_COLUMN, HELP_COLUMN, out);
        putc('\n', out);
    }
    buf_free(&help);
}
