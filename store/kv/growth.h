/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Keeps a file that grows ahead of need, so that a sync of what was written into it has nothing of
 * the file system's own to write. Blocks are asked for in large steps, and the file lies in few
 * pieces; zeros are written in small ones, and what comes is written over them.
 */
#ifndef STORE_KV_GROWTH_H
#define STORE_KV_GROWTH_H

#include "crypto/basics.h"

struct growth {
    uint64_t reserved_bytes; /* 0: nothing was asked for yet */
    uint64_t filled_bytes;   /* how long the file is at least; 0: not known yet */
};

/*
 * Before more is written to a file of which `used_bytes` are in use and which may have
 * `most_bytes`. Nobody else may write beyond its end meanwhile. A failure (no room, or a file
 * system without reserving) is not told: it costs the head start only.
 */
void growth_ahead(struct growth *growth, int file, uint64_t used_bytes, uint64_t most_bytes);

#endif
