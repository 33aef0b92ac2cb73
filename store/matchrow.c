/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/matchrow.h"

#include <string.h>

#include "crypto/secret.h"

#define ROW_VERSION 2
#define ROW_HEAD 2
#define CHILD_ROW_SIZE (ROW_HEAD + CHILD_REF_BYTES)
#define FAMILY_ROW_PREFIX (ROW_HEAD + 2 * CHILD_REF_BYTES)
#define STATE_MAXIMUM (64 + 16 + 4 * CHILDFILE_TOLD_MAXIMUM)

/*
 * The second of two children is masked for another place than the first: one mask for both would
 * give away what they have in common.
 */
static struct row_key second_place(const struct row_key *key)
{
    struct row_key second = *key;
    second.bytes[second.size++] = 2;
    return second;
}

static void put(struct store_tx *tx, const struct row_key *key, const uint8_t *value, size_t size)
{
    kv_put(tx->view.kv, KV_MATCH, row_key_bytes(key), (struct kv_bytes){value, size});
}

void match_row_put_child(struct store_tx *tx, const struct uuid *id, const struct child_key *child)
{
    uint8_t value[CHILD_ROW_SIZE] = {ROW_VERSION, MATCH_CHILD};
    struct row_key key = layout_match(id);
    child_ref_write(&tx->view, KV_MATCH, &key, child, value + ROW_HEAD);
    put(tx, &key, value, sizeof(value));
}

void match_row_put_family(struct store_tx *tx, const struct child_match *match,
                          const struct child_family *family, const struct child_key *one)
{
    uint8_t buffer[STATE_MAXIMUM];
    uint8_t value[FAMILY_ROW_PREFIX + STATE_MAXIMUM + SEAL_OVERHEAD] = {ROW_VERSION, MATCH_FAMILY};
    uint8_t secret[SEAL_KEY_BYTES];
    struct codec_writer state = CODEC_WRITER(buffer);
    child_match_write(&state, match);
    if (state.failed) {
        view_fail(&tx->view, -EMSGSIZE);
        return;
    }
    struct row_key key = layout_match(&match->id);
    struct row_key second = second_place(&key);
    child_ref_write(&tx->view, KV_MATCH, &key, one, value + ROW_HEAD);
    child_ref_write(&tx->view, KV_MATCH, &second, &family->other,
                    value + ROW_HEAD + CHILD_REF_BYTES);
    seal_derive_key(family->secret, secret);
    child_value_seal(secret, KV_MATCH, &key, &state, value + FAMILY_ROW_PREFIX);
    secret_wipe(secret, sizeof(secret));
    put(tx, &key, value, FAMILY_ROW_PREFIX + state.size + SEAL_OVERHEAD);
}

void match_row_delete(struct store_tx *tx, const struct uuid *id)
{
    struct row_key key = layout_match(id);
    kv_delete(tx->view.kv, KV_MATCH, row_key_bytes(&key));
}

static bool is_sound(struct kv_bytes value)
{
    const uint8_t *data = value.data;
    return value.size >= CHILD_ROW_SIZE && data[0] == ROW_VERSION &&
           ((data[1] == MATCH_CHILD && value.size == CHILD_ROW_SIZE) ||
            (data[1] == MATCH_FAMILY && value.size > FAMILY_ROW_PREFIX + SEAL_OVERHEAD));
}

static int get(struct store_view *view, const struct row_key *key, struct kv_bytes *ret_value)
{
    int result = kv_get(view->kv, KV_MATCH, row_key_bytes(key), ret_value);
    return result == 0 && !is_sound(*ret_value) ? VIEW_DAMAGED : result;
}

static int read_children(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                         struct child_key children[static MATCH_FILES_MAXIMUM], size_t *ret_count)
{
    const uint8_t *data = value.data;
    struct row_key second = second_place(key);
    *ret_count = data[1] == MATCH_FAMILY ? 2 : 1;
    int result = child_ref_read(view, KV_MATCH, key, data + ROW_HEAD, &children[0]);
    if (result == 0 && *ret_count == 2) {
        result = child_ref_read(view, KV_MATCH, &second, data + ROW_HEAD + CHILD_REF_BYTES,
                                &children[1]);
    }
    return result;
}

int match_children(struct store_view *view, const struct uuid *id,
                   struct child_key ret_children[static MATCH_FILES_MAXIMUM], size_t *ret_count)
{
    struct row_key key = layout_match(id);
    struct kv_bytes value;
    int result = get(view, &key, &value);
    return result != 0 ? result : read_children(view, &key, value, ret_children, ret_count);
}

