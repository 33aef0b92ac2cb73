/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * An index to measure in: keys, a store with its committer, and parties that signal. In a directory
 * that is there, or in a scratch directory that goes with it. Used by one thread.
 */
#ifndef TESTS_BENCH_STORE_INDEX_H
#define TESTS_BENCH_STORE_INDEX_H

#include "store/store.h"
#include "tests/bench/store/bench_store.h"

#define BS_PARTIES_MAXIMUM 4096
#define BS_PATH_SIZE 512

/* Somebody who signals. */
struct bs_reporter {
    uint32_t party; /* number in the store */
    char professional[PROFESSIONAL_ID_MAXIMUM + 1];
    struct attribution by;
};

struct bs_index {
    char scratch[BS_PATH_SIZE]; /* "": none */
    char directory[BS_PATH_SIZE + 8];
    struct keyring *keys;
    struct kv *kv; /* the store's engine */
    struct store *store;
    size_t reporter_count; /* each party's first professional comes before any second one */
    struct bs_reporter *reporters;
};

/* `wrap` may put an engine around the one of the store; NULL: none. */
void bs_index_open(struct bs_index *index, const struct bs_options *options,
                   struct kv *(*wrap)(struct kv *inner));
void bs_index_close(struct bs_index *index);

/* Until the index has nothing to do by itself. Returns how long that took, ns. */
int64_t bs_index_settle(struct bs_index *index);
/* Bytes of the store's file that are on the disk. */
double bs_index_disk_bytes(const struct bs_index *index);
/* CPU time of the committer's thread so far, ns. */
int64_t bs_index_committer_cpu(const struct bs_index *index);

/* A new directory in TMPDIR or /tmp, and its end. */
void bs_scratch_make(char path[static BS_PATH_SIZE]);
void bs_scratch_remove(const char *path);

#endif
