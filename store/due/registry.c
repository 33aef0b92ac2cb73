/* SPDX-License-Identifier: EUPL-1.2 */
/* The end of what the register told of a child on whom nobody has signalled. */
#include "store/child/registry.h"

#include <string.h>

#include "store/base/clock.h"
#include "store/child/families.h"
#include "store/child/matches.h"
#include "store/due/due.h"
#include "store/operation.h"

/*
 * For which place the child in a row is masked: without the instant, for a row that is set aside
 * moves to another. Its id is random, so no two rows have one place.
 */
static struct row_key place_of(const struct row_key *key)
{
    struct row_key place = *key;
    memset(place.bytes, 0, sizeof(uint64_t));
    return place;
}

/* Whether a day has come; 0 is none. */
static bool has_come(int32_t day, int64_t instant)
{
    return day != 0 && calendar_dutch_midnight(day) <= instant;
}

static void put_row(struct store_tx *tx, const struct row_key *key, const struct child_key *child)
{
    struct row_key place = place_of(key);
    uint8_t value[CHILD_REF_BYTES];
    child_ref_write(&tx->view, KV_DUE, &place, child, value);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(key), (struct kv_bytes){value, sizeof(value)});
}

static void put_end(struct store_tx *tx, const struct child_file *file, int32_t day)
{
    struct uuid id;
    uuid_make_random(&id);
    struct row_key key = layout_due_uuid(calendar_dutch_midnight(day), DUE_REGISTRY_END, &id);
    put_row(tx, &key, &file->key);
}

void registry_keep_until(struct store_tx *tx, struct child_file *file, int32_t day)
{
    if (file->member_count == 0 && day > file->kept_until_day) {
        file->kept_until_day = day;
        put_end(tx, file, day);
    }
}

void registry_keep_told(struct store_tx *tx, struct child_file *file, int32_t day)
{
    if (file->member_count == 0 && day > file->told_until_day) {
        file->told_until_day = day;
        file->kept_until_day = day > file->kept_until_day ? day : file->kept_until_day;
        put_end(tx, file, day);
    }
}

static int load_file(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                     struct child_key *ret_child, struct child_file *ret_file)
{
    struct row_key place = place_of(key);
    if (value.size != CHILD_REF_BYTES) {
        return VIEW_DAMAGED;
    }
    int result = child_ref_read(view, KV_DUE, &place, value.data, ret_child);
    return result != 0 ? result : child_file_load(view, ret_child, ret_file);
}

static int log_erased(struct store_tx *tx, const struct child_file *file)
{
    struct log_note note = {.event = LOG_REGISTRY_DATA_ERASED};
    uint64_t index;
    note_subject(&note, &file->key);
    return tx_log(tx, &due_by_itself, &note, &index);
}

static int erase_file(struct store_tx *tx, const struct child_file *file)
{
    int result = log_erased(tx, file);
    if (result == 0) {
        result = match_forget(tx, file);
    }
    child_file_delete(&tx->view, file);
    return result;
}

/* Its numbers wait on: who is reported under one of them later is the same child. */
static int erase_told(struct store_tx *tx, struct child_file *file)
{
    bool any = file->residence != 0 || file->tie_count > 0;
    int result = any ? log_erased(tx, file) : 0;
    if (result == 0) {
        result = families_relate(tx, file, 0, NULL, 0);
    }
    file->residence = 0;
    file->told_until_day = 0;
    child_file_save(&tx->view, file);
    return result;
}

/* A later event has put a row of its own. */
int due_registry_end(struct store_tx *tx, struct due_row *row)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct child_key child;
    int result = load_file(&tx->view, &row->key, (struct kv_bytes){row->value, row->value_size},
                           &child, &file);
    if (result != 0 || file.member_count > 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    if (has_come(file.kept_until_day, tx->now)) {
        return erase_file(tx, &file);
    }
    return has_come(file.told_until_day, tx->now) ? erase_told(tx, &file) : 0;
}

/* Whether something waits for this row: it may have been put off, but is never early. */
static bool is_awaited(const struct child_file *file, const struct row_key *key)
{
    int64_t instant = (int64_t)get_be64(key->bytes);
    return file->member_count == 0 &&
           (has_come(file->kept_until_day, instant) || has_come(file->told_until_day, instant));
}

bool registry_due_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct child_key child;
    if (value.size == CHILD_REF_BYTES &&
        child_ref_epoch(value.data) == keyring_current(tx->view.keys, KEYRING_EPOCH)) {
        return false;
    }
    int result = load_file(&tx->view, key, value, &child, &file);
    if (result == 0 && is_awaited(&file, key)) {
        put_row(tx, key, &child);
        return true;
    }
    if (result == 0 || result == STORE_NOT_FOUND) {
        kv_delete(tx->view.kv, KV_DUE, row_key_bytes(key));
        return true;
    }
    view_fail(&tx->view, result);
    return false;
}
