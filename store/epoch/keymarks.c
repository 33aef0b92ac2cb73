/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/epoch/keymarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARK_NAME "key-mark"
#define MARK_TEXT "verwijsindex"
#define MARK_SIZE (sizeof(MARK_TEXT) - 1)

/* The epoch keys come and go by the month, and the log key shows itself in the log's head. */
static const enum keyring_purpose marked[] = {KEYRING_EVALUATION, KEYRING_INDEX, KEYRING_RECORD};

static struct row_key mark_key(enum keyring_purpose purpose, uint32_t id)
{
    struct row_key key = layout_meta(MARK_NAME);
    key.bytes[key.size++] = (uint8_t)purpose;
    put_be32(key.bytes + key.size, id);
    key.size += 4;
    return key;
}

static int refuse(char why[static STORE_WHY_SIZE], enum keyring_purpose purpose, uint32_t id,
                  const char *what)
{
    snprintf(why, STORE_WHY_SIZE, "the store was made with a key %s-%" PRIu32 " that %s",
             keyring_purpose_name(purpose), id, what);
    return STORE_STOPPED;
}

static int check_mark(struct store_view *view, struct kv_bytes name, struct kv_bytes value,
                      char why[static STORE_WHY_SIZE])
{
    uint8_t text[MARK_SIZE];
    if (name.size != sizeof(MARK_NAME) - 1 + 5 || value.size != MARK_SIZE + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    const uint8_t *what = (const uint8_t *)name.data + sizeof(MARK_NAME) - 1;
    enum keyring_purpose purpose = (enum keyring_purpose)what[0];
    uint32_t id = get_be32(what + 1);
    if (what[0] >= KEYRING_PURPOSES) {
        return VIEW_DAMAGED;
    }
    const uint8_t *key = keyring_find(view->keys, purpose, id);
    if (key == NULL) {
        return refuse(why, purpose, id, "is not there");
    }
    struct seal_place place = {KV_META, name.data, name.size};
    if (seal_open(key, place, value.data, value.size, text) != 0 ||
        memcmp(text, MARK_TEXT, MARK_SIZE) != 0) {
        return refuse(why, purpose, id, "is not this one");
    }
    return 0;
}

int key_marks_check(struct store_view *view, char why[static STORE_WHY_SIZE])
{
    struct row_key prefix = layout_meta(MARK_NAME);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = view_range_prefix(view, KV_META, &prefix, &range);
    while (result == 0) {
        struct kv_bytes name;
        struct kv_bytes value;
        result = kv_range_next(range, &name, &value);
        if (result == 0) {
            result = check_mark(view, name, value, why);
        }
    }
    return result == KV_END ? 0 : result;
}

static int has_mark(struct store_view *view, enum keyring_purpose purpose, bool *ret_has)
{
    struct row_key key = mark_key(purpose, keyring_current(view->keys, purpose));
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    *ret_has = result == 0;
    return result == KV_NOT_FOUND ? 0 : result;
}

int key_marks_find_new(struct store_view *view, bool *ret_new, char why[static STORE_WHY_SIZE])
{
    bool any = false;
    for (size_t i = 0; i < ARRAY_LENGTH(marked); i++) {
        bool has;
        int result = has_mark(view, marked[i], &has);
        if (result != 0) {
            return result;
        }
        if (!has && marked[i] != KEYRING_RECORD) {
            snprintf(why, STORE_WHY_SIZE,
                     "the key %s-%" PRIu32 " is new, and this store has not been moved to it",
                     keyring_purpose_name(marked[i]), keyring_current(view->keys, marked[i]));
            return STORE_STOPPED;
        }
        any = any || !has;
    }
    *ret_new = any;
    return 0;
}

void key_marks_write(struct store_view *view)
{
    for (size_t i = 0; i < ARRAY_LENGTH(marked); i++) {
        uint8_t value[MARK_SIZE + SEAL_OVERHEAD];
        uint32_t id = keyring_current(view->keys, marked[i]);
        const uint8_t *key = keyring_find(view->keys, marked[i], id);
        bool has = false;
        if (key != NULL && has_mark(view, marked[i], &has) == 0 && !has) {
            struct row_key name = mark_key(marked[i], id);
            struct seal_place place = {KV_META, name.bytes, name.size};
            seal_close(id, key, place, MARK_TEXT, MARK_SIZE, value);
            kv_put(view->kv, KV_META, row_key_bytes(&name),
                   (struct kv_bytes){value, sizeof(value)});
        }
    }
}
