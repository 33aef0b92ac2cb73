/* SPDX-License-Identifier: EUPL-1.2 */
/* What of a party's rows goes along in a merge: professionals, signals, inbox. */
#include <stdio.h>
#include <string.h>

#include "store/base/clock.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"
#include "store/party/transfer.h"

#define TOMBSTONE_DAYS 30
#define SUFFIX_SIZE 12 /* ".2147483647" */

int party_merge_transfers(struct store_tx *tx, const struct attribution *by,
                          struct party_merge *merge, bool *ret_done)
{
    struct transfer transfer;
    int result = transfer_find_running(&tx->view, merge->from, &transfer);
    if (result == STORE_NOT_FOUND) {
        *ret_done = true;
        return 0;
    }
    if (result == 0) {
        result = transfer_step(tx, by, &transfer);
    }
    if (result == 0 && transfer.state == TRANSFER_ENDED) {
        result = transfer_log_end(tx, &transfer);
    }
    return result;
}

/* ---- professionals ---- */

/* An id that nobody has in the other party: its own, or else "<id>.2" and so on, of the same bound.
 */
static int choose_id(struct store_tx *tx, uint32_t party, const char *id,
                     char ret_id[static PROFESSIONAL_ID_MAXIMUM + 1])
{
    char chosen[PROFESSIONAL_ID_MAXIMUM + 1];
    uint32_t number;
    snprintf(chosen, sizeof(chosen), "%s", id);
    int result = professional_find(&tx->view, party, chosen, &number);
    for (int n = 2; result == 0; n++) {
        char suffix[SUFFIX_SIZE];
        int length = snprintf(suffix, sizeof(suffix), ".%d", n);
        snprintf(chosen, sizeof(chosen), "%.*s%s", PROFESSIONAL_ID_MAXIMUM - length, id, suffix);
        result = professional_find(&tx->view, party, chosen, &number);
    }
    if (result == STORE_NOT_FOUND) {
        memcpy(ret_id, chosen, sizeof(chosen));
        result = 0;
    }
    return result;
}

/* Its coordinator sees from the log why a colleague is called otherwise now. */
static int log_renamed(struct store_tx *tx, const struct attribution *by,
                       const struct party_merge *merge, const char *id)
{
    struct log_note note = {.event = LOG_PROFESSIONAL_CHANGED, .professional = id};
    uint64_t index;
    note_object_party(&note, merge->into);
    return tx_log(tx, by, &note, &index);
}

/* The number of a professional in the party that is left; once for each. */
static int map_professional(struct store_tx *tx, const struct attribution *by,
                            const struct party_merge *merge, uint32_t number, uint32_t *ret_mapped)
{
    struct row_key key = layout_party_u32(merge->from, PARTY_MOVED, number);
    struct professional professional;
    struct kv_bytes value;
    char id[PROFESSIONAL_ID_MAXIMUM + 1];
    uint8_t mapped[4];
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result != KV_NOT_FOUND) {
        if (result == 0 && value.size != sizeof(mapped)) {
            result = VIEW_DAMAGED;
        }
        if (result == 0) {
            *ret_mapped = get_be32(value.data);
        }
        return result;
    }
    result = professional_load(&tx->view, merge->from, number, &professional);
    if (result == 0) {
        result = choose_id(tx, merge->into, professional.id, id);
    }
    bool renamed = result == 0 && strcmp(id, professional.id) != 0;
    if (result == 0) {
        professional.id = id;
        result = professional_add(tx, merge->into, &professional);
    }
    if (result != 0) {
        return result;
    }
    put_be32(mapped, professional.number);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){mapped, sizeof(mapped)});
    *ret_mapped = professional.number;
    return renamed ? log_renamed(tx, by, merge, id) : 0;
}

/* The next numbers of professionals after the position. */
static int find_professionals(struct store_tx *tx, const struct party_merge *merge,
                              uint32_t numbers[static PARTY_MERGE_SLICE], size_t *ret_count)
{
    struct row_key from = layout_party_u32(merge->from, PARTY_PROFESSIONAL, merge->position + 1);
    struct row_key whole = layout_party(merge->from, PARTY_PROFESSIONAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    int result = kv_range_open(tx->view.kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to),
                               KV_UP, &range);
    while (result == 0 && count < PARTY_MERGE_SLICE) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0) {
            numbers[count++] = get_be32((const uint8_t *)key.data + 5);
        }
    }
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

int party_merge_professionals(struct store_tx *tx, const struct attribution *by,
                              struct party_merge *merge, bool *ret_done)
{
    uint32_t numbers[PARTY_MERGE_SLICE];
    size_t count;
    int result = find_professionals(tx, merge, numbers, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        uint32_t mapped;
        result = map_professional(tx, by, merge, numbers[i], &mapped);
        merge->position = numbers[i];
    }
    *ret_done = result == 0 && count < PARTY_MERGE_SLICE;
    return result;
}

