/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/print.h"

static const struct {
    const char *name;
    const char *value;
    const char *variable; /* of the environment, for its default */
    const char *help;
} common_options[COMMON_OPTIONS] = {
    [COMMON_URL] = {"url", "URL", "VIX_URL", "the index, as in https://index.example:8443"},
    [COMMON_CERT] = {"cert", "FILE", "VIX_CERT", "certificate of the party (PEM)"},
    [COMMON_KEY] = {"key", "FILE", "VIX_KEY", "its private key (PEM)"},
    [COMMON_CA] = {"ca", "FILE", "VIX_CA", "the authority that the server must be certified by"},
    [COMMON_ON_BEHALF_OF] = {"on-behalf-of", "OIN", NULL, "the party for which a supplier acts"},
    [COMMON_CONTROL] = {"control", "SOCKET", "VIX_CONTROL", "the operator's socket"},
    [COMMON_JSON] = {"json", NULL, NULL, "print for machines"},
    [COMMON_HELP] = {"help", NULL, NULL, "this help"},
    [COMMON_VERSION] = {"version", NULL, NULL, "the version"},
};

/* What getopt_long() returns: common options from COMMON_BASE, own ones from OWN_BASE. */
#define COMMON_BASE 0x100
#define OWN_BASE 0x200

#define COMPLAINT_SIZE 8192 /* there may be a path in it */

