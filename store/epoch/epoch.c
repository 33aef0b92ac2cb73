/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/epoch/epoch.h"

#include <string.h>

#include "crypto/nonce.h"
#include "crypto/secret.h"

static struct seal_place place_of(enum kv_table table, const struct row_key *key)
{
    return (struct seal_place){(uint8_t)table, key->bytes, key->size};
}

uint32_t epoch_of_value(const uint8_t *sealed, size_t size)
{
    return seal_key_id(sealed, size);
}

int epoch_value_open(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const uint8_t *sealed, size_t size, struct codec_reader *ret_reader)
{
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, seal_key_id(sealed, size));
    return epoch_key == NULL
               ? VIEW_DAMAGED
               : child_value_open(epoch_key, view->arena, table, key, sealed, size, ret_reader);
}

static void seal_today(struct store_view *view, struct seal_place place, const uint8_t *plain,
                       size_t size, uint8_t *out)
{
    uint32_t id = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, id);
    if (epoch_key == NULL) {
        view_fail(view, VIEW_DAMAGED);
        return;
    }
    seal_close(id, epoch_key, place, plain, size, out);
}

void epoch_value_seal(struct store_view *view, enum kv_table table, const struct row_key *key,
                      const struct codec_writer *plain, uint8_t *out)
{
    if (plain->failed) {
        view_fail(view, -EMSGSIZE);
        return;
    }
    seal_today(view, place_of(table, key), plain->data, plain->size, out);
}

bool epoch_value_renew(struct store_view *view, enum kv_table table, const struct row_key *key,
                       struct kv_bytes value, size_t before)
{
    size_t size = value.size < before ? 0 : value.size - before;
    const uint8_t *sealed = (const uint8_t *)value.data + before;
    uint32_t epoch = epoch_of_value(sealed, size);
    struct codec_reader plain;
    if (epoch == keyring_current(view->keys, KEYRING_EPOCH) && epoch != 0) {
        return false;
    }
    int result = epoch_value_open(view, table, key, sealed, size, &plain);
    uint8_t *copy = result != 0 ? NULL : arena_new(view->arena, value.size);
    if (copy == NULL) {
        view_fail(view, result != 0 ? result : -ENOMEM);
        return false;
    }
    memcpy(copy, value.data, before);
    seal_today(view, place_of(table, key), plain.data, plain.left, copy + before);
    kv_put(view->kv, table, row_key_bytes(key), (struct kv_bytes){copy, value.size});
    return true;
}

int epoch_row_open(struct store_view *view, const struct epoch_row *row, const uint8_t **ret_clear,
                   struct codec_reader *ret_reader)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, row->table, row_key_bytes(row->key), &value);
    if (result != 0) {
        return result;
    }
    size_t before = 8 + row->clear_size;
    if (value.size < before) {
        return VIEW_DAMAGED;
    }
    const uint8_t *data = value.data;
    result = epoch_value_open(view, row->table, row->key, data + before, value.size - before,
                              ret_reader);
    if (result == 0 && ret_clear != NULL) {
        *ret_clear = data + 8;
    }
    return result;
}

void epoch_row_seal(struct store_view *view, const struct epoch_row *row, const uint8_t *clear,
                    const struct codec_writer *plain)
{
    size_t before = 8 + row->clear_size;
    size_t size = before + plain->size + SEAL_OVERHEAD;
    uint8_t *value = arena_new(view->arena, size);
    if (value == NULL) {
        view_fail(view, -ENOMEM);
        return;
    }
    put_be64(value, view->head.revision);
    if (row->clear_size > 0) {
        memcpy(value + 8, clear, row->clear_size);
    }
    epoch_value_seal(view, row->table, row->key, plain, value + before);
    kv_put(view->kv, row->table, row_key_bytes(row->key), (struct kv_bytes){value, size});
}

bool epoch_row_renew(struct store_view *view, const struct epoch_row *row, struct kv_bytes value)
{
    return epoch_value_renew(view, row->table, row->key, value, 8 + row->clear_size);
}

/* ---- a child's key in another row ---- */

static_assert(SEAL_MASK_BYTES == PSEUDONYM_KEY_BYTES, "a mask covers a child's key");

/* False when the epoch key of the reference is not there. */
static bool make_mask(struct store_view *view, enum kv_table table, const struct row_key *key,
                      const uint8_t *ref, uint8_t mask[static SEAL_MASK_BYTES])
{
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, child_ref_epoch(ref));
    uint8_t place[LAYOUT_KEY_SIZE + CHILD_REF_NONCE_BYTES];
    if (epoch_key == NULL) {
        return false;
    }
    memcpy(place, key->bytes, key->size);
    memcpy(place + key->size, ref + 4, CHILD_REF_NONCE_BYTES);
    struct seal_place at = {(uint8_t)table, place, key->size + CHILD_REF_NONCE_BYTES};
    seal_mask(epoch_key, at, mask);
    return true;
}

static void apply_mask(const uint8_t *mask, const uint8_t *in, uint8_t *out)
{
    for (size_t i = 0; i < PSEUDONYM_KEY_BYTES; i++) {
        out[i] = in[i] ^ mask[i];
    }
}

void child_ref_write(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const struct child_key *child, uint8_t out[static CHILD_REF_BYTES])
{
    uint8_t mask[SEAL_MASK_BYTES];
    put_be32(out, keyring_current(view->keys, KEYRING_EPOCH));
    nonce_make(out + 4, CHILD_REF_NONCE_BYTES);
    if (!make_mask(view, table, key, out, mask)) {
        view_fail(view, VIEW_DAMAGED);
        return;
    }
    apply_mask(mask, child->bytes, out + 4 + CHILD_REF_NONCE_BYTES);
    secret_wipe(mask, sizeof(mask));
}

int child_ref_read(struct store_view *view, enum kv_table table, const struct row_key *key,
                   const uint8_t ref[static CHILD_REF_BYTES], struct child_key *ret_child)
{
    uint8_t mask[SEAL_MASK_BYTES];
    if (!make_mask(view, table, key, ref, mask)) {
        return VIEW_DAMAGED;
    }
    apply_mask(mask, ref + 4 + CHILD_REF_NONCE_BYTES, ret_child->bytes);
    secret_wipe(mask, sizeof(mask));
    return 0;
}

uint32_t child_ref_epoch(const uint8_t ref[static CHILD_REF_BYTES])
{
    return get_be32(ref);
}

int child_value_open(const uint8_t key[static SEAL_KEY_BYTES], struct arena *arena,
                     enum kv_table table, const struct row_key *row, const uint8_t *sealed,
                     size_t size, struct codec_reader *ret_reader)
{
    if (size < SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    uint8_t *plain = arena_new(arena, size - SEAL_OVERHEAD + 1);
    if (plain == NULL) {
        return -ENOMEM;
    }
    if (seal_open(key, place_of(table, row), sealed, size, plain) != 0) {
        return VIEW_DAMAGED;
    }
    *ret_reader = (struct codec_reader){.data = plain, .left = size - SEAL_OVERHEAD};
    return 0;
}

void child_value_seal(const uint8_t key[static SEAL_KEY_BYTES], enum kv_table table,
                      const struct row_key *row, const struct codec_writer *plain, uint8_t *out)
{
    seal_close(CHILD_KEY_ID, key, place_of(table, row), plain->data, plain->size, out);
}
