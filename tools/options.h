/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Reads the command line of `vix` by the tables of command.h: options of every command may stand
 * before or after its words, its own only after them. Where a command has an option with the name
 * of a common one (`audit verify --key`), its own is meant.
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

/* A command line that was understood. The strings are argv's or the environment's. */
struct invocation {
    const struct command *command; /* NULL: none was named */
    const char *common[COMMON_OPTIONS];
    const char *values[COMMAND_OPTIONS_MAXIMUM]; /* beside command->options; "" for a flag */
    char *const *operands;
    size_t operand_count;
};

/* `families` ends with NULL. 0 or VIX_USAGE, and then it has been said on stderr what is wrong.
 * With --help, neither required options nor the number of operands are looked at. */
int options_parse(int argc, char **argv, const struct command *const *families,
                  struct invocation *ret_invocation) MUST_CHECK;

/* The value of an option of the command itself; NULL when it was not given. */
const char *options_value(const struct invocation *invocation, const char *name);

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
