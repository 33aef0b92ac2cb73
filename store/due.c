/* SPDX-License-Identifier: EUPL-1.2 */
/* What happens by itself when its time has come, in bounded slices inside ordinary batches. */
#include <string.h>

#include "store/clock.h"
#include "store/operation.h"
#include "store/parties.h"
#include "store/signals.h"

#define SWEEP_SLICE 64 /* signals of a party ended in one batch */

struct due_row {
    struct row_key key;
    struct codec_reader about; /* what follows time and kind in the key */
    struct uuid position;      /* of a sweep */
};

/* The index itself acts: there is no party and no operator. */
static const struct attribution by_itself;

static int log_signal(struct store_tx *tx, enum log_event event, const struct child_key *child,
                      const struct uuid *id)
{
    struct log_note note = {.event = event};
    uint64_t index;
    note_subject(&note, child);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, id);
    return tx_log(tx, &by_itself, &note, &index);
}

static void read_about(struct due_row *row, uint32_t *ret_party, struct uuid *ret_id)
{
    *ret_party = codec_get_u32(&row->about);
    codec_get_bytes(&row->about, ret_id->bytes, UUID_BYTES);
}

static int run_removal(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    struct signal_row signal;
    read_about(row, &party, &id);
    int result = signal_row_peek(&tx->view, party, &id, &signal);
    if (result == 0) {
        result = signal_archive(tx, party, &id);
    }
    if (result == 0) {
        result = log_signal(tx, LOG_SIGNAL_ARCHIVED, &signal.child, &id);
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

static int run_erasure(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    struct signal_row signal;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    read_about(row, &party, &id);
    int result = signal_row_load(&tx->view, party, &id, &signal, &file);
    if (result == 0 && calendar_dutch_midnight(signal.erasure_day) > tx->now) {
        signal_due_put_day(tx, &signal, party, &id); /* the month has come, not yet the day */
        return 0;
    }
    if (result == 0) {
        result = signal_erase(tx, party, &id, false, true);
    }
    if (result == 0) {
        result = log_signal(tx, LOG_SIGNAL_ERASED, &signal.child, &id);
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

static int run_tombstone_end(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party = codec_get_u32(&row->about);
    codec_get_bytes(&row->about, id.bytes, UUID_BYTES);
    struct row_key key = layout_party_uuid(party, PARTY_TOMBSTONE, &id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    return 0;
}

static void put_sweep(struct store_tx *tx, const struct row_key *key, const struct uuid *position)
{
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(key), (struct kv_bytes){position->bytes, UUID_BYTES});
}

/* An agreement has ended: if none is left, the party's live signals end too. */
static int run_agreement_end(struct store_tx *tx, struct due_row *row)
{
    static const struct uuid beginning;
    struct party party;
    uint32_t number = codec_get_u32(&row->about);
    int result = party_load(&tx->view, number, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    tx_touch_party(tx, number);
    if (!party_has_agreement(&party, calendar_dutch_day(tx->now))) {
        struct row_key sweep = layout_due_sweep(tx->now, number);
        put_sweep(tx, &sweep, &beginning);
    }
    return 0;
}

/* The next live signals of a party, from a position on; moves the position behind the last one
 * looked at. */
static int next_live_signals(struct store_tx *tx, uint32_t party, struct uuid *position,
                             struct uuid ids[static SWEEP_SLICE], size_t *ret_count, bool *ret_end)
{
    struct row_key from = layout_party_uuid(party, PARTY_SIGNAL, position);
    struct row_key whole = layout_party(party, PARTY_SIGNAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(tx->view.kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to),
                               KV_UP, &range);
    size_t count = 0;
    for (size_t looked = 0; result == 0 && count < SWEEP_SLICE && looked < 20 * SWEEP_SLICE;
         looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        memcpy(position->bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        const uint8_t *data = value.data;
        if (value.size > PSEUDONYM_KEY_BYTES + 4 &&
            data[PSEUDONYM_KEY_BYTES + 4] == SIGNAL_ACTIVE) {
            ids[count++] = *position;
        }
    }
    *ret_end = result == KV_END;
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

static int run_party_sweep(struct store_tx *tx, struct due_row *row)
{
    struct uuid ids[SWEEP_SLICE];
    size_t count;
    bool end;
    struct party party;
    uint32_t number = codec_get_u32(&row->about);
    int result = party_load(&tx->view, number, &party);
    if (result != 0 || party_has_agreement(&party, calendar_dutch_day(tx->now))) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    result = next_live_signals(tx, number, &row->position, ids, &count, &end);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct signal_row signal;
        result = signal_row_peek(&tx->view, number, &ids[i], &signal);
        if (result == 0) {
            result = signal_archive(tx, number, &ids[i]);
        }
        if (result == 0) {
            result = log_signal(tx, LOG_SIGNAL_ARCHIVED, &signal.child, &ids[i]);
        }
    }
    if (result == 0 && !end) {
        put_sweep(tx, &row->key, &row->position);
    }
    return result;
}

typedef int due_function(struct store_tx *tx, struct due_row *row);

static int run_row(struct store_tx *tx, struct due_row *row, unsigned kind)
{
    static due_function *const functions[] = {
        [DUE_SIGNAL_REMOVAL] = run_removal,      [DUE_SIGNAL_ERASURE] = run_erasure,
        [DUE_TOMBSTONE_END] = run_tombstone_end, [DUE_AGREEMENT_END] = run_agreement_end,
        [DUE_PARTY_SWEEP] = run_party_sweep,
    };
    if (kind >= ARRAY_LENGTH(functions) || functions[kind] == NULL) {
        return VIEW_DAMAGED;
    }
    /* First the row goes; what is not finished puts it back. */
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&row->key));
    int result = functions[kind](tx, row);
    return result == 0 && row->about.failed ? VIEW_DAMAGED : result;
}

/* The first row that is due; KV_END when there is none. */
static int first_due(struct store_view *view, int64_t now, struct due_row *ret_row,
                     unsigned *ret_kind, int64_t *ret_instant)
{
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    static const uint8_t lowest[1] = {0};
    int result = kv_range_open(view->kv, KV_DUE, (struct kv_bytes){lowest, 1},
                               (struct kv_bytes){NULL, 0}, KV_UP, &range);
    if (result == 0) {
        result = kv_range_next(range, &key, &value);
    }
    if (result != 0) {
        return result;
    }
    if (key.size < 9 || key.size > LAYOUT_KEY_SIZE) {
        return VIEW_DAMAGED;
    }
    *ret_instant = (int64_t)get_be64(key.data);
    if (*ret_instant > now) {
        return KV_END;
    }
    ret_row->key.size = key.size;
    memcpy(ret_row->key.bytes, key.data, key.size);
    ret_row->about = (struct codec_reader){.data = ret_row->key.bytes + 9, .left = key.size - 9};
    if (value.size == UUID_BYTES) {
        memcpy(ret_row->position.bytes, value.data, UUID_BYTES);
    }
    *ret_kind = ret_row->key.bytes[8];
    return 0;
}

bool due_set_aside(struct store_tx *tx, const struct row_key *row)
{
    struct row_key later = *row;
    struct kv_bytes value;
    uint8_t copy[UUID_BYTES] = {0};
    int result = kv_get(tx->view.kv, KV_DUE, row_key_bytes(row), &value);
    if (result != 0 || value.size > sizeof(copy)) {
        return false;
    }
    size_t size = value.size;
    memcpy(copy, value.data, size);
    put_be64(later.bytes, (uint64_t)(tx->now + CLOCK_DAY));
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(row));
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&later), (struct kv_bytes){copy, size});
    return true;
}

int due_next(struct store_view *view, int64_t *ret_instant)
{
    struct due_row row = {0};
    unsigned kind;
    int64_t instant = INT64_MAX;
    int result = first_due(view, INT64_MAX, &row, &kind, &instant);
    if (result != 0 && result != KV_END) {
        return result;
    }
    *ret_instant = instant;
    return 0;
}

int due_run_some(struct store_tx *tx, size_t budget, bool *ret_more)
{
    for (size_t i = 0; i < budget; i++) {
        struct due_row row = {0};
        unsigned kind;
        int64_t instant;
        if (tx->entries + SWEEP_SLICE > TX_ENTRIES_MAXIMUM) {
            break;
        }
        int result = first_due(&tx->view, tx->now, &row, &kind, &instant);
        if (result == KV_END) {
            *ret_more = false;
            return 0;
        }
        if (result != 0) {
            return result;
        }
        result = run_row(tx, &row, kind);
        if (result == VIEW_DAMAGED) {
            tx->failed_due = row.key;
        }
        if (result != 0) {
            return result;
        }
    }
    *ret_more = true;
    return 0;
}
