/* SPDX-License-Identifier: EUPL-1.2 */
/* Writing the access log: entry, tree and keys, in the transaction of what they record. */
#include "store/log/accesslog.h"

#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/log/end.h"
#include "store/log/record.h"
#include "store/log/tail.h"
#include "store/tx.h"

/*
 * Only the roots of subtrees of 256^n leaves are kept as nodes: a leaf stands in its entry's row,
 * and everything between can be computed from at most 256 hashes. An append so writes one node in
 * 256, where keeping every node would write two rows an entry.
 */
#define STORED_LEVELS_STEP 8

static int wrap_month_key(struct store_view *view, const struct row_key *row, const uint8_t *key)
{
    uint8_t wrapped[SEAL_KEY_BYTES + SEAL_OVERHEAD];
    uint32_t epoch = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, epoch);
    if (epoch_key == NULL) {
        return VIEW_DAMAGED;
    }
    struct seal_place place = {KV_META, row->bytes, row->size};
    seal_close(epoch, epoch_key, place, key, SEAL_KEY_BYTES, wrapped);
    kv_put(view->kv, KV_META, row_key_bytes(row), (struct kv_bytes){wrapped, sizeof(wrapped)});
    return 0;
}

static int unwrap_month_key(struct store_view *view, const struct row_key *row,
                            struct kv_bytes value, uint8_t *ret_key)
{
    const uint8_t *epoch_key =
        keyring_find(view->keys, KEYRING_EPOCH, seal_key_id(value.data, value.size));
    struct seal_place place = {KV_META, row->bytes, row->size};
    return epoch_key == NULL || value.size != SEAL_KEY_BYTES + SEAL_OVERHEAD ||
                   seal_open(epoch_key, place, value.data, value.size, ret_key) != 0
               ? VIEW_DAMAGED
               : 0;
}

int log_month_key(struct store_view *view, uint32_t month, bool make,
                  uint8_t ret_key[static SEAL_KEY_BYTES])
{
    struct row_key row = layout_month(month);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&row), &value);
    if (result == KV_NOT_FOUND && make) {
        secret_random(ret_key, SEAL_KEY_BYTES);
        log_end_put(view, month);
        return wrap_month_key(view, &row, ret_key);
    }
    return result != 0 ? result : unwrap_month_key(view, &row, value, ret_key);
}

bool log_month_key_renew(struct store_tx *tx, const struct row_key *row, struct kv_bytes value)
{
    uint8_t key[SEAL_KEY_BYTES];
    if (seal_key_id(value.data, value.size) == keyring_current(tx->view.keys, KEYRING_EPOCH)) {
        return false;
    }
    int result = unwrap_month_key(&tx->view, row, value, key);
    if (result == 0) {
        result = wrap_month_key(&tx->view, row, key);
    }
    secret_wipe(key, sizeof(key));
    if (result != 0) {
        view_fail(&tx->view, result);
    }
    return result == 0;
}

static int current_month_key(struct store_tx *tx, uint32_t month)
{
    if (tx->memory->month == month) {
        return 0;
    }
    int result = log_month_key(&tx->view, month, true, tx->memory->month_key);
    tx->memory->month = result == 0 ? month : 0;
    log_tags_key(tx->memory->month_key, tx->memory->tags_key);
    return result;
}

static int new_actor(struct store_tx *tx, const struct row_key *by_digest,
                     struct codec_writer *encoded, uint32_t *ret_number)
{
    uint32_t number = ++tx->view.head.actors;
    uint8_t value[4];
    put_be32(value, number);
    kv_put(tx->view.kv, KV_ACTOR, row_key_bytes(by_digest), (struct kv_bytes){value, 4});
    struct row_key by_number = layout_actor_number(number);
    view_seal_row(&tx->view, KV_ACTOR, &by_number, encoded);
    *ret_number = number;
    return kv_fault(tx->view.kv);
}

