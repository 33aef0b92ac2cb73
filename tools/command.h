/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a command of `vix` is: a row of a table that says how it is called, which options and
 * operands it takes, and what runs it. Parsing, help and usage errors all follow from the row.
 */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stdbool.h>

#include "crypto/basics.h"

/* Exit statuses, part of the contract with scripts. */
enum vix_exit {
    VIX_DONE = 0,
    VIX_REFUSED = 1, /* by the server (the problem is printed), by a check, or by the machine */
    VIX_USAGE = 2,
    VIX_NOT_CONNECTED = 3,
};

#define COMMAND_OPTIONS_MAXIMUM 12
#define COMMAND_WORDS_MAXIMUM 3

/* What a command talks to, and so which connection options it needs. */
enum command_face { COMMAND_LOCAL, COMMAND_PUBLIC, COMMAND_CONTROL };

struct option_spec {
    const char *name;
    const char *value; /* what its value is called in help; NULL: a flag */
    const char *help;  /* NULL: not shown, and always an error, for which `refusal` is the text */
    bool required;
    const char *refusal;
};

struct invocation;

struct command {
    const char *words;    /* "signal post" */
    const char *operands; /* as shown in help: "", "ID" */
    size_t operand_minimum;
    size_t operand_maximum;
    enum command_face face;
    const char *summary; /* one line */
    const char *details; /* further paragraphs of help, or NULL */
    struct option_spec options[COMMAND_OPTIONS_MAXIMUM + 1]; /* ends with a NULL name */
    /* Names of two of them that stand beside each other, of which exactly one must be given. */
    const char *one_of[2];
    int (*run)(const struct invocation *invocation); /* an enum vix_exit */
};

/* The tables, one for each family; each ends with a row whose `words` is NULL. */
extern const struct command keygen_commands[];
extern const struct command party_commands[];
extern const struct command operate_commands[];
extern const struct command upkeep_commands[];
extern const struct command signal_commands[];
extern const struct command professional_commands[];
extern const struct command match_commands[];
extern const struct command notices_commands[];
extern const struct command person_event_commands[];
extern const struct command rights_commands[];
extern const struct command statistics_commands[];
extern const struct command receipt_commands[];
extern const struct command audit_commands[];
extern const struct command witness_commands[];

#endif
