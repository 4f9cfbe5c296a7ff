/* A tool of the build: writes the completion of the shell that is named, bash or zsh, to standard
 * output. Commands, options and what they take come from the command table, verdicts and categories
 * from classify/verdict.h. */
#include "classify/verdict.h"
#include "cmd/command.h"
#include "cmd/log.h"

#include <stdio.h>
#include <string.h>

/* What the argument of an option or command can be, by the word that --help shows for it. In both
 * shells $formats has those of the command, the other variables are those of print_words(). */
struct kind {
    const char *word;
    const char *bash; /* arguments of compgen */
    const char *zsh;  /* what follows the colon of an _arguments specification */
};

static const struct kind kinds[] = {
    {"FILE", "-f", "_files"},
    {"DIR", "-d", "_files -/"},
    {"CATEGORY", "-W \"$categories\"", "($categories)"},
    {"VERDICT", "-W \"$verdicts\"", "($verdicts)"},
    {"FORMAT", "-W \"$formats\"", "($formats)"},
    {"WHERE", "-W \"$log_formats\"", "($log_formats)"},
    {NULL, NULL, NULL},
};

static const struct kind *kind_of(const char *argument) {
    for (const struct kind *k = kinds; argument && k->word; k++)
        if (!strncmp(argument, k->word, strlen(k->word)))
            return k;
    return NULL;
}

static bool takes(const struct command *command, enum option_id option) {
    return (command->options | command_common_options) >> option & 1;
}

static void print_words(void) {
    fputs("categories=\"", stdout);
    for (enum category c = 0; c < CATEGORY_COUNT; c++)
        printf("%s%s", c ? " " : "", category_info(c)->name);
    fputs("\"\n    local verdicts=\"", stdout);
    for (enum verdict v = 0; v < VERDICT_COUNT; v++)
        printf("%s%s", v ? " " : "", verdict_name(v));
    printf("\" log_formats=\"%s\" formats=\"\"\n", log_format_names);
}

static void bash_option(const char *before, const struct option_info *info, const char *between) {
    printf("%s--%s", before, info->name);
    if (info->letter)
        printf("%s-%c", between, info->letter);
}

/* The first words of all commands, or the second ones of those that begin with `first`. */
static void bash_commands(const char *first) {
    size_t len = first ? strlen(first) : 0;
    const char *before = "";
    for (const struct command *c = command_table; c->name; c++) {
        size_t word = strcspn(c->name, " ");
        bool same = !strncmp(c->name, before, word) && strcspn(before, " ") == word;
        before = c->name;
        if (first && word == len && !memcmp(c->name, first, len) && c->name[word])
            printf("%s ", c->name + word + 1);
        else if (!first && !same)
            printf("%.*s ", (int)word, c->name);
    }
}

/* "COMMAND OPTION" | ... of the options whose argument is of a kind; NULL is none of the table. */
static void bash_options_of(const struct kind *kind) {
    const char *separator = "    ";
    for (const struct command *c = command_table; c->name; c++)
        for (enum option_id o = 0; o < OPTION_COUNT; o++) {
            const struct option_info *info = &option_table[o];
            if (!info->argument || !takes(c, o) || kind_of(info->argument) != kind)
                continue;
            printf("%s\"%s --%s\"", separator, c->name, info->name);
            separator = " | ";
            if (info->letter)
                printf(" | \"%s -%c\"", c->name, info->letter);
        }
}