/* ---- signals ---- */

/* What has been acknowledged is gone with the old inbox. */
static uint64_t moving_notice(const struct party_counters *counters, uint64_t notice)
{
    return notice <= counters->acknowledged ? 0 : notice | NOTICE_MOVING;
}

static int move_signal(struct store_tx *tx, const struct attribution *by,
                       const struct party_merge *merge, const struct party_counters *counters,
                       const struct uuid *id)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    uint32_t mapped = 0;
    int result = signal_row_load(&tx->view, merge->from, id, &row, &file);
    struct child_member *member = result == 0 ? child_file_member(&file, id) : NULL;
    if (result == 0 && member == NULL) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        result = map_professional(tx, by, merge, row.professional, &mapped);
    }
    if (result == 0) {
        result = signal_due_move(tx, &row, merge->from, merge->into, id);
    }
    if (result != 0) {
        return result;
    }
    struct row_key key = layout_party_uuid(merge->from, PARTY_SIGNAL, id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    member->party = merge->into;
    member->professional = mapped;
    member->notice = moving_notice(counters, member->notice);
    row.professional = mapped;
    signal_row_save(tx, member, &row);
    child_file_save(&tx->view, &file);
    return kv_fault(tx->view.kv);
}

int party_merge_signals(struct store_tx *tx, const struct attribution *by,
                        struct party_merge *merge, bool *ret_done)
{
    struct party_merge_rows rows;
    struct party_counters counters;
    size_t moved = 0;
    int result = counters_load(&tx->view, merge->from, &counters);
    if (result == 0) {
        result = party_merge_find_rows(tx, merge->from, PARTY_SIGNAL, &rows);
    }
    while (result == 0 && moved < rows.count && !view_is_heavy(&tx->view)) {
        result = move_signal(tx, by, merge, &counters, &rows.ids[moved]);
        moved++;
    }
    merge->signals += (uint32_t)moved;
    *ret_done = result == 0 && moved < PARTY_MERGE_SLICE && moved == rows.count;
    return result;
}

/* Withdrawing again what was erased is answered as before. When it was erased is not kept: the
 * term begins anew; the old one finds nothing. */
int party_merge_tombstones(struct store_tx *tx, const struct attribution *by,
                           struct party_merge *merge, bool *ret_done)
{
    struct party_merge_rows rows;
    (void)by;
    int result = party_merge_find_rows(tx, merge->from, PARTY_TOMBSTONE, &rows);
    for (size_t i = 0; i < rows.count && result == 0; i++) {
        const struct uuid *id = &rows.ids[i];
        struct row_key key = layout_party_uuid(merge->from, PARTY_TOMBSTONE, id);
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
        key = layout_party_uuid(merge->into, PARTY_TOMBSTONE, id);
        kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){"", 0});
        key = layout_due_signal(tx->now + TOMBSTONE_DAYS * CLOCK_DAY, DUE_TOMBSTONE_END,
                                merge->into, id);
        kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
    }
    *ret_done = result == 0 && rows.count < PARTY_MERGE_SLICE;
    return result;
}

/* ---- the inbox ---- */

static int log_dropped(struct store_tx *tx, const struct attribution *by,
                       const struct party_merge *merge, uint32_t dropped)
{
    struct log_note note = {.event = LOG_NOTICES_REMOVED, .count = dropped};
    uint64_t index;
    note_object_party(&note, merge->from);
    return dropped == 0 ? 0 : tx_log(tx, by, &note, &index);
}

int party_merge_inbox(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                      bool *ret_done)
{
    uint64_t sequences[PARTY_MERGE_SLICE];
    struct party_counters counters;
    size_t count = 0;
    size_t at = 0;
    uint32_t dropped = 0;
    int result = counters_load(&tx->view, merge->from, &counters);
    if (result == 0) {
        result = notices_find_oldest(&tx->view, merge->from, PARTY_MERGE_SLICE, sequences, &count);
    }
    for (; result == 0 && at < count && !view_is_heavy(&tx->view); at++) {
        if (sequences[at] > counters.acknowledged) {
            result = notice_move(tx, merge->from, sequences[at], merge->into);
            continue;
        }
        struct row_key key = layout_notice(merge->from, sequences[at]);
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
        dropped++;
    }
    *ret_done = result == 0 && at < PARTY_MERGE_SLICE && at == count;
    return result != 0 ? result : log_dropped(tx, by, merge, dropped);
}
