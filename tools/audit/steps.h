/* SPDX-License-Identifier: EUPL-1.2 */
/* What was checked, one line for each, with what came of it: for people and for machines. */
#ifndef TOOLS_AUDIT_STEPS_H
#define TOOLS_AUDIT_STEPS_H

#include <stdio.h>

#include "tools/audit/report.h"
#include "tools/text.h"

#define AUDIT_STEPS_MAXIMUM (AUDIT_WITNESSES_MAXIMUM + AUDIT_PARTS + 4)
#define AUDIT_STEP_SIZE 384

struct audit_steps {
    size_t count;
    struct audit_step {
        const char *name; /* "signature" */
        enum audit_state state;
        char detail[AUDIT_STEP_SIZE];
    } steps[AUDIT_STEPS_MAXIMUM];
};

/* Adds one, with its detail as printf would print it. */
void audit_steps_add(struct audit_steps *steps, enum audit_state state, const char *name,
                     const char *format, ...) PRINTF_LIKE(4, 5);
bool audit_steps_are_good(const struct audit_steps *steps);

/* "  good         signature    signed by …" */
void audit_steps_print(FILE *out, const struct audit_steps *steps);
/* The member `checks`: [{"check":…,"result":"good"|"bad"|"not-checked","detail":…}]. */
void audit_steps_add_member(const struct audit_steps *steps, struct text *json);

#endif