static int find_actor(struct store_tx *tx, struct codec_writer *encoded, uint32_t *ret_number)
{
    struct merkle_hash digest;
    merkle_leaf(encoded->data, encoded->size, &digest);
    struct actor_slot *slot = &tx->memory->actors[get_be16(digest.bytes + 16) % TX_ACTOR_SLOTS];
    if (slot->number != 0 && memcmp(slot->digest, digest.bytes, 16) == 0) {
        *ret_number = slot->number;
        return 0;
    }
    struct row_key by_digest = layout_actor_digest(digest.bytes);
    struct kv_bytes value;
    int result = kv_get(tx->view.kv, KV_ACTOR, row_key_bytes(&by_digest), &value);
    if (result == 0) {
        result = value.size == 4 ? 0 : VIEW_DAMAGED;
        *ret_number = result == 0 ? get_be32(value.data) : 0;
    } else if (result == KV_NOT_FOUND) {
        result = new_actor(tx, &by_digest, encoded, ret_number);
    }
    if (result == 0) {
        memcpy(slot->digest, digest.bytes, 16);
        slot->number = *ret_number;
    }
    return result;
}

/* The number of an actor, who gets one at the first entry. */
static int intern_actor(struct store_tx *tx, const struct log_actor *actor, uint32_t *ret_number)
{
    struct actor_last *last = &tx->memory->last_actor;
    uint8_t buffer[LOGRECORD_ACTOR_SIZE];
    struct codec_writer encoded = CODEC_WRITER(buffer);
    log_actor_encode(actor, &encoded);
    if (encoded.failed) {
        return -EINVAL;
    }
    if (last->size == encoded.size && memcmp(last->encoded, encoded.data, last->size) == 0) {
        *ret_number = last->number;
        return 0;
    }
    int result = find_actor(tx, &encoded, ret_number);
    if (result == 0) {
        last->size = encoded.size;
        memcpy(last->encoded, encoded.data, encoded.size);
        last->number = *ret_number;
    }
    return result;
}

static void put_node(void *context, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    struct store_tx *tx = context;
    if (level == 0 || level % STORED_LEVELS_STEP != 0) {
        return;
    }
    struct row_key key = layout_node(level, index);
    kv_put(tx->view.kv, KV_NODE, row_key_bytes(&key),
           (struct kv_bytes){hash->bytes, sizeof(hash->bytes)});
}

/* The row of an entry: commitment || sealed record. */
static void put_row(struct store_tx *tx, const struct log_record *record, uint32_t month,
                    const uint8_t *commitment)
{
    uint8_t buffer[LOGRECORD_SIZE];
    uint8_t value[COMMITMENT_BYTES + LOGRECORD_SIZE + SEAL_OVERHEAD];
    struct codec_writer plain = CODEC_WRITER(buffer);
    log_record_encode(record, &plain);
    if (plain.failed) {
        view_fail(&tx->view, -EMSGSIZE);
        return;
    }
    struct row_key key = layout_log(record->index);
    struct seal_place place = {KV_LOG, key.bytes, key.size};
    memcpy(value, commitment, COMMITMENT_BYTES);
    seal_close(month, tx->memory->month_key, place, plain.data, plain.size,
               value + COMMITMENT_BYTES);
    kv_append(tx->view.kv, KV_LOG, row_key_bytes(&key),
              (struct kv_bytes){value, COMMITMENT_BYTES + plain.size + SEAL_OVERHEAD});
    secret_wipe(buffer, sizeof(buffer));
}

