/* SPDX-License-Identifier: EUPL-1.2 */
/* A leaver's live signals go to a colleague (Jeugdwet 7.1.3.3). */
#include "store/party/transfer.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"

/* STORE_NOT_FOUND, STORE_UNKNOWN_PROFESSIONAL, STORE_IN_USE. */
static int check(struct store_tx *tx, struct store_transfer *op, struct transfer *ret_transfer)
{
    struct transfer transfer = {.party = op->op.party, .state = TRANSFER_RUNNING};
    struct transfer before;
    bool merging;
    int result = professional_find(&tx->view, transfer.party, op->from, &transfer.from);
    if (result == 0) {
        result = professional_find(&tx->view, transfer.party, op->to, &transfer.to);
        if (result == STORE_NOT_FOUND || (result == 0 && transfer.to == transfer.from)) {
            return STORE_UNKNOWN_PROFESSIONAL;
        }
    }
    if (result == 0) {
        result = party_merge_involves(&tx->view, transfer.party, &merging);
        result = result == 0 && merging ? STORE_IN_USE : result;
    }
    if (result != 0) {
        return result;
    }
    result = transfer_load(&tx->view, transfer.party, transfer.from, &before);
    if (result == 0 && before.state == TRANSFER_RUNNING) {
        if (before.to != transfer.to) {
            return STORE_IN_USE;
        }
        transfer.moved =
            before.moved; /* asked again: this one joins it, and looks from the start */
        transfer.merged = before.merged;
    }
    *ret_transfer = transfer;
    return result == STORE_NOT_FOUND ? 0 : result;
}

/* Writes down what is to be done. The colleague's row is written again, so that whoever is about to
 * delete it looks again for signals. */
static int begin(struct store_tx *tx, struct store_transfer *op, struct transfer *ret_transfer)
{
    struct professional to;
    int result = check(tx, op, ret_transfer);
    if (result != 0) {
        return result;
    }
    result = professional_load(&tx->view, op->op.party, ret_transfer->to, &to);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    professional_save(tx, op->op.party, &to);
    transfer_save(tx, ret_transfer);
    transfer_put_due(tx, ret_transfer, tx->now);
    op->number = ret_transfer->from;
    return 0;
}

static int log_transfer(struct store_tx *tx, struct store_transfer *op,
                        const struct transfer *transfer)
{
    struct log_note note = {.event = LOG_SIGNALS_TRANSFERRED, .professional = op->from};
    note.count = transfer->state == TRANSFER_ENDED ? transfer->moved : 0;
    note_object_party(&note, transfer->party);
    return tx_log_op(tx, &op->op, &note);
}

static void answer(struct store_tx *tx, struct store_transfer *op, const struct transfer *transfer)
{
    op->moved = transfer->moved;
    op->merged = transfer->merged;
    transfer_delete(tx, transfer);
}

/* What a batch has committed of the operation is that it has begun, and that was logged. */
static int run_transfer(struct store_tx *tx, struct store_op *base)
{
    struct store_transfer *op = CONTAINER_OF(base, struct store_transfer, op);
    struct transfer transfer;
    bool begun = base->kept_logged;
    int result = begun ? transfer_load(&tx->view, base->party, op->number, &transfer)
                       : begin(tx, op, &transfer);
    if (result != 0) {
        return begun && result == STORE_NOT_FOUND ? 0 : result; /* another has had the answer */
    }
    bool was_ended = transfer.state == TRANSFER_ENDED;
    result = transfer_step(tx, &base->by, &transfer);
    bool ended = transfer.state == TRANSFER_ENDED;
    if (result == 0 && !was_ended && (ended || !begun)) {
        result = log_transfer(tx, op, &transfer);
    }
    if (result != 0 || !ended) {
        return result != 0 ? result : TX_AGAIN;
    }
    answer(tx, op, &transfer);
    return 0;
}

void store_transfer_init(struct store_transfer *op)
{
    *op = (struct store_transfer){.from = "", .to = ""};
    operation_init(&op->op, LANE_SPARES, run_transfer);
}
