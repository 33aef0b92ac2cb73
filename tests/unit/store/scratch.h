/* SPDX-License-Identifier: EUPL-1.2 */
/* A directory that is there for one test, and a store in it. Faults of the machine fail the test.
 */
#ifndef TESTS_UNIT_STORE_SCRATCH_H
#define TESTS_UNIT_STORE_SCRATCH_H

#include "store/kv/kv.h"

#define SCRATCH_MAP_BYTES ((uint64_t)64 << 20)

struct scratch {
    char directory[256];
    struct kv *kv; /* closed by scratch_finish() when not NULL */
};

void scratch_init(struct scratch *scratch); /* the directory only */
void scratch_open(struct scratch *scratch, uint64_t map_bytes);
void scratch_close(struct scratch *scratch);
void scratch_finish(struct scratch *scratch); /* removes all, and the directories in it */

/* The path of a name in the directory; valid until the next call. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Whether these bytes stand anywhere in a file. */
bool scratch_file_has(const char *path, const void *bytes, size_t size);

#endif