int match_row_open_family(struct store_view *view, const struct child_family *family,
                          struct child_match *ret_match)
{
    struct row_key key = layout_match(&family->match);
    struct kv_bytes value;
    struct codec_reader in;
    struct child_match match = {0};
    uint8_t secret[SEAL_KEY_BYTES];
    int result = get(view, &key, &value);
    if (result != 0) {
        return result;
    }
    if (value.size <= FAMILY_ROW_PREFIX) {
        return VIEW_DAMAGED;
    }
    seal_derive_key(family->secret, secret);
    result = child_value_open(secret, view->arena, KV_MATCH, &key,
                              (const uint8_t *)value.data + FAMILY_ROW_PREFIX,
                              value.size - FAMILY_ROW_PREFIX, &in);
    secret_wipe(secret, sizeof(secret));
    if (result == 0) {
        child_match_read(&in, &match);
        bool sound = memcmp(&match.id, &family->match, sizeof(match.id)) == 0;
        result = codec_done(&in) && sound ? 0 : VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_match = match;
    }
    return result;
}

bool match_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    struct child_key children[MATCH_FILES_MAXIMUM];
    struct row_key second = second_place(key);
    size_t count;
    uint8_t *copy = arena_new(tx->view.arena, value.size + 1);
    if (copy == NULL || !is_sound(value) ||
        read_children(&tx->view, key, value, children, &count) != 0) {
        view_fail(&tx->view, copy == NULL ? -ENOMEM : VIEW_DAMAGED);
        return false;
    }
    if (child_ref_epoch((const uint8_t *)value.data + ROW_HEAD) ==
        keyring_current(tx->view.keys, KEYRING_EPOCH)) {
        return false;
    }
    memcpy(copy, value.data, value.size);
    child_ref_write(&tx->view, KV_MATCH, key, &children[0], copy + ROW_HEAD);
    if (count == 2) {
        child_ref_write(&tx->view, KV_MATCH, &second, &children[1],
                        copy + ROW_HEAD + CHILD_REF_BYTES);
    }
    put(tx, key, copy, value.size);
    return true;
}

/* ---- finding one ---- */

void match_found_wipe(struct match_found *found)
{
    secret_wipe(found, sizeof(*found));
}

static int find_in_file(struct match_found *found, const struct uuid *id)
{
    for (size_t i = 0; i < found->files[0].match_count; i++) {
        struct child_match *match = &found->files[0].matches[i];
        if (memcmp(&match->id, id, sizeof(*id)) == 0) {
            found->scope = match_scope_of_child(&found->files[0], match);
            return 0;
        }
    }
    return STORE_NOT_FOUND;
}

static const struct child_family *find_family(const struct child_file *file, const struct uuid *id)
{
    for (size_t i = 0; i < file->family_count; i++) {
        if (memcmp(&file->families[i].match, id, sizeof(*id)) == 0) {
            return &file->families[i];
        }
    }
    return NULL;
}

static int find_in_row(struct store_view *view, struct match_found *found, const struct uuid *id)
{
    const struct child_family *family = find_family(&found->files[0], id);
    int result = family == NULL ? VIEW_DAMAGED : match_row_open_family(view, family, &found->match);
    found->scope = (struct match_scope){
        .kind = MATCH_FAMILY,
        .match = &found->match,
        .file_count = 2,
        .files = {&found->files[0], &found->files[1]},
    };
    return result;
}

int match_find(struct store_view *view, const struct uuid *id, struct match_found *ret_found)
{
    struct child_key children[MATCH_FILES_MAXIMUM];
    size_t count;
    int result = match_children(view, id, children, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = child_file_load(view, &children[i], &ret_found->files[i]);
        result = result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    if (result != 0) {
        return result;
    }
    return count == 1 ? find_in_file(ret_found, id) : find_in_row(view, ret_found, id);
}

void match_found_save(struct store_tx *tx, const struct match_found *found)
{
    const struct child_file *first = found->scope.files[0];
    if (found->scope.kind == MATCH_CHILD) {
        child_file_save(&tx->view, first);
        return;
    }
    const struct child_family *family = find_family(first, &found->match.id);
    if (family == NULL) {
        view_fail(&tx->view, VIEW_DAMAGED);
        return;
    }
    match_row_put_family(tx, &found->match, family, &first->key);
}
