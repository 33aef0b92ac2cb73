/* SPDX-License-Identifier: EUPL-1.2 */
/* The walk over all rows that depend on the epoch key. */
#include <string.h>

#include "store/child/matchrow.h"
#include "store/child/registry.h"
#include "store/child/signals.h"
#include "store/child/tierow.h"
#include "store/due/due.h"
#include "store/epoch/turn_walk.h"
#include "store/log/subjects.h"
#include "store/notice/notices.h"

#define LOOKED_MAXIMUM 2048      /* rows passed by in one slice */
#define ROWS_BESIDE 64           /* looked into in one slice, beside operations that wait */
#define ROWS_QUIET 256           /* the same, when there are none */
#define BYTES_MAXIMUM (4u << 20) /* of the arena in one slice: a child's file may be large */
#define MONTH_NAME "month"

static bool is_month(const struct row_key *key)
{
    size_t name = sizeof(MONTH_NAME) - 1;
    return key->size == name + 4 && memcmp(key->bytes, MONTH_NAME, name) == 0;
}

static bool is_any(const struct row_key *key)
{
    (void)key;
    return true;
}

static bool is_of_party(const struct row_key *key)
{
    return key->size > 5 && (key->bytes[4] == PARTY_SIGNAL || key->bytes[4] == PARTY_NOTICE);
}

static bool is_registry_end(const struct row_key *key)
{
    return key->size > 9 && key->bytes[8] == DUE_REGISTRY_END;
}

static bool renew_tie(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    struct child_key tie;
    const uint8_t *sealed = (const uint8_t *)value.data + 8;
    if (value.size >= 8 &&
        seal_key_id(sealed, value.size - 8) == keyring_current(tx->view.keys, KEYRING_EPOCH)) {
        return false;
    }
    memcpy(tie.bytes, key->bytes, sizeof(tie.bytes));
    int result = tie_row_renew(tx, &tie);
    if (result != 0) {
        view_fail(&tx->view, result < 0 ? result : VIEW_DAMAGED);
    }
    return result == 0;
}

static bool renew_of_child(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    switch (key->size == PSEUDONYM_KEY_BYTES + 1 ? key->bytes[PSEUDONYM_KEY_BYTES] : 0) {
    case CHILD_SUBJECT:
        return subject_row_renew(tx, key, value);
    case CHILD_FILE:
        return child_row_renew(&tx->view, key, value);
    case CHILD_TIE:
        return renew_tie(tx, key, value);
    default:
        view_fail(&tx->view, VIEW_DAMAGED);
        return false;
    }
}

static bool renew_of_party(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    return key->bytes[4] == PARTY_SIGNAL ? signal_row_renew(tx, key, value)
                                         : notice_renew(tx, key, value);
}

/* Month keys first: a copy made during the walk is then told at once by the key that it lacks. */
static const struct {
    enum kv_table table;
    bool (*concerns)(const struct row_key *key);
    bool (*renew)(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);
} steps[] = {
    {KV_META, is_month, log_month_key_renew},      {KV_CHILD, is_any, renew_of_child},
    {KV_PARTY, is_of_party, renew_of_party},       {KV_MATCH, is_any, match_row_renew},
    {KV_DUE, is_registry_end, registry_due_renew},
};

struct slice {
    size_t looked;
    size_t budget; /* rows that may still be looked into */
    size_t arena;  /* bytes that were taken before */
    size_t count;
    struct row_key *keys; /* in the arena */
};

/* The first key behind the position; all keys have room for one byte more. */
static struct row_key behind(const struct row_key *position)
{
    struct row_key next = *position;
    next.bytes[next.size++] = 0;
    return next;
}

static bool is_arena_full(const struct store_tx *tx, const struct slice *slice)
{
    return tx->view.arena->total - slice->arena > BYTES_MAXIMUM;
}

/* Gathers rows of the table behind the position, which moves to the last one looked at. A table
 * must not be written while a range of it is open. */
static int gather(struct store_tx *tx, enum kv_table table, struct slice *slice, bool *ret_end)
{
    struct epoch_state *state = &tx->epoch;
    struct row_key from = behind(&state->position);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(tx->view.kv, table, row_key_bytes(&from), (struct kv_bytes){NULL, 0},
                               KV_UP, &range);
    slice->count = 0;
    while (result == 0 && slice->looked < LOOKED_MAXIMUM && slice->count < slice->budget) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0 && key.size >= LAYOUT_KEY_SIZE) {
            result = VIEW_DAMAGED;
        }
        if (result == 0) {
            state->position = (struct row_key){.size = key.size};
            memcpy(state->position.bytes, key.data, key.size);
            slice->looked++;
            if (steps[state->step].concerns(&state->position)) {
                slice->keys[slice->count++] = state->position;
            }
        }
    }
    *ret_end = result == KV_END;
    return result == KV_END ? 0 : result;
}

/* Writes what was gathered again. Where the arena would become too full, the position goes back. */
static int renew(struct store_tx *tx, const struct slice *slice, bool *ret_all)
{
    struct epoch_state *state = &tx->epoch;
    *ret_all = true;
    for (size_t i = 0; i < slice->count; i++) {
        struct kv_bytes value;
        const struct row_key *key = &slice->keys[i];
        if (i > 0 && is_arena_full(tx, slice)) {
            state->position = slice->keys[i - 1];
            *ret_all = false;
            return 0;
        }
        int result = kv_get(tx->view.kv, steps[state->step].table, row_key_bytes(key), &value);
        if (result == 0) {
            state->rows += steps[state->step].renew(tx, key, value) ? 1 : 0;
            result = kv_fault(tx->view.kv);
        } else if (result == KV_NOT_FOUND) {
            result = VIEW_DAMAGED; /* it was met a moment ago */
        }
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

int turn_walk(struct store_tx *tx, bool *ret_end)
{
    struct slice slice = {.budget = tx->quiet ? ROWS_QUIET : ROWS_BESIDE};
    slice.keys = arena_new(tx->view.arena, slice.budget * sizeof(*slice.keys));
    slice.arena = tx->view.arena->total;
    int result = slice.keys == NULL ? -ENOMEM : 0;
    while (result == 0 && tx->epoch.step < ARRAY_LENGTH(steps) && slice.budget > 0 &&
           slice.looked < LOOKED_MAXIMUM && !is_arena_full(tx, &slice)) {
        bool end;
        bool all = true;
        result = gather(tx, steps[tx->epoch.step].table, &slice, &end);
        if (result == 0) {
            result = renew(tx, &slice, &all);
        }
        if (!all) {
            break;
        }
        slice.budget -= slice.count;
        if (end) {
            tx->epoch.step++;
            tx->epoch.position.size = 0;
        }
    }
    *ret_end = tx->epoch.step >= ARRAY_LENGTH(steps);
    return result;
}
