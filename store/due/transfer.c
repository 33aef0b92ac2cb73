/* SPDX-License-Identifier: EUPL-1.2 */
/* A transfer goes on by itself, whatever became of whoever asked for it. */
#include "store/party/transfer.h"
#include "store/base/clock.h"
#include "store/due/due.h"

int due_transfer(struct store_tx *tx, struct due_row *row)
{
    struct transfer transfer;
    uint32_t party = codec_get_u32(&row->about);
    uint32_t from = codec_get_u32(&row->about);
    uint32_t to = codec_get_u32(&row->about);
    int result = transfer_load(&tx->view, party, from, &transfer);
    if (result != 0 || transfer.to != to || row->value_size != 1 ||
        row->value[0] != transfer.state) {
        return result == STORE_NOT_FOUND ? 0 : result; /* the row of an earlier one */
    }
    if (transfer.state == TRANSFER_ENDED) {
        transfer_delete(tx, &transfer); /* nobody has come for the answer */
        return 0;
    }
    result = transfer_step(tx, &due_by_itself, &transfer);
    if (result != 0) {
        return result;
    }
    bool ended = transfer.state == TRANSFER_ENDED;
    transfer_put_due(tx, &transfer, ended ? tx->now + CLOCK_DAY : tx->now);
    return ended ? transfer_log_end(tx, &transfer) : 0;
}
