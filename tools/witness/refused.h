/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A head that a log has signed, and that a witness could not let follow from the last one that it
 * cosigned: held against that one, and kept beside it, so that others can do the same. As bytes:
 *
 *   the cosigned head, a signed note, as the witness keeps it
 *   an empty line
 *   the request that was refused, as it came (request.h)
 *
 * Pure; looks at no signature.
 */
#ifndef TOOLS_WITNESS_REFUSED_H
#define TOOLS_WITNESS_REFUSED_H

#include "tools/witness/request.h"

enum witness_finding {
    WITNESS_NO_FORK = 0, /* it follows, is older, of another log, or there is nothing to compare */
    /* Of one size two roots: whoever signed both has two logs. */
    WITNESS_FORK_OF_SIZE,
    /* The proof leads to the refused root, from another tree of the cosigned size. As hashes do not
     * collide, that tree is the beginning of the one that was signed: nobody but who made that can
     * have made such a proof. Cannot be seen where the cosigned size is a power of two, as a proof
     * does not tell the root of that tree then. */
    WITNESS_FORK_PROVED,
    /* The proof leads nowhere. It is not signed, so anybody who has the head can have sent it. */
    WITNESS_UNPROVED,
};
/* Of a request that asks to go on from the size of `cosigned`, or is of that size itself. */
enum witness_finding witness_refused_judge(const struct checkpoint *cosigned,
                                           const struct witness_request *request);

#define WITNESS_REFUSED_MAXIMUM (CHECKPOINT_NOTE_MAXIMUM + 1 + WITNESS_BODY_MAXIMUM)

/* Points into what was parsed. */
struct witness_refused {
    const char *note; /* the cosigned head's; not NUL-terminated */
    size_t note_size;
    struct checkpoint cosigned;
    struct witness_request request;
};
/* 0 or WITNESS_REQUEST_MALFORMED. */
int witness_refused_parse(const char *bytes, size_t size,
                          struct witness_refused *ret_refused) MUST_CHECK;

#endif