static int prepare_record(struct store_tx *tx, const struct attribution *by,
                          const struct log_note *note, struct log_record *record)
{
    if (accesslog_event_name(note->event) == NULL || note->object_kind > LOG_OBJECT_PARTY) {
        return -EINVAL;
    }
    record->index = tx->view.head.log_size;
    record->time = tx->now;
    record->note = *note;
    record->operation = note->event == LOG_REQUEST_REFUSED ? by->operation : NULL;
    record->traced = by->traced;
    memcpy(record->trace_id, by->trace_id, sizeof(record->trace_id));
    memcpy(record->parent_span_id, by->parent_span_id, sizeof(record->parent_span_id));
    log_actor_from(by, &record->actor);
    int result = intern_actor(tx, &record->actor, &record->actor_number);
    if (result == 0 && note->has_subject) {
        record->has_subject = true;
        result = tx_subject(tx, &note->subject, record->subject);
    } else if (result == 0 && note->has_subject_id) {
        record->has_subject = true;
        memcpy(record->subject, note->subject_id, sizeof(record->subject));
    }
    return result;
}

int tx_log(struct store_tx *tx, const struct attribution *by, const struct log_note *note,
           uint64_t *ret_index)
{
    struct log_record record = {0};
    struct commitment_salts salts;
    struct log_tags tags;
    char public_part[ACCESSLOG_PUBLIC_MAXIMUM];
    uint8_t commitment[COMMITMENT_BYTES];
    struct merkle_hash leaf;
    uint32_t month = calendar_month_number(tx->now);
    int result = current_month_key(tx, month);
    if (result == 0) {
        result = prepare_record(tx, by, note, &record);
    }
    if (result != 0) {
        return result;
    }
    commitment_derive_salts(tx->memory->month_key, record.index, &salts);
    size_t size = log_record_render(&record, &salts, public_part);
    if (size == 0) {
        return -EMSGSIZE;
    }
    log_record_commit(&record, &salts, public_part, size, commitment);
    put_row(tx, &record, month, commitment);
    log_tags_of(tx->memory->tags_key, &record, &tags);
    log_tail_add(tx, record.index, &tags);
    merkle_leaf(commitment, sizeof(commitment), &leaf);
    merkle_frontier_append(&tx->frontier, &leaf, put_node, tx);
    tx->view.head.log_size++;
    tx->view.head.last_time = tx->now;
    tx->entries++;
    secret_wipe(&salts, sizeof(salts));
    *ret_index = record.index;
    return kv_fault(tx->view.kv);
}

int tx_log_op(struct store_tx *tx, struct store_op *op, const struct log_note *note)
{
    uint64_t index;
    int result = tx_log(tx, &op->by, note, &index);
    if (result == 0 && !op->logged) {
        op->logged = true;
        op->log_index = index;
    }
    return result;
}

static int read_leaf(struct store_view *view, uint64_t index, struct merkle_hash *ret_hash)
{
    struct row_key key = layout_log(index);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_LOG, row_key_bytes(&key), &value);
    if (result != 0 || value.size < COMMITMENT_BYTES) {
        return result < 0 ? result : VIEW_DAMAGED;
    }
    merkle_leaf(value.data, COMMITMENT_BYTES, ret_hash);
    return 0;
}

static int read_stored_node(struct store_view *view, unsigned level, uint64_t index,
                            struct merkle_hash *ret_hash)
{
    struct row_key key = layout_node(level, index);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_NODE, row_key_bytes(&key), &value);
    if (result != 0 || value.size != MERKLE_HASH_BYTES) {
        return result < 0 ? result : VIEW_DAMAGED;
    }
    memcpy(ret_hash->bytes, value.data, MERKLE_HASH_BYTES);
    return 0;
}

int log_read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    struct store_view *view = context;
    if (level == 0) {
        return read_leaf(view, index, ret_hash);
    }
    if (level % STORED_LEVELS_STEP == 0) {
        return read_stored_node(view, level, index, ret_hash);
    }
    /* At most 128 hashes below, in rows that lie next to each other. */
    struct merkle_hash left;
    struct merkle_hash right;
    int result = log_read_node(view, level - 1, index * 2, &left);
    if (result == 0) {
        result = log_read_node(view, level - 1, index * 2 + 1, &right);
    }
    if (result == 0) {
        merkle_node(&left, &right, ret_hash);
    }
    return result;
}
