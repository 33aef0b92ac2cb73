/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/party/transfer.h"

#include <string.h>

#include "store/child/matches.h"
#include "store/child/merge.h"
#include "store/child/signals.h"
#include "store/due/due.h"
#include "store/operation.h"
#include "store/party/parties.h"

#define ROW_VERSION 1
#define ROW_SIZE (1 + 4 + 1 + 8 + UUID_BYTES + 4 + 4)
#define ENTRIES_OF_ONE 2                                   /* moved, and merged */
#define SLICE ((DUE_ENTRIES_MAXIMUM - 1) / ENTRIES_OF_ONE) /* signals */
#define LOOKED_MAXIMUM 4000                                /* rows, to find them */

/* ---- the row ---- */

static bool read_row(struct kv_bytes value, struct transfer *transfer)
{
    struct codec_reader in = {.data = value.data, .left = value.size};
    unsigned version = codec_get_u8(&in);
    transfer->to = codec_get_u32(&in);
    transfer->state = (enum transfer_state)codec_get_u8(&in);
    transfer->revision = codec_get_u64(&in);
    codec_get_bytes(&in, transfer->position.bytes, UUID_BYTES);
    transfer->moved = codec_get_u32(&in);
    transfer->merged = codec_get_u32(&in);
    return codec_done(&in) && version == ROW_VERSION &&
           (transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_ENDED);
}

int transfer_load(struct store_view *view, uint32_t party, uint32_t from,
                  struct transfer *ret_transfer)
{
    struct row_key key = layout_party_u32(party, PARTY_TRANSFER, from);
    struct transfer transfer = {.party = party, .from = from};
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0 && !read_row(value, &transfer)) {
        result = VIEW_DAMAGED;
    }
    if (result == 0) {
        *ret_transfer = transfer;
    }
    return result;
}

void transfer_save(struct store_tx *tx, const struct transfer *transfer)
{
    uint8_t buffer[ROW_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u8(&out, ROW_VERSION);
    codec_put_u32(&out, transfer->to);
    codec_put_u8(&out, transfer->state);
    codec_put_u64(&out, transfer->revision);
    codec_put_bytes(&out, transfer->position.bytes, UUID_BYTES);
    codec_put_u32(&out, transfer->moved);
    codec_put_u32(&out, transfer->merged);
    struct row_key key = layout_party_u32(transfer->party, PARTY_TRANSFER, transfer->from);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){out.data, out.size});
}

void transfer_delete(struct store_tx *tx, const struct transfer *transfer)
{
    struct row_key key = layout_party_u32(transfer->party, PARTY_TRANSFER, transfer->from);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
}

void transfer_put_due(struct store_tx *tx, const struct transfer *transfer, int64_t instant)
{
    struct row_key key =
        layout_due_transfer(instant, transfer->party, transfer->from, transfer->to);
    uint8_t state = (uint8_t)transfer->state;
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){&state, sizeof(state)});
}

/* Walks the transfers of a party; few, for they go within minutes. */
static int next_transfer(struct kv_range *range, uint32_t party, struct transfer *transfer)
{
    struct kv_bytes key;
    struct kv_bytes value;
    int result = kv_range_next(range, &key, &value);
    if (result != 0) {
        return result;
    }
    *transfer = (struct transfer){.party = party};
    transfer->from = get_be32((const uint8_t *)key.data + 5);
    return read_row(value, transfer) ? 0 : VIEW_DAMAGED;
}

int transfer_find_running(struct store_view *view, uint32_t party, struct transfer *ret_transfer)
{
    struct row_key prefix = layout_party(party, PARTY_TRANSFER);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = view_range_prefix(view, KV_PARTY, &prefix, &range);
    while (result == 0) {
        struct transfer transfer;
        result = next_transfer(range, party, &transfer);
        if (result == 0 && transfer.state == TRANSFER_RUNNING) {
            *ret_transfer = transfer;
            return 0;
        }
    }
    return result == KV_END ? STORE_NOT_FOUND : result;
}