static void print_bash(void) {
    puts("# bash completion of nullsender(8)\n"
         "_nullsender() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "    local command=\"\" words=() i");
    fputs("    local ", stdout);
    print_words();
    puts("    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "        case ${COMP_WORDS[i]} in");
    const char *separator = "        ";
    for (enum option_id o = 0; o < OPTION_COUNT; o++)
        if (option_table[o].argument) {
            bash_option(separator, &option_table[o], " | ");
            separator = " | ";
        }
    puts(") ((i++)) ;;\n"
         "        -*) ;;\n"
         "        *) words+=(\"${COMP_WORDS[i]}\") ;;\n"
         "        esac\n"
         "    done\n"
         "    case \"${words[0]} ${words[1]}\" in");
    separator = "    ";
    for (const struct command *c = command_table; c->name; c++)
        if (strchr(c->name, ' ')) {
            printf("%s\"%s\"", separator, c->name);
            separator = " | ";
        }
    puts(") command=\"${words[0]} ${words[1]}\" ;;\n"
         "    *) command=${words[0]} ;;\n"
         "    esac\n"
         "    local options=\"\" arguments=\"\"\n"
         "    case $command in");
    fputs("    \"\") arguments=\"", stdout);
    bash_commands(NULL);
    puts("\" options=\"--config --help --version\" ;;");
    const char *before = "";
    for (const struct command *c = command_table; c->name; c++) {
        size_t word = strcspn(c->name, " ");
        if (c->name[word] && strncmp(before, c->name, word + 1) != 0) {
            char first[64];
            snprintf(first, sizeof first, "%.*s", (int)word, c->name);
            printf("    %s) arguments=\"", first);
            bash_commands(first);
            puts("\" ;;");
        }
        before = c->name;
        printf("    \"%s\") options=\"", c->name);
        for (enum option_id o = 0; o < OPTION_COUNT; o++)
            if (takes(c, o))
                bash_option(" ", &option_table[o], " ");
        if (c->formats)
            printf("\" formats=\"%s", c->formats);
        printf("\"%s ;;\n", kind_of(c->arguments) ? " arguments=files" : "");
    }
    puts("    esac\n"
         "    COMPREPLY=()\n"
         "    case \"$command $previous\" in");
    for (const struct kind *k = kinds; k->word; k++) {
        bash_options_of(k);
        printf(") mapfile -t COMPREPLY < <(compgen %s -- \"$current\") && return ;;\n", k->bash);
    }
    bash_options_of(NULL);
    puts(") return ;;");
    puts("    esac\n"
         "    if [[ $current == -* ]]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "    elif [[ $arguments == files ]]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "    else\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$arguments\" -- \"$current\")\n"
         "    fi\n"
         "}\n"
         "complete -o filenames -F _nullsender nullsender");
}

/* A text inside single quotes and, where it stands there, inside [...] of _arguments. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_options(const struct command *command) {
    struct buf help = BUF_INIT;
    for (enum option_id o = 0; o < OPTION_COUNT; o++) {
        const struct option_info *info = &option_table[o];
        if (!takes(command, o))
            continue;
        const struct kind *kind = kind_of(info->argument);
        fputs(" \\\n            ", stdout);
        if (info->letter)
            printf("{-%c,--%s}", info->letter, info->name);
        else
            printf("--%s", info->name);
        fputs("'[", stdout);
        buf_reset(&help);
        command_option_help(command, o, &help);
        zsh_text(help.data);
        putchar(']');
        if (info->argument)
            printf(":%s:", info->argument);
        putchar('\'');
        if (kind)
            printf("\"%s\"", kind->zsh);
    }
    buf_free(&help);
}

static void print_zsh(void) {
    puts("#compdef nullsender\n"
         "# zsh completion of nullsender(8)\n"
         "_nullsender() {\n"
         "    local curcontext=$curcontext state line command");
    fputs("    local ", stdout);
    print_words();
    puts("    local -a commands=(");
    for (const struct command *c = command_table; c->name; c++) {
        fputs("        '", stdout);
        zsh_text(c->name);
        putchar(':');
        zsh_text(c->summary);
        puts("'");
    }
    puts("    )\n"
         "    _arguments -C {-c,--config}'[configuration file]:FILE:_files' \\\n"
         "        {-h,--help}'[help]' {-V,--version}'[version]' \\\n"
         "        '1:command:->command' '*::argument:->argument'\n"
         "    case $state in\n"
         "    command)\n"
         "        local -aU groups=(${${(M)commands:#[a-z]## *}%% *})\n"
         "        local -a single=(${commands:#[a-z]## *})\n"
         "        _describe -t commands command single\n"
         "        compadd -a groups\n"
         "        ;;\n"
         "    argument)\n"
         "        command=$words[1]\n"
         "        local -a second=(${${(M)commands:#$command *}#* })\n"
         "        if (( $#second )); then\n"
         "            if (( CURRENT == 2 )); then\n"
         "                _describe -t commands \"$command command\" second\n"
         "                return\n"
         "            fi\n"
         "            command+=\" $words[2]\"\n"
         "            shift words\n"
         "            (( CURRENT-- ))\n"
         "        fi\n"
         "        case $command in");
    for (const struct command *c = command_table; c->name; c++) {
        printf("        '%s') ", c->name);
        if (c->formats)
            printf("formats=\"%s\"; ", c->formats);
        fputs("_arguments", stdout);
        zsh_options(c);
        const struct kind *kind = kind_of(c->arguments);
        printf(" \\\n            '*:argument:%s' ;;\n", kind ? kind->zsh : "");
    }
    puts("        esac\n"
         "        ;;\n"
         "    esac\n"
         "}\n"
         "_nullsender \"$@\"");
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "bash")) {
        print_bash();
    } else if (argc == 2 && !strcmp(argv[1], "zsh")) {
        print_zsh();
    } else {
        fputs("usage: completions bash|zsh\n", stderr);
        return 64;
    }
    return fflush(stdout) ? 74 : 0;
}
