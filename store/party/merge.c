/* SPDX-License-Identifier: EUPL-1.2 */
/* How far a merge of parties is, its order, its beginning of the end. */
#include "store/party/merge.h"

#include <string.h>

#include "store/operation.h"
#include "store/party/counters.h"

#define ROW_NAME "party-merge"
#define ROW_VERSION 1
#define ROW_SIZE (1 + 4 + 4 + OIN_LENGTH + 1 + 8 + 4 + 4)
#define REST_SLICE 500 /* rows deleted in one batch */

/* ---- the row ---- */

int party_merge_load(struct store_view *view, struct party_merge *ret_merge)
{
    struct row_key key = layout_meta(ROW_NAME);
    struct party_merge merge = {0};
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_META, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    struct codec_reader in = {.data = value.data, .left = value.size};
    unsigned version = codec_get_u8(&in);
    merge.from = codec_get_u32(&in);
    merge.into = codec_get_u32(&in);
    codec_get_bytes(&in, merge.oin.text, OIN_LENGTH);
    merge.phase = (enum party_merge_phase)codec_get_u8(&in);
    merge.revision = codec_get_u64(&in);
    merge.position = codec_get_u32(&in);
    merge.signals = codec_get_u32(&in);
    if (!codec_done(&in) || version != ROW_VERSION || merge.phase < PARTY_MERGE_TRANSFERS ||
        merge.phase >= PARTY_MERGE_PHASES) {
        return VIEW_DAMAGED;
    }
    *ret_merge = merge;
    return 0;
}

void party_merge_save(struct store_tx *tx, const struct party_merge *merge)
{
    uint8_t buffer[ROW_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u8(&out, ROW_VERSION);
    codec_put_u32(&out, merge->from);
    codec_put_u32(&out, merge->into);
    codec_put_bytes(&out, merge->oin.text, OIN_LENGTH);
    codec_put_u8(&out, merge->phase);
    codec_put_u64(&out, merge->revision);
    codec_put_u32(&out, merge->position);
    codec_put_u32(&out, merge->signals);
    struct row_key key = layout_meta(ROW_NAME);
    kv_put(tx->view.kv, KV_META, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

void party_merge_put_due(struct store_tx *tx, const struct party_merge *merge)
{
    struct row_key key = layout_due_merge(tx->now, merge->from, merge->into);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){"", 0});
}

int party_merge_is_leaving(struct store_view *view, uint32_t party, bool *ret_leaving)
{
    struct party_merge merge;
    int result = party_merge_load(view, &merge);
    *ret_leaving = result == 0 && merge.from == party;
    return result == STORE_NOT_FOUND ? 0 : result;
}

int party_merge_involves(struct store_view *view, uint32_t party, bool *ret_involves)
{
    struct party_merge merge;
    int result = party_merge_load(view, &merge);
    *ret_involves = result == 0 && (merge.from == party || merge.into == party);
    return result == STORE_NOT_FOUND ? 0 : result;
}

int party_merge_log(struct store_tx *tx, const struct attribution *by,
                    const struct party_merge *merge, uint64_t *ret_index)
{
    struct attribution of_party = *by;
    struct log_note note = {.event = LOG_PARTY_MERGED, .count = merge->signals};
    of_party.on_behalf_of = merge->oin;
    note_object_party(&note, merge->into);
    return tx_log(tx, &of_party, &note, ret_index);
}

int party_merge_find_rows(struct store_tx *tx, uint32_t party, enum party_row kind,
                          struct party_merge_rows *ret_rows)
{
    struct row_key prefix = layout_party(party, kind);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = view_range_prefix(&tx->view, KV_PARTY, &prefix, &range);
    *ret_rows = (struct party_merge_rows){0};
    while (result == 0 && ret_rows->count < PARTY_MERGE_SLICE) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        size_t size = result == 0 ? key.size - prefix.size : 0;
        if (size > UUID_BYTES) {
            return VIEW_DAMAGED;
        }
        if (result == 0) {
            memcpy(ret_rows->ids[ret_rows->count++].bytes, (const uint8_t *)key.data + prefix.size,
                   size);
        }
    }
    return result == KV_END ? 0 : result;
}

/* ---- the last phases ---- */

