/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading the access log: entries as an auditor is shown them, proofs. */
#include "store/log/read.h"

#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/log/end.h"
#include "store/snapshot.h"

static int load_actor(struct store_view *view, uint32_t number, struct log_actor *ret_actor)
{
    struct row_key key = layout_actor_number(number);
    struct codec_reader in;
    int result = view_open_row(view, KV_ACTOR, &key, &in);
    if (result == 0 && !log_actor_decode(&in, ret_actor)) {
        result = VIEW_DAMAGED;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int find_actor(struct log_opener *opener, uint32_t number, struct log_actor *ret_actor)
{
    size_t slot = number % LOG_OPENER_ACTORS;
    if (opener->actors[slot].number != number || number == 0) {
        int result = load_actor(opener->view, number, &opener->actors[slot].actor);
        opener->actors[slot].number = result == 0 ? number : 0;
        if (result != 0) {
            return result;
        }
    }
    *ret_actor = opener->actors[slot].actor;
    return 0;
}

int log_opener_find_key(struct log_opener *opener, uint32_t month)
{
    if (opener->month == month && month != 0) {
        return 0;
    }
    int result = log_month_key(opener->view, month, false, opener->month_key);
    opener->month = result == 0 ? month : 0;
    return result;
}

static int open_record(struct log_opener *opener, uint64_t index, const uint8_t *sealed,
                       size_t size, struct log_row *row)
{
    struct arena *arena = opener->view->arena;
    struct row_key key = layout_log(index);
    struct seal_place place = {KV_LOG, key.bytes, key.size};
    uint8_t *plain = arena_new(arena, size);
    struct log_record *record = arena_new(arena, sizeof(*record));
    if (plain == NULL || record == NULL) {
        return -ENOMEM;
    }
    int result = log_opener_find_key(opener, seal_key_id(sealed, size));
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result; /* a record has its key */
    }
    commitment_derive_salts(opener->month_key, index, &row->salts);
    if (seal_open(opener->month_key, place, sealed, size, plain) != 0) {
        return VIEW_DAMAGED;
    }
    struct codec_reader in = {.data = plain, .left = size - SEAL_OVERHEAD};
    if (!log_record_decode(&in, arena, record)) {
        return VIEW_DAMAGED;
    }
    record->index = index;
    row->record = record;
    return find_actor(opener, record->actor_number, &record->actor);
}

/* The row of an entry: its commitment and what follows. */
static int find_row(struct store_view *view, uint64_t index, const uint8_t **ret_commitment,
                    size_t *ret_size)
{
    struct row_key key = layout_log(index);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_LOG, row_key_bytes(&key), &value);
    if (result == 0 &&
        (value.size < COMMITMENT_BYTES ||
         (value.size > COMMITMENT_BYTES && value.size < COMMITMENT_BYTES + SEAL_OVERHEAD))) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_commitment = value.data;
        *ret_size = value.size - COMMITMENT_BYTES;
    }
    return result;
}

/* A record may be missing only where that was done and written down. */
static int find_end(struct store_view *view, uint64_t index, uint32_t *ret_month)
{
    struct log_gone gone;
    int result = log_gone_find(view, index, &gone);
    if (result == 0 && index >= gone.done) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_month = gone.month;
    }
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

static int read_row(struct log_opener *opener, uint64_t index, struct log_row *ret_row)
{
    struct log_row row = {0};
    const uint8_t *value;
    uint32_t month;
    size_t size;
    int result = find_row(opener->view, index, &value, &size);
    if (result != 0) {
        return result;
    }
    memcpy(row.commitment, value, COMMITMENT_BYTES);
    row.destroyed = size == 0;
    result = row.destroyed ? find_end(opener->view, index, &month)
                           : open_record(opener, index, value + COMMITMENT_BYTES, size, &row);
    if (result == 0) {
        *ret_row = row;
    }
    return result;
}

void log_opener_wipe(struct log_opener *opener)
{
    secret_wipe(opener, sizeof(*opener));
}

int log_opener_read(struct log_opener *opener, uint64_t index, struct log_row *ret_row)
{
    int result = read_row(opener, index, ret_row);
    return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
}

int log_read_row(struct store_view *view, uint64_t index, struct log_row *ret_row)
{
    CLEANUP(log_opener_wipe) struct log_opener opener = {.view = view};
    return read_row(&opener, index, ret_row);
}

