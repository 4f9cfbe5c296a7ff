/* A tool of the build: writes a manual page in mdoc(7) from its frame in etc/man/ to standard
 * output. The frame's line `.\" commands` becomes a section for each row of the command table,
 * `.\" options` the options that every command takes, `.\" keys` the keys of the configuration, as
 * etc/nullsender.conf explains them, and `.\" presets` the VERP patterns that have a name. */
#include "classify/verp.h"
#include "cmd/base/buf.h"
#include "cmd/base/bytes.h"
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text between mdoc's macros: a backslash, and a point or quote that starts a line, mean something
 * there; a plain hyphen would come out as a typographic one. Each sentence starts a line, as
 * mandoc's lint wants it. */
static void print_text(struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool starts_line = i == 0 || text.data[i - 1] == '\n';
        bool ends_sentence = i > 1 && text.data[i - 1] == '.' && ascii_is_alpha(text.data[i - 2]);
        if (c == ' ' && ends_sentence) {
            putchar('\n');
            continue;
        }
        if (starts_line && (c == '.' || c == '\''))
            fputs("\\&", stdout);
        if (c == '\\')
            fputs("\\e", stdout);
        else if (c == '-')
            fputs("\\-", stdout);
        else
            putchar(c);
    }
}

/* An argument of a macro; quotes inside are written twice. */
static void print_argument(const char *text) {
    fputs(" \"", stdout);
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        print_text((struct bytes){text, 1});
    }
    putchar('"');
}

/* Paragraphs; indented lines are shown as they are. */
static void print_paragraphs(struct bytes text) {
    bool literal = false;
    bool blank = false;
    struct bytes line;
    while (bytes_next_line(&text, &line)) {
        bool indented = line.len > 1 && line.data[0] == ' ' && line.data[1] == ' ';
        if (!line.len) {
            blank = true;
            continue;
        }
        if (literal && !indented) {
            puts(".Ed");
            literal = false;
            puts(".Pp");
        } else if (!literal && indented) {
            puts(".Bd -literal -offset indent");
            literal = true;
        } else if (blank) {
            puts(literal ? "" : ".Pp");
        }
        blank = false;
        print_text(literal ? bytes_from(line, 2) : line);
        putchar('\n');
    }
    if (literal)
        puts(".Ed");
}

/* Of a command; those that all take where it is NULL. */
static void print_options(const struct command *command) {
    uint64_t options = command ? command->options : command_common_options;
    struct buf help = BUF_INIT;
    puts(".Bl -tag -width Ds");
    for (enum option_id o = 0; o < OPTION_COUNT; o++) {
        const struct option_info *info = &option_table[o];
        if (!(options >> o & 1))
            continue;
        fputs(".It", stdout);
        if (info->letter)
            printf(" Fl %c ,", info->letter);
        fputs(" Fl \\-", stdout);
        print_text(bytes_of(info->name));
        if (info->argument)
            printf(" Ar %s", info->argument);
        putchar('\n');
        buf_reset(&help);
        command_option_help(command, o, &help);
        print_text(buf_bytes(&help));
        putchar('\n');
    }
    buf_free(&help);
    puts(".El");
}

static void print_commands(void) {
    for (const struct command *c = command_table; c->name; c++) {
        printf(".Ss nullsender %s", c->name);
        if (*c->arguments)
            print_argument(c->arguments);
        putchar('\n');
        print_paragraphs(bytes_of(c->description));
        if (c->options)
            print_options(c);
    }
}

/* What has been read of the sample and not printed yet. */
struct sample {
    const char *section; /* of config_keys; NULL: outside of any */
    bool commented;      /* the whole section stands behind '#' */
    bool in_list;        /* .Bl is open */
    struct buf comment;  /* of the key that comes next */
    struct bytes value;  /* of a list: the lines from '{' to '}' */
    const struct config_key *list_key;
};

static const char *section_named(struct bytes word) {
    for (const struct config_key *k = config_keys; k->name; k++)
        if (k->section && bytes_equal(word, bytes_of(k->section)))
            return k->section;
    return NULL;
}

static struct bytes without_hash(struct bytes line) {
    line = bytes_trim(line);
    return line.len && *line.data == '#' ? bytes_trim(bytes_from(line, 1)) : line;
}

/* The section that a line opens: `database {` or `# mailbox "bounces" {`. */
static const char *section_opened(struct bytes line) {
    line = without_hash(line);
    if (!line.len || line.data[line.len - 1] != '{')
        return NULL;
    long end = bytes_find_char(line, ' ');
    return end < 0 ? NULL : section_named(bytes_first(line, (size_t)end));
}

static bool value_fits(const struct config_key *key, struct bytes value) {
    char *end;
    switch (key->type) {
    case CONFIG_NUMBER: strtol(value.data, &end, 10); return end == value.data + value.len;
    case CONFIG_FLAG:
        return bytes_equal(value, bytes_of("true")) || bytes_equal(value, bytes_of("false"));
    case CONFIG_LIST: return value.len && *value.data == '{';
    default: return value.len > 1 && *value.data == '"' && value.data[value.len - 1] == '"';
    }
}