/* What came after its phase had passed, while the party was still there, goes along now; when that
 * is more than a slice, its phase is entered again. 0: nothing is left. */
static int catch_up(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                    enum party_merge_phase *ret_phase)
{
    static const struct {
        party_merge_function *run;
        enum party_merge_phase phase;
    } late[] = {
        {party_merge_signals, PARTY_MERGE_SIGNALS},
        {party_merge_tombstones, PARTY_MERGE_TOMBSTONES},
        {party_merge_told, PARTY_MERGE_TOLD},
        {party_merge_inbox, PARTY_MERGE_INBOX},
        {party_merge_held, PARTY_MERGE_HELD},
    };
    int result = 0;
    *ret_phase = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(late) && result == 0 && *ret_phase == 0; i++) {
        bool done = false;
        result = late[i].run(tx, by, merge, &done);
        *ret_phase = done ? 0 : late[i].phase;
    }
    return result;
}

static int leave(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                 bool *ret_done)
{
    enum party_merge_phase again;
    int result = catch_up(tx, by, merge, &again);
    if (result != 0) {
        return result;
    }
    *ret_done = again == 0;
    if (again != 0) {
        merge->phase = again;
        merge->position = 0;
        return 0;
    }
    struct row_key key = layout_party(merge->from, PARTY_PROFILE);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    key = layout_organisation(&merge->oin);
    kv_delete(tx->view.kv, KV_ORGANISATION, row_key_bytes(&key));
    tx_touch_party(tx, merge->from);
    tx_touch_party(tx, merge->into);
    return 0;
}

/* Professionals, mapping, counters. */
static int delete_rest(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                       bool *ret_done)
{
    struct row_key *keys = arena_new(tx->view.arena, REST_SLICE * sizeof(*keys));
    struct row_key prefix = layout_party(merge->from, 0);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    (void)by;
    if (keys == NULL) {
        return -ENOMEM;
    }
    counters_settle(tx);
    prefix.size = 4;
    int result = view_range_prefix(&tx->view, KV_PARTY, &prefix, &range);
    while (result == 0 && count < REST_SLICE) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0 && key.size <= LAYOUT_KEY_SIZE) {
            keys[count].size = key.size;
            memcpy(keys[count++].bytes, key.data, key.size);
        }
    }
    kv_range_close(TAKE_PTR(range));
    for (size_t i = 0; i < count; i++) {
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&keys[i]));
    }
    *ret_done = result == KV_END;
    return result == KV_END ? 0 : result;
}

/* ---- a slice ---- */

int party_merge_step(struct store_tx *tx, const struct attribution *by, struct party_merge *merge,
                     bool *ret_ended)
{
    static party_merge_function *const phases[PARTY_MERGE_PHASES] = {
        [PARTY_MERGE_TRANSFERS] = party_merge_transfers,
        [PARTY_MERGE_PROFESSIONALS] = party_merge_professionals,
        [PARTY_MERGE_SIGNALS] = party_merge_signals,
        [PARTY_MERGE_TOMBSTONES] = party_merge_tombstones,
        [PARTY_MERGE_CODES] = party_merge_codes,
        [PARTY_MERGE_TOLD] = party_merge_told,
        [PARTY_MERGE_INBOX] = party_merge_inbox,
        [PARTY_MERGE_HELD] = party_merge_held,
        [PARTY_MERGE_PARTIES] = party_merge_parties,
        [PARTY_MERGE_LEAVE] = leave,
        [PARTY_MERGE_REST] = delete_rest,
    };
    bool done = false;
    *ret_ended = false;
    if (merge->revision == tx->view.head.revision || view_is_heavy(&tx->view)) {
        return 0;
    }
    int result = phases[merge->phase](tx, by, merge, &done);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    merge->revision = tx->view.head.revision;
    if (done) {
        merge->phase++;
        merge->position = 0;
    }
    *ret_ended = merge->phase == PARTY_MERGE_PHASES;
    if (*ret_ended) {
        struct row_key key = layout_meta(ROW_NAME);
        kv_delete(tx->view.kv, KV_META, row_key_bytes(&key));
    } else {
        party_merge_save(tx, merge);
    }
    return kv_fault(tx->view.kv);
}