int log_entry_from_row(struct store_view *view, uint64_t index, const struct log_row *row,
                       struct log_entry *ret_entry)
{
    struct log_entry entry = {.index = index, .destroyed = row->destroyed};
    memcpy(entry.commitment, row->commitment, COMMITMENT_BYTES);
    if (!row->destroyed) {
        char text[ACCESSLOG_PUBLIC_MAXIMUM];
        size_t size = log_record_render(row->record, &row->salts, text);
        entry.public_part = size == 0 ? NULL : arena_copy_text(view->arena, text, size);
        if (entry.public_part == NULL) {
            return size == 0 ? VIEW_DAMAGED : -ENOMEM;
        }
        entry.public_size = size;
        entry.logged_at = row->record->time;
        entry.event = row->record->note.event;
        entry.party = row->record->actor.party;
        entry.on_behalf_of = row->record->actor.on_behalf_of;
        entry.salts = row->salts;
        entry.has_subject = row->record->has_subject;
        memcpy(entry.subject, row->record->subject, sizeof(entry.subject));
    }
    *ret_entry = entry;
    return 0;
}

int store_get_log_entry(struct store_snapshot *snapshot, uint64_t index,
                        struct log_entry *ret_entry)
{
    struct log_row row;
    int result = log_read_row(&snapshot->view, index, &row);
    return result != 0 ? result : log_entry_from_row(&snapshot->view, index, &row, ret_entry);
}

/* ---- months and times ---- */

int log_month_of(struct store_view *view, uint64_t index, uint32_t *ret_month, bool *ret_destroyed)
{
    const uint8_t *value;
    size_t size;
    int result = find_row(view, index, &value, &size);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    *ret_destroyed = size == 0;
    if (size == 0) {
        return find_end(view, index, ret_month);
    }
    *ret_month = seal_key_id(value + COMMITMENT_BYTES, size);
    return 0;
}

int log_first_of_month(struct store_view *view, uint32_t month, uint64_t *ret_index)
{
    uint64_t low = 0;
    uint64_t high = view->head.log_size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint32_t its;
        bool destroyed;
        int result = log_month_of(view, middle, &its, &destroyed);
        if (result != 0) {
            return result;
        }
        if (its < month) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_index = low;
    return 0;
}

/* Whether an entry was made before an instant. Most are told by their month, without opening. */
static int is_before(struct log_opener *opener, uint64_t index, int64_t instant, bool whole,
                     bool *ret_is)
{
    uint32_t month = calendar_month_number(instant);
    uint32_t its;
    bool destroyed;
    struct log_row row;
    int result = log_month_of(opener->view, index, &its, &destroyed);
    if (result != 0) {
        return result;
    }
    if (its != month || destroyed) {
        *ret_is = its != month ? its < month : !whole;
        return 0;
    }
    result = log_opener_read(opener, index, &row);
    if (result == 0) {
        *ret_is = row.record->time < instant;
    }
    return result;
}

/* Times never go backwards. */
int log_first_from(struct log_opener *opener, int64_t instant, bool whole, uint64_t *ret_index)
{
    uint64_t low = 0;
    uint64_t high = opener->view->head.log_size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        bool before;
        int result = is_before(opener, middle, instant, whole, &before);
        if (result != 0) {
            return result;
        }
        if (before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_index = low;
    return 0;
}

/* ---- the tree ---- */

int store_prove_entry(struct store_snapshot *snapshot, uint64_t index, uint64_t size,
                      struct merkle_proof *ret_proof)
{
    if (size > snapshot->view.head.log_size) {
        return STORE_NOT_FOUND;
    }
    int result = merkle_prove_inclusion(index, size, log_read_node, &snapshot->view, ret_proof);
    return result == MERKLE_OUT_OF_RANGE ? STORE_NOT_FOUND : result;
}

int store_prove_consistency(struct store_snapshot *snapshot, uint64_t old_size, uint64_t size,
                            struct merkle_proof *ret_proof)
{
    if (size > snapshot->view.head.log_size) {
        return STORE_NOT_FOUND;
    }
    int result =
        merkle_prove_consistency(old_size, size, log_read_node, &snapshot->view, ret_proof);
    return result == MERKLE_OUT_OF_RANGE ? STORE_NOT_FOUND : result;
}

uint64_t store_log_size(const struct store_snapshot *snapshot)
{
    return snapshot->view.head.log_size;
}
