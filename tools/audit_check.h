/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Checks an exported log (audit_file.h) with nothing but the log's verifier key: the checkpoint's
 * signature; that every record fits its commitment; that no entry is missing, double or out of
 * order; that times never go backwards; that the tree of all entries has the signed root; and,
 * given an earlier checkpoint, that the log has only been added to since.
 *
 * What is found is collected rather than printed, so that all of it can be told at once.
 */
#ifndef TOOLS_AUDIT_CHECK_H
#define TOOLS_AUDIT_CHECK_H

#include <stdbool.h>

#include "crypto/checkpoint.h"

#define AUDIT_FINDINGS_MAXIMUM 50
#define AUDIT_FINDING_SIZE 256

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
    size_t finding_count; /* all of them; the first AUDIT_FINDINGS_MAXIMUM are kept */
    struct audit_finding findings[AUDIT_FINDINGS_MAXIMUM];
};

enum audit_check_condition {
    AUDIT_CHECKED = 0,     /* good when the report has no findings */
    AUDIT_NEEDS_SINCE = 1, /* the export continues an earlier one, whose checkpoint was not given */
};
/*
 * `directory` is a descriptor; `since` the text of an earlier checkpoint, or NULL. Streams: memory
 * does not grow with the log. -errno when a file cannot be read for another reason than that it is
 * not there.
 */
int audit_check(int directory, const struct checkpoint_vkey *vkey, const char *since,
                struct audit_report *ret_report) MUST_CHECK;

#endif