int options_complain(const struct command *command, const char *format, ...)
{
    char what[COMPLAINT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    fprintf(stderr, "vix%s%s: ", command != NULL ? " " : "", command != NULL ? command->words : "");
    print_safe(stderr, what);
    fprintf(stderr, "\nSee: vix help%s%s\n", command != NULL ? " " : "",
            command != NULL ? command->words : "");
    return VIX_USAGE;
}

static size_t count_options(const struct command *command)
{
    size_t count = 0;
    while (command != NULL && command->options[count].name != NULL) {
        count++;
    }
    return count;
}

static bool has_option(const struct command *command, const char *name)
{
    for (size_t i = 0; i < count_options(command); i++) {
        if (strcmp(command->options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void fill_long_options(const struct command *command, struct option *longs)
{
    for (size_t i = 0; i < count_options(command); i++) {
        const struct option_spec *own = &command->options[i];
        *longs++ = (struct option){own->name, own->value != NULL ? required_argument : no_argument,
                                   NULL, OWN_BASE + (int)i};
    }
    for (int i = 0; i < COMMON_OPTIONS; i++) {
        if (!has_option(command, common_options[i].name)) {
            *longs++ =
                (struct option){common_options[i].name,
                                common_options[i].value != NULL ? required_argument : no_argument,
                                NULL, COMMON_BASE + i};
        }
    }
    *longs = (struct option){0};
}

static int take_option(int found, char **argv, struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (found == 'h') {
        invocation->common[COMMON_HELP] = "";
    } else if (found >= OWN_BASE) {
        const struct option_spec *own = &command->options[found - OWN_BASE];
        if (own->help == NULL) {
            return options_complain(command, "%s", own->refusal);
        }
        if (invocation->given_count == OPTIONS_GIVEN_MAXIMUM) {
            return options_complain(command, "there are more than %d options",
                                    OPTIONS_GIVEN_MAXIMUM);
        }
        size_t option = (size_t)(found - OWN_BASE);
        const char *value = optarg != NULL ? optarg : "";
        invocation->values[option] = value;
        invocation->given[invocation->given_count++] = (struct given_option){option, value};
    } else if (found >= COMMON_BASE) {
        invocation->common[found - COMMON_BASE] = optarg != NULL ? optarg : "";
    } else if (found == ':') {
        return options_complain(command, "%s needs a value", argv[optind - 1]);
    } else {
        /* Never its value: a misspelt option may have had a BSN behind it. */
        const char *word = argv[optind - 1];
        return options_complain(command, "%.*s is no option here", (int)strcspn(word, "="), word);
    }
    return 0;
}

/* Takes options until the end, or with `leading` until the first operand; `optind` is after. */
static int take_options(int argc, char **argv, bool leading, struct invocation *invocation)
{
    struct option longs[COMMON_OPTIONS + COMMAND_OPTIONS_MAXIMUM + 1];
    fill_long_options(invocation->command, longs);
    optind = 0; /* glibc: start afresh, with another argv */
    opterr = 0;
    int found;
    while ((found = getopt_long(argc, argv, leading ? "+:h" : ":h", longs, NULL)) != -1) {
        int result = take_option(found, argv, invocation);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* How many of `words` the command's words are; 0 when it is another command. */
static size_t matching_words(const struct command *command, char *const *words, size_t count)
{
    const char *rest = command->words;
    for (size_t used = 0; used < count; used++) {
        size_t length = strcspn(rest, " ");
        if (strlen(words[used]) != length || strncmp(rest, words[used], length) != 0) {
            return 0;
        }
        if (rest[length] == '\0') {
            return used + 1;
        }
        rest += length + 1;
    }
    return 0;
}

const struct command *options_find(const struct command *const *families, char *const *words,
                                   size_t count, size_t *ret_used)
{
    for (; *families != NULL; families++) {
        for (const struct command *command = *families; command->words != NULL; command++) {
            size_t used = matching_words(command, words, count);
            if (used > 0) {
                *ret_used = used;
                return command;
            }
        }
    }
    return NULL;
}

/* What works without a server goes to one only where its user says so. */
static bool is_for_servers_alone(const struct invocation *invocation, int common)
{
    return common == COMMON_URL && invocation->command != NULL &&
           invocation->command->face == COMMAND_LOCAL;
}

static void take_environment(struct invocation *invocation)
{
    for (int i = 0; i < COMMON_OPTIONS; i++) {
        if (is_for_servers_alone(invocation, i)) {
            continue;
        }
        const char *variable = common_options[i].variable;
        const char *value = variable != NULL ? getenv(variable) : NULL;
        if (invocation->common[i] == NULL && value != NULL && value[0] != '\0') {
            invocation->common[i] = value;
        }
    }
}

static int check_one_of(const struct invocation *invocation)
{
    const char *const *names = invocation->command->one_of;
    if (names[0] == NULL) {
        return 0;
    }
    bool first = options_value(invocation, names[0]) != NULL;
    bool second = options_value(invocation, names[1]) != NULL;
    if (first && second) {
        return options_complain(invocation->command, "--%s and --%s exclude each other", names[0],
                                names[1]);
    }
    if (!first && !second) {
        return options_complain(invocation->command, "--%s is missing (or --%s)", names[0],
                                names[1]);
    }
    return 0;
}

static int check_complete(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    int result = check_one_of(invocation);
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < count_options(command); i++) {
        if (command->options[i].required && invocation->values[i] == NULL) {
            return options_complain(command, "--%s is missing", command->options[i].name);
        }
    }
    if (invocation->operand_count < command->operand_minimum) {
        return options_complain(command, "%s is missing", command->operands);
    }
    if (invocation->operand_count > command->operand_maximum) {
        return options_complain(
            command, "%zu word%s too many", invocation->operand_count - command->operand_maximum,
            invocation->operand_count - command->operand_maximum > 1 ? "s" : "");
    }
    return 0;
}

bool options_print_family(FILE *out, const struct command *const *families, const char *word)
{
    bool found = false;
    size_t length = strlen(word);
    for (; *families != NULL; families++) {
        for (const struct command *command = *families; command->words != NULL; command++) {
            if (strncmp(command->words, word, length) == 0 && command->words[length] == ' ') {
                fprintf(out, "  vix %-22s %s\n", command->words, command->summary);
                found = true;
            }
        }
    }
    return found;
}

static int complain_of_word(const struct command *const *families, const char *word)
{
    fprintf(stderr, "vix: there is no such command; see: vix help\n");
    options_print_family(stderr, families, word);
    return VIX_USAGE;
}

int options_parse(int argc, char **argv, const struct command *const *families,
                  struct invocation *ret_invocation)
{
    struct invocation invocation = {0};
    int result = take_options(argc, argv, true, &invocation);
    if (result != 0) {
        return result;
    }
    int first = optind;
    if (first < argc) {
        size_t used = 0;
        size_t words = (size_t)(argc - first);
        invocation.command = options_find(families, argv + first, words, &used);
        if (invocation.command == NULL) {
            return complain_of_word(families, argv[first]);
        }
        /* getopt takes its first word for the program's name: the command's last word. */
        int last_word = first + (int)used - 1;
        result = take_options(argc - last_word, argv + last_word, false, &invocation);
        if (result != 0) {
            return result;
        }
        invocation.operands = argv + last_word + optind;
        invocation.operand_count = (size_t)(argc - last_word - optind);
    }
    take_environment(&invocation);
    if (invocation.command != NULL && invocation.common[COMMON_HELP] == NULL) {
        result = check_complete(&invocation);
        if (result != 0) {
            return result;
        }
    }
    *ret_invocation = invocation;
    return 0;
}

const char *options_value(const struct invocation *invocation, const char *name)
{
    const struct option_spec *options = invocation->command->options;
    for (size_t i = 0; options[i].name != NULL; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return invocation->values[i];
        }
    }
    abort(); /* a command asks for an option that its own table does not have */
}

size_t options_values(const struct invocation *invocation, const char *name, const char **values,
                      size_t maximum)
{
    size_t count = 0;
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct given_option *given = &invocation->given[i];
        if (strcmp(invocation->command->options[given->option].name, name) == 0) {
            if (count < maximum) {
                values[count] = given->value;
            }
            count++;
        }
    }
    return count;
}

static void print_option(FILE *out, const char *name, const char *value, const char *help,
                         const char *variable)
{
    char left[64];
    snprintf(left, sizeof(left), "--%s%s%s", name, value != NULL ? " " : "",
             value != NULL ? value : "");
    fprintf(out, "  %-26s %s%s%s%s\n", left, help, variable != NULL ? " [" : "",
            variable != NULL ? variable : "", variable != NULL ? "]" : "");
}

static bool is_useful(const struct command *command, int common)
{
    switch (common) {
    case COMMON_CONTROL:
        return command->face == COMMAND_CONTROL;
    case COMMON_JSON:
    case COMMON_HELP:
    case COMMON_VERSION:
        return true;
    default:
        return command->face == COMMAND_PUBLIC;
    }
}

static void print_usage_of_option(FILE *out, const struct command *command,
                                  const struct option_spec *own)
{
    const char *before = own->required ? " " : " [";
    const char *after = own->required ? "" : "]";
    if (command->one_of[0] != NULL && strcmp(own->name, command->one_of[0]) == 0) {
        before = " (";
        after = "";
    } else if (command->one_of[1] != NULL && strcmp(own->name, command->one_of[1]) == 0) {
        before = " | ";
        after = ")";
    }
    fprintf(out, "%s--%s%s%s%s", before, own->name, own->value != NULL ? " " : "",
            own->value != NULL ? own->value : "", after);
}

void options_print_help(FILE *out, const struct command *command)
{
    fprintf(out, "vix %s", command->words);
    size_t count = count_options(command);
    for (size_t i = 0; i < count; i++) {
        if (command->options[i].help != NULL) {
            print_usage_of_option(out, command, &command->options[i]);
        }
    }
    fprintf(out, "%s%s\n\n%s\n", command->operands[0] != '\0' ? " " : "", command->operands,
            command->summary);
    if (command->details != NULL) {
        fprintf(out, "\n%s\n", command->details);
    }
    fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < count; i++) {
        if (command->options[i].help != NULL) {
            print_option(out, command->options[i].name, command->options[i].value,
                         command->options[i].help, NULL);
        }
    }
    for (int i = 0; i < COMMON_OPTIONS; i++) {
        if (is_useful(command, i) && !has_option(command, common_options[i].name)) {
            print_option(out, common_options[i].name, common_options[i].value,
                         common_options[i].help, common_options[i].variable);
        }
    }
}

void options_print_overview(FILE *out, const struct command *const *families)
{
    fprintf(out, "vix: operate, use and audit a Verwijsindex.\n\n"
                 "  vix [OPTIONS] COMMAND [OPTIONS] [OPERANDS]\n"
                 "  vix help COMMAND\n");
    static const struct {
        enum command_face face;
        const char *title;
    } groups[] = {
        {COMMAND_CONTROL, "For the operator, on the machine of the index (--control SOCKET)"},
        {COMMAND_PUBLIC, "For parties and auditors (--url, --cert, --key, --ca)"},
        {COMMAND_LOCAL, "Without a server"},
    };
    for (size_t g = 0; g < ARRAY_LENGTH(groups); g++) {
        fprintf(out, "\n%s:\n", groups[g].title);
        for (const struct command *const *family = families; *family != NULL; family++) {
            for (const struct command *command = *family; command->words != NULL; command++) {
                if (command->face == groups[g].face) {
                    fprintf(out, "  %-22s %s\n", command->words, command->summary);
                }
            }
        }
    }
    fprintf(out, "\nOptions of every command, with the variable that gives a default:\n");
    for (int i = 0; i < COMMON_OPTIONS; i++) {
        print_option(out, common_options[i].name, common_options[i].value, common_options[i].help,
                     common_options[i].variable);
    }
    fprintf(out, "\nExit status: 0 done, 1 refused (the problem is printed), 2 wrong usage, "
                 "3 no connection.\n");
}
