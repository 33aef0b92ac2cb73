/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a check of a log has found: collected rather than printed, so that all of it can be told at
 * once.
 */
#ifndef TOOLS_AUDIT_REPORT_H
#define TOOLS_AUDIT_REPORT_H

#include <stdbool.h>

#include "crypto/checkpoint.h"

#define AUDIT_FINDINGS_MAXIMUM 50
#define AUDIT_FINDING_SIZE 256
#define AUDIT_TIME_SIZE 32

struct audit_finding {
    bool has_index;
    uint64_t index; /* of the entry that it is about */
    char what[AUDIT_FINDING_SIZE];
};

struct audit_report {
    struct checkpoint checkpoint; /* once it was found good */
    bool has_checkpoint;
    uint64_t first_index; /* of the export */
    uint64_t entries;
    bool has_since;
    uint64_t since_size;
    bool is_wind_down; /* of an index that is no more (audit_wind_down.h) */
    char wound_down_at[AUDIT_TIME_SIZE];
    size_t finding_count; /* all of them; the first AUDIT_FINDINGS_MAXIMUM are kept */
    struct audit_finding findings[AUDIT_FINDINGS_MAXIMUM];
};

/* Adds a finding, as printf would print it. */
void audit_find(struct audit_report *report, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same about an entry. */
void audit_find_in_entry(struct audit_report *report, uint64_t index, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * Opens a signed note, or finds what is wrong with it and returns false. `which` names it in the
 * finding: "checkpoint".
 */
bool audit_open_note(struct audit_report *report, const char *which, const char *note,
                     const struct checkpoint_vkey *vkey, struct checkpoint *ret_checkpoint);

#endif
