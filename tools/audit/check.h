/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Checks an exported log (file.h) with nothing but the log's verifier key: the checkpoint's
 * signature; that every record fits its commitment, or is said to be destroyed; that no entry is
 * missing, double or out of order; that times never go backwards; that the tree of all entries has
 * the signed root; given an earlier checkpoint, that the log has only been added to since; and
 * given witnesses, that each has cosigned a head of this very tree.
 */
#ifndef TOOLS_AUDIT_CHECK_H
#define TOOLS_AUDIT_CHECK_H

#include "tools/audit/witness.h"

/* Whom to believe. */
struct audit_trust {
    const struct checkpoint_vkey *log;       /* NULL: no signature is looked at */
    const struct audit_witnesses *witnesses; /* NULL: none */
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
int audit_check(int directory, const struct audit_trust *trust, const char *since,
                struct audit_report *ret_report) MUST_CHECK;

#endif
