/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reads the command line of `vix` by the tables of command.h: options of every command may stand
 * before or after its words, its own only after them. Where a command has an option with the name
 * of a common one (`audit verify --key`), its own is meant there, and the common one can only stand
 * before the words. A command that needs no server takes no address of one from the environment.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdio.h>

#include "tools/command.h"

/* The options that every command has; in the order of the table in options.c. */
enum common_option {
    COMMON_URL,
    COMMON_CERT,
    COMMON_KEY,
    COMMON_CA,
    COMMON_ON_BEHALF_OF,
    COMMON_CONTROL,
    COMMON_JSON,
    COMMON_HELP,
    COMMON_VERSION,
    COMMON_OPTIONS,
};

/* Occurrences of options of a command itself on one command line. */
#define OPTIONS_GIVEN_MAXIMUM 64

/* A command line that was understood. The strings are argv's or the environment's. */
struct invocation {
    const struct command *command; /* NULL: none was named */
    const char *common[COMMON_OPTIONS];
    /* Beside command->options, of those given more than once the last; "" for a flag. */
    const char *values[COMMAND_OPTIONS_MAXIMUM];
    /* All of them, in the order in which they came; `option` counts in command->options. */
    struct given_option {
        size_t option;
        const char *value;
    } given[OPTIONS_GIVEN_MAXIMUM];
    size_t given_count;
    char *const *operands;
    size_t operand_count;
};

/* `families` ends with NULL. 0 or VIX_USAGE, and then it has been said on stderr what is wrong.
 * With --help, neither required options nor the number of operands are looked at. */
int options_parse(int argc, char **argv, const struct command *const *families,
                  struct invocation *ret_invocation) MUST_CHECK;

/* The value of an option of the command itself; NULL when it was not given. */
const char *options_value(const struct invocation *invocation, const char *name);

/* Of one that may be given more than once: all its values, of which at most `maximum` are written
 * to `values`. Returns how many there are. */
size_t options_values(const struct invocation *invocation, const char *name, const char **values,
                      size_t maximum);

/* The command whose words begin `words`, and how many of them those are; NULL when none does. */
const struct command *options_find(const struct command *const *families, char *const *words,
                                   size_t count, size_t *ret_used);

void options_print_help(FILE *out, const struct command *command);
/* The commands that begin with `word`, with their summaries; false when none does. */
bool options_print_family(FILE *out, const struct command *const *families, const char *word);
void options_print_overview(FILE *out, const struct command *const *families);

/* `vix signal post: <text>` on stderr, and where help is. Returns VIX_USAGE. */
int options_complain(const struct command *command, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
