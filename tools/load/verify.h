/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Whether the index still knows what it acknowledged: every identity lists its signals, page after
 * page, with another client than the one that made the load, and each acknowledged id must be there
 * exactly once; and what was withdrawn must not be live any more. Several identities at a time, in
 * threads that are gone when it returns.
 */
#ifndef TOOLS_LOAD_VERIFY_H
#define TOOLS_LOAD_VERIFY_H

#include "tools/load/acknowledged.h"
#include "tools/load/identity.h"
#include "tools/load/options.h"

struct bench_verdict {
    uint64_t acknowledged; /* different ids */
    uint64_t found;
    uint64_t missing;
    uint64_t doubled; /* listed more than once */
    uint64_t withdrawn;
    uint64_t undead; /* withdrawn, and listed as live */
    int64_t took;    /* ns */
    bool complete;   /* every identity's list was read to its end */
};

/* Sorts `list`. An enum vix_exit; VIX_REFUSED also when the comparison failed. */
int bench_verify(const struct bench_options *options, const struct bench_identities *identities,
                 struct bench_acknowledged *list, struct bench_verdict *ret_verdict) MUST_CHECK;

#endif
