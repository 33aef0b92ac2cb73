/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/end.h"

#include <string.h>

#include "store/base/clock.h"
#include "store/due/due.h"
#include "store/log/read.h"
#include "store/operation.h"

#define ROWS_BESIDE 128 /* written or deleted in one slice, beside operations that wait */
#define ROWS_QUIET 1024 /* the same, when there are none */
#define YEARS_NAME "log-years"

/* ---- when ---- */

/* Months are those of UTC, which end an hour or two after the Dutch ones: the day after is never
 * too early. */
int64_t log_end_instant(const struct store_view *view, uint32_t month)
{
    uint32_t next = month + 1;
    struct calendar_date second = {(int)(next / 12), (int)(next % 12) + 1, 2};
    int32_t day = calendar_day_from_date(second);
    return calendar_dutch_midnight(calendar_add_years(day, view->policy->log_years));
}

void log_end_put(struct store_view *view, uint32_t month)
{
    struct row_key key = layout_due_month(log_end_instant(view, month), DUE_LOG_END, month);
    kv_put(view->kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
}

static bool is_policy_new(struct store_view *view, const struct row_key *key, int *ret_result)
{
    struct kv_bytes value;
    *ret_result = kv_get(view->kv, KV_META, row_key_bytes(key), &value);
    if (*ret_result != 0) {
        bool missing = *ret_result == KV_NOT_FOUND;
        *ret_result = missing ? 0 : *ret_result;
        return missing;
    }
    return value.size != 4 || get_be32(value.data) != (uint32_t)view->policy->log_years;
}

int log_end_review(struct store_view *view, bool *ret_any)
{
    struct row_key years = layout_meta(YEARS_NAME);
    struct row_key prefix = layout_meta("month");
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct kv_bytes key;
    struct kv_bytes value;
    int result;
    if (!is_policy_new(view, &years, &result)) {
        return result;
    }
    result = view_range_prefix(view, KV_META, &prefix, &range);
    while (result == 0) {
        result = kv_range_next(range, &key, &value);
        if (result == 0 && key.size == prefix.size + 4) {
            log_end_put(view, get_be32((const uint8_t *)key.data + prefix.size));
        }
    }
    if (result != KV_END) {
        return result;
    }
    kv_range_close(TAKE_PTR(range)); /* its table is written now */
    uint8_t number[4];
    put_be32(number, (uint32_t)view->policy->log_years);
    kv_put(view->kv, KV_META, row_key_bytes(&years), (struct kv_bytes){number, sizeof(number)});
    *ret_any = true;
    return 0;
}

/* ---- what has gone ---- */

static int parse_gone(struct kv_bytes key, struct kv_bytes value, struct log_gone *ret_gone)
{
    struct codec_reader in = {.data = value.data, .left = value.size};
    struct log_gone gone = {.first = get_be64((const uint8_t *)key.data + key.size - 8)};
    gone.month = codec_get_u32(&in);
    gone.end = codec_get_u64(&in);
    gone.done = codec_get_u64(&in);
    if (!codec_done(&in) || gone.done < gone.first || gone.end < gone.done) {
        return VIEW_DAMAGED;
    }
    *ret_gone = gone;
    return 0;
}

static void save_gone(struct store_tx *tx, const struct log_gone *gone)
{
    uint8_t buffer[4 + 8 + 8];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct row_key key = layout_log_gone(gone->first);
    codec_put_u32(&out, gone->month);
    codec_put_u64(&out, gone->end);
    codec_put_u64(&out, gone->done);
    kv_put(tx->view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

int log_gone_find(struct store_view *view, uint64_t index, struct log_gone *ret_gone)
{
    struct row_key from = layout_log_gone(0);
    struct row_key to = layout_log_gone(index + 1);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    struct log_gone gone;
    struct kv_bytes key;
    struct kv_bytes value;
    int result =
        kv_range_open(view->kv, KV_META, row_key_bytes(&from), row_key_bytes(&to), KV_DOWN, &range);
    if (result == 0) {
        result = kv_range_next(range, &key, &value);
    }
    if (result == 0) {
        result = key.size == from.size ? parse_gone(key, value, &gone) : VIEW_DAMAGED;
    }
    if (result != 0 || index >= gone.end) {
        return result == 0 || result == KV_END ? STORE_NOT_FOUND : result;
    }
    *ret_gone = gone;
    return 0;
}

/* ---- a slice ---- */

/* Deletes rows of the month's indexes; less than the budget when none is left. */
static int delete_index_rows(struct store_tx *tx, uint32_t month, size_t budget, size_t *ret_count)
{
    struct row_key prefix = layout_index_month(month);
    struct row_key *keys = arena_new(tx->view.arena, budget * sizeof(*keys));
    struct kv_range *range = NULL;
    size_t count = 0;
    int result =
        keys == NULL ? -ENOMEM : view_range_prefix(&tx->view, KV_LOG_INDEX, &prefix, &range);
    while (result == 0 && count < budget) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0) {
            size_t size = key.size < LAYOUT_KEY_SIZE ? key.size : LAYOUT_KEY_SIZE;
            memcpy(keys[count].bytes, key.data, size);
            keys[count++].size = size;
        }
    }
    kv_range_close(range);
    if (result != 0 && result != KV_END) {
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        kv_delete(tx->view.kv, KV_LOG_INDEX, row_key_bytes(&keys[i]));
    }
    *ret_count = count;
    return kv_fault(tx->view.kv);
}

/* Leaves the bare commitment of an entry. */
static int destroy_record(struct store_tx *tx, uint64_t index)
{
    struct row_key key = layout_log(index);
    struct kv_bytes value;
    uint8_t commitment[COMMITMENT_BYTES];
    int result = kv_get(tx->view.kv, KV_LOG, row_key_bytes(&key), &value);
    if (result != 0 || value.size < COMMITMENT_BYTES) {
        return result < 0 ? result : VIEW_DAMAGED;
    }
    memcpy(commitment, value.data, sizeof(commitment));
    kv_put(tx->view.kv, KV_LOG, row_key_bytes(&key),
           (struct kv_bytes){commitment, sizeof(commitment)});
    return 0;
}

static int destroy_records(struct store_tx *tx, struct log_gone *gone, size_t budget)
{
    uint64_t end = gone->end - gone->done < budget ? gone->end : gone->done + budget;
    int result = 0;
    for (uint64_t index = gone->done; index < end && result == 0; index++) {
        result = destroy_record(tx, index);
    }
    gone->done = end;
    save_gone(tx, gone);
    return result;
}

/* That it begins, in the log, and all that is destroyed by then: what earlier months have said of
 * themselves is destroyed in its turn. A count that does not suffice is of the last of them. */
static int begin(struct store_tx *tx, const struct log_gone *gone)
{
    uint64_t count = gone->end < UINT32_MAX ? gone->end : UINT32_MAX;
    struct log_note note = {
        .event = LOG_RECORDS_DESTROYED, .object_kind = LOG_OBJECT_ENTRY, .count = (uint32_t)count};
    uint64_t index;
    put_be64(note.object, gone->end - count);
    return tx_log(tx, &due_by_itself, &note, &index);
}

/* Where the end of a month stands: as it was left, or at its beginning. */
static int find_gone(struct store_tx *tx, uint32_t month, struct log_gone *ret_gone)
{
    struct log_gone gone = {.month = month};
    int result = log_first_of_month(&tx->view, month, &gone.first);
    if (result == 0) {
        result = log_first_of_month(&tx->view, month + 1, &gone.end);
    }
    gone.done = gone.first;
    if (result == 0 && gone.first < gone.end) {
        result = log_gone_find(&tx->view, gone.first, &gone);
    }
    if (result != 0 && result != STORE_NOT_FOUND) {
        return result;
    }
    *ret_gone = gone;
    return gone.month == month ? result : VIEW_DAMAGED;
}

/* Whether an earlier month still has records: its row was set aside, because something in it cannot
 * be read. One that is under way comes first in every batch (store/due/due.c). */
static int waits_for_another(struct store_view *view, uint32_t month, bool *ret_waits)
{
    uint64_t first;
    uint32_t earlier;
    bool destroyed = true;
    int result = log_first_of_month(view, month, &first);
    if (result == 0 && first > 0) {
        result = log_month_of(view, first - 1, &earlier, &destroyed);
    }
    *ret_waits = !destroyed;
    return result;
}

static void put_at(struct store_tx *tx, int64_t instant, uint32_t month)
{
    struct row_key key = layout_due_month(instant, DUE_LOG_END, month);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
}

static int run_slice(struct store_tx *tx, uint32_t month, bool *ret_done)
{
    const size_t budget = tx->quiet ? ROWS_QUIET : ROWS_BESIDE;
    struct log_gone gone = {0};
    size_t deleted = 0;
    int found = find_gone(tx, month, &gone);
    *ret_done = false;
    if (found >= 0 && gone.end > tx->view.head.indexed) {
        return log_index_some(tx, budget); /* or its last rows would come after their end */
    }
    int result = found == STORE_NOT_FOUND ? begin(tx, &gone) : found;
    if (result == 0) {
        result = delete_index_rows(tx, month, budget, &deleted);
    }
    if (result == 0 && gone.first < gone.end) {
        result = destroy_records(tx, &gone, budget - deleted);
    }
    if (result == 0 && gone.done == gone.end) {
        struct row_key key = layout_month(month);
        kv_delete(tx->view.kv, KV_META, row_key_bytes(&key));
        *ret_done = true;
    }
    return result;
}

int due_log_end(struct store_tx *tx, struct due_row *row)
{
    uint32_t month = codec_get_u32(&row->about);
    struct row_key key = layout_month(month);
    struct kv_bytes value;
    bool waits;
    bool done;
    int result = kv_get(tx->view.kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result == KV_NOT_FOUND ? 0 : result; /* by another row of the same month */
    }
    int64_t instant = log_end_instant(&tx->view, month);
    if (instant > tx->now) {
        put_at(tx, instant, month);
        return 0;
    }
    result = waits_for_another(&tx->view, month, &waits);
    if (result != 0 || waits) {
        put_at(tx, tx->now + CLOCK_DAY, month);
        return result;
    }
    tx->due_rows++;
    result = run_slice(tx, month, &done);
    if (result == 0 && !done) {
        due_put_back(tx, row, NULL, 0);
    }
    return result;
}
