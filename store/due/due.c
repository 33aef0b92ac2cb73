/* SPDX-License-Identifier: EUPL-1.2 */
/* What happens by itself when its time has come, in bounded slices inside ordinary batches. */
#include <string.h>

#include "store/base/clock.h"
#include "store/child/signals.h"
#include "store/due/due.h"
#include "store/operation.h"
#include "store/party/parties.h"

static int run_row(struct store_tx *tx, struct due_row *row, unsigned kind)
{
    static due_function *const functions[] = {
        [DUE_SIGNAL_REMOVAL] = due_removal,
        [DUE_SIGNAL_ERASURE] = due_erasure,
        [DUE_TOMBSTONE_END] = due_tombstone_end,
        [DUE_AGREEMENT_END] = due_agreement_end,
        [DUE_PARTY_SWEEP] = due_party_sweep,
        [DUE_RENEWAL_PROMPT] = due_renewal_prompt,
        [DUE_FOLLOW_UP] = due_follow_up,
        [DUE_NOTICES_END] = due_notices_end,
        [DUE_TRANSFER] = due_transfer,
        [DUE_PARTY_MERGE] = due_party_merge,
        [DUE_REGISTRY_END] = due_registry_end,
        [DUE_EPOCH_TURN] = due_epoch_turn,
        [DUE_LOG_END] = due_log_end,
    };
    if (kind >= ARRAY_LENGTH(functions) || functions[kind] == NULL) {
        return VIEW_DAMAGED;
    }
    /* First the row goes; what is not finished puts it back. */
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&row->key));
    int result = functions[kind](tx, row);
    return result == 0 && row->about.failed ? VIEW_DAMAGED : result;
}

/* The first row from a key on that is due; KV_END when there is none. */
static int first_due(struct store_view *view, const struct row_key *from, int64_t now,
                     struct due_row *ret_row, unsigned *ret_kind, int64_t *ret_instant)
{
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_open(view->kv, KV_DUE, row_key_bytes(from), (struct kv_bytes){NULL, 0},
                               KV_UP, &range);
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
    if (value.size > sizeof(ret_row->value)) {
        return VIEW_DAMAGED;
    }
    ret_row->value_size = value.size;
    if (value.size > 0) {
        memcpy(ret_row->value, value.data, value.size);
    }
    *ret_kind = ret_row->key.bytes[8];
    return 0;
}

bool due_set_aside(struct store_tx *tx, const struct row_key *row)
{
    struct row_key later = *row;
    struct kv_bytes value;
    uint8_t copy[LAYOUT_DUE_VALUE_MAXIMUM] = {0};
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

static const struct row_key lowest = {.size = 1};

static struct row_key behind(const struct row_key *row)
{
    struct row_key next = *row;
    next.bytes[next.size++] = 0;
    return next;
}

int due_next(struct store_view *view, int64_t *ret_instant)
{
    struct due_row row = {0};
    unsigned kind;
    int64_t instant = INT64_MAX;
    int result = first_due(view, &lowest, INT64_MAX, &row, &kind, &instant);
    if (result != 0 && result != KV_END) {
        return result;
    }
    *ret_instant = instant;
    return 0;
}

int due_oldest(struct store_view *view, int64_t *ret_instant)
{
    struct row_key from = lowest;
    int64_t instant = INT64_MAX;
    unsigned kind = DUE_EPOCH_TURN;
    int result = 0;
    while (result == 0 && kind == DUE_EPOCH_TURN) {
        struct due_row row = {0};
        result = first_due(view, &from, INT64_MAX, &row, &kind, &instant);
        from = behind(&row.key);
    }
    if (result != 0 && result != KV_END) {
        return result;
    }
    *ret_instant = result == KV_END ? INT64_MAX : instant;
    return 0;
}

static bool goes_in_slices(unsigned kind)
{
    return kind == DUE_EPOCH_TURN || kind == DUE_TRANSFER || kind == DUE_PARTY_MERGE ||
           kind == DUE_LOG_END;
}

/* What would repeat for ever: unreadable, or too large to be written. Then the row is set aside, so
 * that it does not stand in the way of the removals and erasures behind it. */
static bool is_rows_own(int result)
{
    return result == VIEW_DAMAGED || result == -EMSGSIZE;
}

int due_run_some(struct store_tx *tx, size_t budget, bool *ret_more)
{
    struct row_key from = lowest;
    const size_t told = tx->notices; /* operations have a bound of their own */
    bool ends_month = false;
    for (size_t i = 0; i < budget; i++) {
        struct due_row row = {0};
        unsigned kind;
        int64_t instant;
        if (tx->entries + DUE_ENTRIES_MAXIMUM > TX_ENTRIES_MAXIMUM ||
            tx->notices - told >= DUE_NOTICES_MAXIMUM) {
            break;
        }
        int result = first_due(&tx->view, &from, tx->now, &row, &kind, &instant);
        if (result == KV_END) {
            *ret_more = false;
            return 0;
        }
        if (result != 0) {
            return result;
        }
        if (kind == DUE_LOG_END && ends_month) {
            from = behind(&row.key); /* months end in order: it is late until its turn has come */
            continue;
        }
        ends_month = ends_month || kind == DUE_LOG_END;
        result = run_row(tx, &row, kind);
        /* The first fault of the transaction is what went wrong: after one of the machine
         * everything fails, and nothing that was found then says that a row is damaged. */
        int fault = kv_fault(tx->view.kv);
        result = fault != 0 ? fault : result;
        if (is_rows_own(result)) {
            tx->failed_due = row.key;
        }
        if (result != 0) {
            return result;
        }
        if (goes_in_slices(kind)) {
            from = behind(&row.key); /* one slice a batch; what is behind it does not wait */
        } else {
            tx->due_rows++;
        }
    }
    *ret_more = true;
    return 0;
}