/* The key that a line sets, and the text of its value; NULL for a line of prose. */
static const struct config_key *key_set(const struct sample *sample, struct bytes line,
                                        struct bytes *value) {
    line = without_hash(line);
    long equals = bytes_find(line, " = ");
    if (equals < 0)
        return NULL;
    struct bytes name = bytes_first(line, (size_t)equals);
    *value = bytes_from(line, (size_t)equals + 3);
    for (const struct config_key *k = config_keys; k->name; k++)
        if (bytes_equal(name, bytes_of(k->name)) && value_fits(k, *value) &&
            (k->section == sample->section ||
             (k->section && sample->section && !strcmp(k->section, sample->section))))
            return k;
    return NULL;
}

static void print_comment(struct sample *sample) {
    print_paragraphs(buf_bytes(&sample->comment));
    buf_reset(&sample->comment);
}

static void close_list(struct sample *sample) {
    if (sample->in_list)
        puts(".El");
    sample->in_list = false;
}

static void print_kind(const struct config_key *key, struct bytes value) {
    switch (key->type) {
    case CONFIG_NUMBER: printf("A number from %ld to %ld.\n", key->min, key->max); break;
    case CONFIG_CHOICE:
        fputs("One of", stdout);
        for (const char *c = key->choices; *c; c++)
            if (c == key->choices || c[-1] == ' ')
                printf("%s %.*s", c == key->choices ? "" : ",", (int)strcspn(c, " "), c);
        puts(".");
        break;
    case CONFIG_LIST: puts("A list of texts:"); return;
    default: break;
    }
    puts(key->initial ? "Default:" : "For example:");
    fputs(".Ql", stdout);
    struct buf text = BUF_INIT;
    buf_add_bytes(&text, value);
    print_argument(text.data);
    puts(" .");
    buf_free(&text);
}

static void print_key(struct sample *sample, const struct config_key *key, struct bytes value) {
    if (!sample->in_list)
        puts(".Bl -tag -width Ds");
    sample->in_list = true;
    printf(".It Ic %s\n", key->name);
    print_comment(sample);
    print_kind(key, value);
}

/* A line of a list's value, shown as it is. */
static void print_list_line(struct sample *sample, struct bytes line) {
    struct bytes text = without_hash(line);
    bool starts = text.len == 1 && *text.data == '{';
    bool ends = text.len && text.data[text.len - 1] == '}';
    if (!starts && !ends)
        fputs("    ", stdout);
    print_text(text);
    putchar('\n');
    if (ends) {
        puts(".Ed");
        sample->list_key = NULL;
    }
}

static void sample_line(struct sample *sample, struct bytes line) {
    const char *opened = section_opened(line);
    struct bytes value;
    if (sample->list_key) {
        print_list_line(sample, line);
        return;
    }
    if (opened) {
        close_list(sample);
        sample->section = opened;
        sample->commented = *line.data == '#';
        fputs(".Ss Section", stdout);
        print_argument(opened);
        putchar('\n');
        print_comment(sample);
        return;
    }
    if (sample->commented && line.len && *line.data == '#')
        line = bytes_from(line, 1);
    line = bytes_trim(line);
    const struct config_key *key = key_set(sample, line, &value);
    if (key) {
        print_key(sample, key, value);
        if (key->type == CONFIG_LIST) {
            puts(".Bd -literal");
            printf("%s = ", key->name);
            sample->list_key = key;
            print_list_line(sample, value);
        }
    } else if (bytes_equal(line, bytes_of("}"))) {
        close_list(sample);
        sample->section = NULL;
        sample->commented = false;
    } else if (line.len) {
        buf_add_bytes(&sample->comment, without_hash(line));
        buf_add_char(&sample->comment, '\n');
    } else if (!sample->section && !sample->in_list) {
        buf_reset(&sample->comment); /* what the file says of itself */
    }
}

static int print_keys(struct err *err) {
    struct buf text = BUF_INIT;
    struct sample sample = {.comment = BUF_INIT};
    int rc = file_read("etc/nullsender.conf", &text, err);
    struct bytes rest = buf_bytes(&text);
    struct bytes line;
    while (rc == 0 && bytes_next_line(&rest, &line))
        sample_line(&sample, line);
    close_list(&sample);
    buf_free(&sample.comment);
    buf_free(&text);
    return rc;
}

static void print_presets(void) {
    puts(".Bl -tag -width nullsender");
    for (const struct verp_preset *preset = verp_presets; preset->name; preset++) {
        printf(".It Ic %s\n.Ql ", preset->name);
        print_text(bytes_of(preset->template_text));
        fputs("\n.br\n", stdout);
        print_text(bytes_of(preset->used_by));
        putchar('\n');
    }
    puts(".El");
}

static int print_page(struct bytes frame, struct err *err) {
    struct bytes line;
    while (bytes_next_line(&frame, &line)) {
        if (bytes_equal(line, bytes_of(".\\\" commands")))
            print_commands();
        else if (bytes_equal(line, bytes_of(".\\\" options")))
            print_options(NULL);
        else if (bytes_equal(line, bytes_of(".\\\" presets")))
            print_presets();
        else if (!bytes_equal(line, bytes_of(".\\\" keys")))
            printf("%.*s\n", (int)line.len, line.data);
        else if (print_keys(err) != 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct buf frame = BUF_INIT;
    struct err err;
    if (argc != 2) {
        fputs("usage: manual etc/man/PAGE > PAGE\n", stderr);
        return ERR_USAGE;
    }
    int rc = file_read(argv[1], &frame, &err);
    if (rc == 0)
        rc = print_page(buf_bytes(&frame), &err);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_set_errno(&err, ERR_IO, "standard output");
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);
    buf_free(&frame);
    return rc == 0 ? 0 : (int)err.code;
}