int transfer_involves(struct store_view *view, uint32_t party, uint32_t professional,
                      bool *ret_involves)
{
    struct row_key prefix = layout_party(party, PARTY_TRANSFER);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = view_range_prefix(view, KV_PARTY, &prefix, &range);
    *ret_involves = false;
    while (result == 0 && !*ret_involves) {
        struct transfer transfer;
        result = next_transfer(range, party, &transfer);
        *ret_involves = result == 0 && transfer.state == TRANSFER_RUNNING &&
                        (transfer.from == professional || transfer.to == professional);
    }
    return result == KV_END ? 0 : result;
}

/* ---- a slice ---- */

/* The next live signals of the leaver; the position moves to the last row looked at. */
static int find_signals(struct store_tx *tx, struct transfer *transfer, struct uuid ids[SLICE],
                        size_t *ret_count, bool *ret_end)
{
    const struct uuid before = transfer->position;
    struct row_key from = layout_party_uuid(transfer->party, PARTY_SIGNAL, &before);
    struct row_key whole = layout_party(transfer->party, PARTY_SIGNAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    int result = kv_range_open(tx->view.kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to),
                               KV_UP, &range);
    for (size_t looked = 0; result == 0 && count < SLICE && looked < LOOKED_MAXIMUM; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        memcpy(transfer->position.bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        if (signal_row_status(value) == SIGNAL_ACTIVE &&
            signal_row_professional(value) == transfer->from &&
            memcmp(&transfer->position, &before, sizeof(before)) != 0) {
            ids[count++] = transfer->position;
        }
    }
    *ret_count = count;
    *ret_end = result == KV_END;
    return result == KV_END ? 0 : result;
}

static int log_moved(struct store_tx *tx, const struct attribution *by,
                     const struct child_file *file, const struct uuid *id, const char *to)
{
    struct log_note note = {.event = LOG_SIGNAL_TRANSFERRED, .professional = to};
    uint64_t index;
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, id);
    return tx_log(tx, by, &note, &index);
}

/* The colleague has signalled this child: one of the two stays. */
static int merge_two(struct store_tx *tx, const struct attribution *by, struct transfer *transfer,
                     struct child_file *file, const struct uuid *id, const struct uuid *other)
{
    struct uuid kept;
    transfer->merged++;
    return merge_signals(tx, by, file, id, other, &kept);
}

static int move_signal(struct store_tx *tx, const struct attribution *by, struct transfer *transfer,
                       const char *to, const struct uuid *id)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&tx->view, transfer->party, id, &row, &file);
    struct child_member *member = result == 0 ? child_file_member(&file, id) : NULL;
    if (member == NULL) {
        return result == 0 || result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    const struct child_member *met = merge_find_live(&file, transfer->party, transfer->to);
    const struct uuid other = met != NULL ? met->signal : *id;
    member->professional = transfer->to;
    row.professional = transfer->to;
    signal_row_save(tx, member, &row);
    transfer->moved++;
    result = log_moved(tx, by, &file, id, to);
    if (result == 0 && met != NULL) {
        result = merge_two(tx, by, transfer, &file, id, &other);
    }
    if (result == 0) {
        /* Where leaver and colleague were the two of a match, there is one left. */
        result = match_left(tx, &file, true);
    }
    child_file_save(&tx->view, &file);
    return result;
}

int transfer_step(struct store_tx *tx, const struct attribution *by, struct transfer *transfer)
{
    struct uuid ids[SLICE];
    struct professional to;
    size_t count = 0;
    bool end = false;
    if (transfer->state == TRANSFER_ENDED || transfer->revision == tx->view.head.revision ||
        view_is_heavy(&tx->view)) {
        return 0;
    }
    int result = professional_load(&tx->view, transfer->party, transfer->to, &to);
    if (result == 0) {
        result = find_signals(tx, transfer, ids, &count, &end);
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = move_signal(tx, by, transfer, to.id, &ids[i]);
    }
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result; /* it cannot be deleted now */
    }
    transfer->revision = tx->view.head.revision;
    transfer->state = end ? TRANSFER_ENDED : TRANSFER_RUNNING;
    transfer_save(tx, transfer);
    return kv_fault(tx->view.kv);
}

int transfer_log_end(struct store_tx *tx, const struct transfer *transfer)
{
    struct log_note note = {.event = LOG_SIGNALS_TRANSFERRED, .count = transfer->moved};
    uint64_t index;
    note_object_party(&note, transfer->party);
    return tx_log(tx, &due_by_itself, &note, &index);
}
