/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * An engine for tests that passes everything on to another, and fails where it is told to: the
 * n-th put, a commit before or after it happened, a full map, a slow sync. It is linked into
 * tests only.
 */
#ifndef STORE_KV_FAULTY_H
#define STORE_KV_FAULTY_H

#include "store/kv/kv.h"

struct kv_faulty_plan {
    uint64_t fail_put_at;    /* the n-th put or delete from now fails with put_result; 0: never */
    int put_result;          /* KV_FULL or a negative errno */
    uint64_t fail_commit_at; /* the n-th commit from now; 0: never */
    int commit_result;       /* what it answers */
    bool commit_happens;     /* whether it is durable all the same */
    uint64_t free_bytes;     /* what measure_room answers; 0: the truth */
    /* Called before every commit, on the committer's thread: a test's way to hold it. */
    void (*before_commit)(void *context);
    void *context;
};

/* Takes over `inner`, which is closed with it. */
int kv_faulty_wrap(struct kv *inner, struct kv **ret_kv) MUST_CHECK;
/* May be called from any thread. */
void kv_faulty_set(struct kv *kv, const struct kv_faulty_plan *plan);
/* Puts and commits since the plan was set. */
void kv_faulty_counts(struct kv *kv, uint64_t *ret_puts, uint64_t *ret_commits);

#endif
