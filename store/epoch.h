/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What depends on the epoch key, which lives outside the store and is replaced every month: once
 * all rows have been written again under the new key and the old one is destroyed, whatever was
 * erased since is unreadable, in free pages and in old copies of the store too.
 *
 * A child's file, a tie of a family and the log's name for a child are sealed under it directly;
 * all that they hold is erased with them. Rows that stand elsewhere hold a child's key only
 * masked, and their content is sealed under secrets that stand in the child's file.
 */
#ifndef STORE_EPOCH_H
#define STORE_EPOCH_H

#include "store/view.h"

/* Rows: revision (8) || clear (clear_size) || sealed. The clear part is the caller's. */
struct epoch_row {
    enum kv_table table;
    const struct row_key *key;
    size_t clear_size;
};

/* Opens into the arena; `ret_clear` points into the store. 0, STORE_NOT_FOUND or a fault. */
int epoch_row_open(struct store_view *view, const struct epoch_row *row, const uint8_t **ret_clear,
                   struct codec_reader *ret_reader) MUST_CHECK;
/* Faults are sticky. */
void epoch_row_seal(struct store_view *view, const struct epoch_row *row, const uint8_t *clear,
                    const struct codec_writer *plain);

/*
 * The same row under the epoch of today; what it says, and its revision, stay as they are. `value`
 * is what stands there. True when it was written; it was under today's epoch else, or the fault is
 * sticky in the transaction.
 */
bool epoch_row_renew(struct store_view *view, const struct epoch_row *row, struct kv_bytes value);

/* A child's key in a row of another table: epoch id (4) || masked key (32). */
#define CHILD_REF_BYTES (4 + PSEUDONYM_KEY_BYTES)
void child_ref_write(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const struct child_key *child, uint8_t out[static CHILD_REF_BYTES]);
/* VIEW_DAMAGED when its epoch key is not there. */
int child_ref_read(struct store_view *view, enum kv_table table, const struct row_key *key,
                   const uint8_t ref[static CHILD_REF_BYTES],
                   struct child_key *ret_child) MUST_CHECK;
/* A number beside a reference, hidden and shown by the same: what tells one file of a child from
 * the next would else join the rows that the reference keeps apart. 0 when the epoch key is not
 * there.
 */
uint32_t child_ref_mask_u32(struct store_view *view, enum kv_table table, const struct row_key *key,
                            uint32_t epoch, uint32_t number);
/* The epoch that a reference is under. */
uint32_t child_ref_epoch(const uint8_t ref[static CHILD_REF_BYTES]);

/* Values sealed under a key that stands elsewhere: a child's, or a signal's. Opening puts the plain
 * bytes in the arena. */
#define CHILD_KEY_ID 1 /* the key id in front of what such a key seals */
int child_value_open(const uint8_t key[static SEAL_KEY_BYTES], struct arena *arena,
                     enum kv_table table, const struct row_key *row, const uint8_t *sealed,
                     size_t size, struct codec_reader *ret_reader) MUST_CHECK;
void child_value_seal(const uint8_t key[static SEAL_KEY_BYTES], enum kv_table table,
                      const struct row_key *row, const struct codec_writer *plain, uint8_t *out);

#endif
