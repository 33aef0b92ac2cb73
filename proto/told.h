/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Who was told what on a child, and when (Jeugdwet 7.1.2.3(1)f, 7.1.5): what the log holds on it,
 * as far as it concerns one municipality. That is what parties did that have or had an agreement
 * with it (or on whose behalf others did it), what it did itself, and what the index did of its
 * own accord with what these parties had made.
 */
#ifndef PROTO_TOLD_H
#define PROTO_TOLD_H

#include "store/store.h"

struct told_item {
    int64_t at;
    enum log_event event;
    struct oin oin;     /* whose doing it was; empty: the index's own */
    const char *name;   /* of that organisation */
    const char *object; /* as in the log ("signal:<uuid>"), or NULL */
};

struct told {
    size_t count;
    struct told_item *items; /* oldest first */
    bool complete;           /* false: there is more than is looked at, or than is told */
};

/* `pack` is what is held on the child under that municipality. Texts are in `arena`. */
int told_read(struct store *store, struct arena *arena, const struct party *municipality,
              const struct child_key *child, const struct access_pack *pack,
              struct told *ret_told) MUST_CHECK;

#endif
