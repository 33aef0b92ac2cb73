/* SPDX-License-Identifier: EUPL-1.2 */
/* The LMDB engine of kv.h: one file, `<directory>/data.mdb`, mapped. */
#ifndef STORE_KV_LMDB_H
#define STORE_KV_LMDB_H

#include "store/kv/kv.h"

/*
 * Opens, or creates, the store in an existing directory. The map's size is chosen once and never
 * grown while running; it is address space, not disk. Readers that died are cleared. Read-only is
 * for verifying copies. -EBUSY when another process has it open for writing (a lock file of our
 * own is held for as long as the engine is open), -ENOENT, -EINVAL, ...
 */
struct kv_lmdb_options {
    const char *directory;
    uint64_t map_bytes; /* read-only: 0 for what the file says */
    unsigned readers;   /* snapshots at once; 0 for the default of 512 */
    bool read_only;
};
int kv_lmdb_open(const struct kv_lmdb_options *options, struct kv **ret_kv) MUST_CHECK;

/* Takes a store's files away, when no process has it open. 0, -ENOENT, -EACCES, ... */
int kv_lmdb_remove(const char *directory) MUST_CHECK;

#endif
