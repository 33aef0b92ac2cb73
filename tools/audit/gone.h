/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which destroyed entries the log itself accounts for. When the records of a month have come to
 * their term the log says so before it destroys them: an entry `records-destroyed` with the first
 * of all that is destroyed by then as its object, and how many. Each accounts for all from the
 * beginning of the log on, so that the newest is enough; what stands destroyed and is named by
 * none, be it before or behind what they name, is worth a question.
 */
#ifndef TOOLS_AUDIT_GONE_H
#define TOOLS_AUDIT_GONE_H

#include "tools/answer.h"

/* Stretches of entries; a log that is destroyed month by month has one. */
#define AUDIT_GONE_MAXIMUM 256

struct audit_range {
    uint64_t first;
    uint64_t end; /* the index behind the last */
};

struct audit_gone {
    size_t count;
    struct audit_range ranges[AUDIT_GONE_MAXIMUM]; /* destroyed, and not accounted for */
    uint64_t more;                                 /* entries for which there was no room */
};

/* The entry is destroyed. Those of a log come in order. */
void audit_gone_add(struct audit_gone *gone, uint64_t index);
/* An entry of the log says that these were. */
void audit_gone_explain(struct audit_gone *gone, const struct audit_range *said);
/* How many no entry named. */
uint64_t audit_gone_unexplained(const struct audit_gone *gone);

/* Whether a record says so, and of which. */
bool audit_gone_read(const struct answer *record, struct audit_range *ret_said);

#endif
