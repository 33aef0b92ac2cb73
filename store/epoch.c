/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/epoch.h"

#include <string.h>

#include "crypto/secret.h"

static struct seal_place place_of(enum kv_table table, const struct row_key *key)
{
    return (struct seal_place){(uint8_t)table, key->bytes, key->size};
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
    if (value.size < before + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    const uint8_t *sealed = (const uint8_t *)value.data + before;
    const uint8_t *key =
        keyring_find(view->keys, KEYRING_EPOCH, seal_key_id(sealed, value.size - before));
    if (key == NULL) {
        return VIEW_DAMAGED;
    }
    result = child_value_open(key, view->arena, row->table, row->key, sealed, value.size - before,
                              ret_reader);
    if (result == 0 && ret_clear != NULL) {
        *ret_clear = (const uint8_t *)value.data + 8;
    }
    return result;
}

void epoch_row_seal(struct store_view *view, const struct epoch_row *row, const uint8_t *clear,
                    const struct codec_writer *plain)
{
    uint32_t id = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *key = keyring_find(view->keys, KEYRING_EPOCH, id);
    size_t before = 8 + row->clear_size;
    size_t size = before + plain->size + SEAL_OVERHEAD;
    uint8_t *value = plain->failed || key == NULL ? NULL : arena_new(view->arena, size);
    if (value == NULL) {
        view_fail(view, plain->failed ? -EMSGSIZE : -ENOMEM);
        return;
    }
    put_be64(value, view->head.revision);
    if (row->clear_size > 0) {
        memcpy(value + 8, clear, row->clear_size);
    }
    seal_close(id, key, place_of(row->table, row->key), plain->data, plain->size, value + before);
    kv_put(view->kv, row->table, row_key_bytes(row->key), (struct kv_bytes){value, size});
}

bool epoch_row_renew(struct store_view *view, const struct epoch_row *row, struct kv_bytes value)
{
    size_t before = 8 + row->clear_size;
    size_t size = value.size < before ? 0 : value.size - before;
    const uint8_t *sealed = (const uint8_t *)value.data + before;
    uint32_t epoch = size < SEAL_OVERHEAD ? 0 : seal_key_id(sealed, size);
    uint32_t id = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *old_key = keyring_find(view->keys, KEYRING_EPOCH, epoch);
    const uint8_t *key = keyring_find(view->keys, KEYRING_EPOCH, id);
    struct codec_reader plain;
    if (epoch == id && epoch != 0) {
        return false;
    }
    int result = old_key == NULL || key == NULL ? VIEW_DAMAGED
                                                : child_value_open(old_key, view->arena, row->table,
                                                                   row->key, sealed, size, &plain);
    uint8_t *copy = result != 0 ? NULL : arena_new(view->arena, value.size);
    if (copy == NULL) {
        view_fail(view, result != 0 ? result : -ENOMEM);
        return false;
    }
    memcpy(copy, value.data, before);
    seal_close(id, key, place_of(row->table, row->key), plain.data, plain.left, copy + before);
    kv_put(view->kv, row->table, row_key_bytes(row->key), (struct kv_bytes){copy, value.size});
    return true;
}

static void apply_mask(const uint8_t *mask, const uint8_t *in, uint8_t *out)
{
    for (size_t i = 0; i < PSEUDONYM_KEY_BYTES; i++) {
        out[i] = in[i] ^ mask[i];
    }
}

static_assert(SEAL_MASK_BYTES == PSEUDONYM_KEY_BYTES, "a mask covers a child's key");

void child_ref_write(struct store_view *view, enum kv_table table, const struct row_key *key,
                     const struct child_key *child, uint8_t out[static CHILD_REF_BYTES])
{
    uint32_t id = keyring_current(view->keys, KEYRING_EPOCH);
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, id);
    uint8_t mask[SEAL_MASK_BYTES];
    if (epoch_key == NULL) {
        view_fail(view, VIEW_DAMAGED);
        return;
    }
    seal_mask(epoch_key, place_of(table, key), mask);
    put_be32(out, id);
    apply_mask(mask, child->bytes, out + 4);
    secret_wipe(mask, sizeof(mask));
}

int child_ref_read(struct store_view *view, enum kv_table table, const struct row_key *key,
                   const uint8_t ref[static CHILD_REF_BYTES], struct child_key *ret_child)
{
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, child_ref_epoch(ref));
    uint8_t mask[SEAL_MASK_BYTES];
    if (epoch_key == NULL) {
        return VIEW_DAMAGED;
    }
    seal_mask(epoch_key, place_of(table, key), mask);
    apply_mask(mask, ref + 4, ret_child->bytes);
    secret_wipe(mask, sizeof(mask));
    return 0;
}

uint32_t child_ref_mask_u32(struct store_view *view, enum kv_table table, const struct row_key *key,
                            uint32_t epoch, uint32_t number)
{
    const uint8_t *epoch_key = keyring_find(view->keys, KEYRING_EPOCH, epoch);
    struct row_key place = *key;
    uint8_t mask[SEAL_MASK_BYTES];
    if (epoch_key == NULL || place.size == LAYOUT_KEY_SIZE) {
        return 0;
    }
    place.bytes[place.size++] = 'n'; /* another mask than the reference's */
    seal_mask(epoch_key, place_of(table, &place), mask);
    uint32_t masked = number ^ get_be32(mask);
    secret_wipe(mask, sizeof(mask));
    return masked;
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
