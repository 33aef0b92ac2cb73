/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What depends on the epoch key, which lives outside the store and is replaced every month: once
 * all rows have been written again under the new key and the old one is destroyed, whatever was
 * erased since is unreadable, in free pages and in old copies of the store too.
 *
 * A child's file, a tie of a family, a match, a notice and the log's name for a child are sealed
 * under it directly; all that they hold is erased with them. The row of a signal holds the child's
 * key only masked, and its content is sealed under a secret that stands in the child's file.
 */
#ifndef STORE_EPOCH_EPOCH_H
#define STORE_EPOCH_EPOCH_H

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

/*
 * The same for rows of another form: `before` bytes of the caller's, then what is sealed. Opening
 * puts the plain bytes in the arena; VIEW_DAMAGED when the epoch key is not there.
 */
int epoch_value_open(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const uint8_t *sealed, size_t size,
                     struct codec_reader *ret_reader) MUST_CHECK;
/* Writes plain->size + SEAL_OVERHEAD bytes. Faults are sticky, and nothing is written then. */
void epoch_value_seal(struct store_view *view, enum kv_table table, const struct row_key *key,
                      const struct codec_writer *plain, uint8_t *out);
bool epoch_value_renew(struct store_view *view, enum kv_table table, const struct row_key *key,
                       struct kv_bytes value, size_t before);
/* The epoch that something is sealed under; 0 when it cannot be. */
uint32_t epoch_of_value(const uint8_t *sealed, size_t size);

/*
 * A child's key in a row of another table: epoch id (4) || nonce (8) || masked key (32). The nonce
 * makes each mask a new one: under one mask for two children, what was written to a place and
 * what was written there before would together give away what their keys have in common. And a
 * place can be written twice, when the first time was not kept.
 */
#define CHILD_REF_NONCE_BYTES 8
#define CHILD_REF_BYTES (4 + CHILD_REF_NONCE_BYTES + PSEUDONYM_KEY_BYTES)
void child_ref_write(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const struct child_key *child, uint8_t out[static CHILD_REF_BYTES]);
/* VIEW_DAMAGED when its epoch key is not there. */
int child_ref_read(struct store_view *view, enum kv_table table, const struct row_key *key,
                   const uint8_t ref[static CHILD_REF_BYTES],
                   struct child_key *ret_child) MUST_CHECK;
/* The epoch that a reference is under. */
uint32_t child_ref_epoch(const uint8_t ref[static CHILD_REF_BYTES]);

/* Values sealed under the secret of a signal, which stands in its child's file. Opening puts the
 * plain bytes in the arena. */
#define CHILD_KEY_ID 1 /* the key id in front of what such a key seals */
int child_value_open(const uint8_t key[static SEAL_KEY_BYTES], struct arena *arena,
                     enum kv_table table, const struct row_key *row, const uint8_t *sealed,
                     size_t size, struct codec_reader *ret_reader) MUST_CHECK;
void child_value_seal(const uint8_t key[static SEAL_KEY_BYTES], enum kv_table table,
                      const struct row_key *row, const struct codec_writer *plain, uint8_t *out);

#endif
