/* SPDX-License-Identifier: EUPL-1.2 */
/* Putting and deleting professionals: contact data is managed after the fact (7.1.3.3). */
#include <string.h>

#include "store/child/signals.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"
#include "store/party/transfer.h"

static bool same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* A nightly coupling puts what is there already: that need not make others read again. */
static bool same_as_before(struct store_tx *tx, uint32_t party, const struct professional *now)
{
    struct professional before;
    return professional_load(&tx->view, party, now->number, &before) == 0 &&
           same_text(before.contact.name, now->contact.name) &&
           same_text(before.contact.function, now->contact.function) &&
           same_text(before.contact.email, now->contact.email) &&
           same_text(before.contact.phone, now->contact.phone);
}

static int run_put(struct store_tx *tx, struct store_op *op)
{
    struct store_professional_put *put = CONTAINER_OF(op, struct store_professional_put, op);
    struct log_note note = {.event = LOG_PROFESSIONAL_CHANGED, .professional = put->id};
    struct professional professional = {.id = put->id, .contact = put->contact};
    int result = professional_find(&tx->view, op->party, put->id, &professional.number);
    put->created = result == STORE_NOT_FOUND;
    if (put->created) {
        result = professional_add(tx, op->party, &professional);
    } else if (result == 0 && !same_as_before(tx, op->party, &professional)) {
        professional_save(tx, op->party, &professional);
    }
    if (result != 0) {
        return result;
    }
    return tx_log_op(tx, op, &note);
}

void store_professional_put_init(struct store_professional_put *op)
{
    *op = (struct store_professional_put){.id = ""};
    operation_init(&op->op, LANE_GROWS, run_put);
}

#define SCAN_SLICE 4000 /* signals looked at in one batch */

/*
 * Looks on from where the last batch stopped for a signal of this professional. New signals have
 * higher ids, so a scan that has reached the end has seen every one. 0: none is left to look at;
 * STORE_IN_USE; TX_AGAIN.
 */
static int scan_signals(struct store_tx *tx, struct store_professional_delete *op,
                        uint32_t professional)
{
    struct row_key from = layout_party_uuid(op->op.party, PARTY_SIGNAL, &op->scanned);
    struct row_key whole = layout_party(op->op.party, PARTY_SIGNAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(tx->view.kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to),
                               KV_UP, &range);
    for (size_t looked = 0; result == 0; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        if (signal_row_professional(value) == professional) {
            return STORE_IN_USE;
        }
        memcpy(op->scanned.bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        if (looked == SCAN_SLICE) {
            return TX_AGAIN;
        }
    }
    return result == KV_END ? 0 : result;
}

/*
 * A transfer gives signals to one that has been looked at already: while it runs, nobody goes, and
 * when one has begun meanwhile, which shows in the colleague's row, the scan begins anew. A merge
 * of parties brings signals for those who came before them.
 */
static int check_arrivals(struct store_tx *tx, struct store_professional_delete *op,
                          uint32_t professional)
{
    struct row_key key = layout_party_u32(op->op.party, PARTY_PROFESSIONAL, professional);
    uint64_t changed;
    bool involved;
    int result = transfer_involves(&tx->view, op->op.party, professional, &involved);
    if (result == 0 && !involved) {
        result = party_merge_involves(&tx->view, op->op.party, &involved);
    }
    if (result == 0) {
        result = view_row_changed(&tx->view, KV_PARTY, &key, &changed);
    }
    if (result != 0 || involved) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result != 0 ? result : STORE_IN_USE;
    }
    if (op->since == 0 || changed >= op->since) {
        op->scanned = (struct uuid){0};
        op->since = tx->view.head.revision;
    }
    return 0;
}

static int run_delete(struct store_tx *tx, struct store_op *op)
{
    struct store_professional_delete *del = CONTAINER_OF(op, struct store_professional_delete, op);
    struct log_note note = {.event = LOG_PROFESSIONAL_DELETED, .professional = del->id};
    uint32_t number;
    int result = professional_find(&tx->view, op->party, del->id, &number);
    if (result == 0) {
        result = check_arrivals(tx, del, number);
    }
    if (result == 0) {
        result = scan_signals(tx, del, number);
    }
    if (result != 0) {
        return result;
    }
    struct row_key key = professional_id_key(&tx->view, op->party, del->id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    key = layout_party_u32(op->party, PARTY_PROFESSIONAL, number);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    return tx_log_op(tx, op, &note);
}

void store_professional_delete_init(struct store_professional_delete *op)
{
    *op = (struct store_professional_delete){.id = ""};
    operation_init(&op->op, LANE_SPARES, run_delete);
}
