/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What is left of an index that was wound down: a directory with
 *
 *   statement  the checkpoint of the log's final tree, in whose extension lines the log's key has
 *              signed `wound-down <RFC 3339 time>` and AUDIT_DESTROYED
 *   leaves     the commitments of all entries, 32 bytes each, in the order of the log
 *
 * The records are destroyed with the rest; the leaves let whoever has kept a checkpoint or a
 * receipt still prove that it was part of this log.
 */
#ifndef TOOLS_AUDIT_WIND_DOWN_H
#define TOOLS_AUDIT_WIND_DOWN_H

#include "tools/audit/report.h"

#define AUDIT_STATEMENT "statement"
#define AUDIT_UNFINISHED ".statement" /* until it is certain that the index has ended */
#define AUDIT_LEAVES "leaves"
#define AUDIT_WOUND_DOWN "wound-down "
#define AUDIT_DESTROYED "destroyed all epoch keys and all rows of this index"

/* Whether the directory (a descriptor) holds a statement, be it one that does not count yet. */
bool audit_is_wind_down(int directory);

/*
 * Checks the signature, the words of the statement, that the tree of the leaves has the signed
 * size and root, and, given an earlier checkpoint, that it is of an earlier tree of this log. 0,
 * good when the report has no findings; -errno when a file cannot be read for another reason than
 * that it is not there.
 */
int audit_check_wind_down(int directory, const struct checkpoint_vkey *vkey, const char *since,
                          struct audit_report *ret_report) MUST_CHECK;

#endif
