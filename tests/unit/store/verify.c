/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SLICE 2000 /* entries read in one snapshot */

struct checkpoint_vkey verify_key(const struct keyring *keys, const char *origin)
{
    struct checkpoint_signer signer;
    const uint8_t *seed = keyring_find(keys, KEYRING_LOG, keyring_current(keys, KEYRING_LOG));
    assert_non_null(seed);
    assert_int_equal(checkpoint_signer_init(&signer, origin, seed), 0);
    return signer.vkey;
}

struct checkpoint verify_head(struct store_snapshot *snapshot, const struct checkpoint_vkey *vkey)
{
    struct checkpoint checkpoint;
    const char *note = NULL;
    uint64_t time;
    assert_int_equal(store_get_checkpoint(snapshot, &note), 0);
    assert_int_equal(checkpoint_open(note, strlen(note), vkey, &checkpoint, &time), 0);
    assert_string_equal(checkpoint.origin, vkey->name);
    assert_int_equal(checkpoint.size, store_log_size(snapshot));
    return checkpoint;
}

struct merkle_hash verify_entry(const struct log_entry *entry)
{
    struct merkle_hash subject;
    struct merkle_hash leaf;
    uint8_t commitment[COMMITMENT_BYTES];
    if (entry->destroyed) {
        assert_null(entry->public_part);
        merkle_leaf(entry->commitment, sizeof(entry->commitment), &leaf);
        return leaf;
    }
    assert_int_equal(strlen(entry->public_part), entry->public_size);
    commitment_subject_hash(entry->salts.subject, entry->subject,
                            entry->has_subject ? sizeof(entry->subject) : 0, &subject);
    commitment_make(entry->salts.entry, entry->public_part, entry->public_size, &subject,
                    commitment);
    assert_memory_equal(commitment, entry->commitment, sizeof(commitment));
    merkle_leaf(commitment, sizeof(commitment), &leaf);
    return leaf;
}

uint64_t verify_log(struct store *store, const struct checkpoint_vkey *vkey)
{
    struct arena arena;
    struct merkle_frontier frontier;
    struct merkle_hash root;
    struct checkpoint head = {.size = UINT64_MAX};
    int64_t last = INT64_MIN;
    arena_init(&arena);
    merkle_frontier_init(&frontier);
    while (frontier.size < head.size) {
        struct store_snapshot *snapshot = NULL;
        assert_int_equal(store_snapshot_open(store, &arena, &snapshot), 0);
        head = verify_head(snapshot, vkey); /* nobody writes meanwhile */
        bool alive = false;                 /* but what is old enough may go */
        for (int i = 0; i < SLICE && frontier.size < head.size; i++) {
            struct log_entry entry;
            assert_int_equal(store_get_log_entry(snapshot, frontier.size, &entry), 0);
            assert_int_equal(entry.index, frontier.size);
            /* What is destroyed is the beginning of the log. */
            assert_true(entry.destroyed ? !alive : entry.logged_at >= last);
            last = entry.destroyed ? last : entry.logged_at;
            alive = !entry.destroyed;
            struct merkle_hash leaf = verify_entry(&entry);
            merkle_frontier_append(&frontier, &leaf, NULL, NULL);
        }
        store_snapshot_close(snapshot);
        arena_finish(&arena);
    }
    merkle_frontier_root(&frontier, &root);
    assert_memory_equal(&root, &head.root, sizeof(root));
    return frontier.size;
}
