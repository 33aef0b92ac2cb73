/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Witnesses that somebody trusts: by their verifier keys, as `vix witness init` prints them. A
 * witness has cosigned a head after it saw that the log had only been added to (C2SP
 * tlog-cosignature, tlog-witness).
 */
#ifndef TOOLS_AUDIT_WITNESS_H
#define TOOLS_AUDIT_WITNESS_H

#include "tools/audit/report.h"
#include "tools/instant.h"
#include "tools/options.h"

struct audit_witnesses {
    size_t count;
    struct checkpoint_vkey keys[AUDIT_WITNESSES_MAXIMUM];
};

/* The values of --witness. 0, or VIX_USAGE after saying what is wrong. */
int audit_witnesses_read(const struct invocation *invocation,
                         struct audit_witnesses *ret_witnesses) MUST_CHECK;
/* The value of --key. The same. */
int audit_log_key_read(const struct invocation *invocation,
                       struct checkpoint_vkey *ret_vkey) MUST_CHECK;

/*
 * Looks for a witness's cosignature in a note. CHECKPOINT_OK, and then the checkpoint and the time
 * are set; CHECKPOINT_NOT_SIGNED, CHECKPOINT_BAD_SIGNATURE or CHECKPOINT_MALFORMED. Whether the log
 * has signed it, is asked of the log's own key.
 */
int audit_witness_open(const char *note, size_t length, const struct checkpoint_vkey *witness,
                       struct audit_cosignature *ret_cosignature) MUST_CHECK;

/* `{"name":…,"treeSize":…,"time":…}`. */
void audit_cosignature_add(const struct audit_cosignature *cosignature, struct text *json);

#endif
