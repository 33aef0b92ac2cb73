/* SPDX-License-Identifier: EUPL-1.2 */
/* The operator merges two parties: schools and municipalities do so every January. */
#include "store/base/clock.h"
#include "store/operation.h"
#include "store/party/merge.h"
#include "store/party/parties.h"

static int load(struct store_tx *tx, const struct oin *oin, struct party *ret_party)
{
    uint32_t number;
    int result = party_find(&tx->view, oin, &number);
    if (result == 0) {
        result = party_load(&tx->view, number, ret_party);
    }
    return result == STORE_NOT_FOUND ? STORE_UNKNOWN_PARTY : result;
}

/* How many agreements there will be. */
static size_t count_agreements(const struct party *from, const struct party *into, int32_t today)
{
    size_t count = into->agreement_count;
    for (size_t i = 0; i < from->agreement_count; i++) {
        const struct agreement *theirs = &from->agreements[i];
        bool is_new = party_find_agreement(into, theirs->municipality) == NULL;
        count += is_new && theirs->until_day >= today ? 1 : 0;
    }
    return count;
}

/* Those that are live, from the first moment: signals that have moved must have one to stand on. */
static int take_agreements(struct store_tx *tx, const struct party *from, struct party *into)
{
    int32_t today = calendar_dutch_day(tx->now);
    int result = 0;
    for (size_t i = 0; i < from->agreement_count && result == 0; i++) {
        const struct agreement *theirs = &from->agreements[i];
        const struct agreement *ours = party_find_agreement(into, theirs->municipality);
        if (theirs->until_day >= today && (ours == NULL || ours->until_day < theirs->until_day)) {
            result = party_set_agreement(tx, into, theirs);
        }
    }
    return result;
}

static void put_auditor(struct store_tx *tx, const struct party *from, const struct party *into)
{
    struct row_key key = layout_auditor(from->number);
    kv_delete(tx->view.kv, KV_ORGANISATION, row_key_bytes(&key));
    if ((from->roles & PARTY_AUDITOR) != 0) {
        key = layout_auditor(into->number);
        party_put_organisation(tx, &key, into->number);
    }
}

/* Which municipality it is comes with the phase of codes, and so does that role. */
static int take_over(struct store_tx *tx, struct party *from, struct party *into)
{
    int result = take_agreements(tx, from, into);
    if (result != 0) {
        return result;
    }
    put_auditor(tx, from, into);
    from->suspended = true;
    into->roles |= from->roles & ~(unsigned)PARTY_MUNICIPALITY;
    party_save(tx, from);
    party_save(tx, into);
    tx_touch_party(tx, from->number);
    tx_touch_party(tx, into->number);
    return 0;
}

static int log_beginning(struct store_tx *tx, struct store_op *op, const struct party_merge *merge)
{
    int result = party_merge_log(tx, &op->by, merge, &op->log_index);
    op->logged = result == 0;
    return result;
}

static int begin(struct store_tx *tx, struct store_party_merge *op, struct party_merge *ret_merge)
{
    struct party from;
    struct party into;
    struct party_merge running;
    int result = load(tx, &op->from, &from);
    if (result == 0) {
        result = load(tx, &op->into, &into);
    }
    if (result == 0 && from.number == into.number) {
        result = STORE_EXISTS;
    }
    if (result != 0) {
        return result;
    }
    struct party_merge merge = {
        .from = from.number, .into = into.number, .oin = from.oin, .phase = PARTY_MERGE_TRANSFERS};
    op->from_number = from.number;
    op->number = into.number;
    result = party_merge_load(&tx->view, &running);
    if (result == 0 && (running.from != merge.from || running.into != merge.into)) {
        return STORE_IN_USE;
    }
    int32_t today = calendar_dutch_day(tx->now);
    if (result == STORE_NOT_FOUND &&
        count_agreements(&from, &into, today) > MODEL_AGREEMENTS_MAXIMUM) {
        return STORE_TOO_MANY;
    }
    if (result == STORE_NOT_FOUND) {
        result = take_over(tx, &from, &into);
        running = merge;
    }
    if (result != 0) {
        return result;
    }
    *ret_merge = running;
    party_merge_save(tx, &running);
    party_merge_put_due(tx, &running);
    return log_beginning(tx, &op->op, &running);
}

/* What a batch has committed of the operation is that it has begun, and that was logged. */
static int run_merge(struct store_tx *tx, struct store_op *base)
{
    struct store_party_merge *op = CONTAINER_OF(base, struct store_party_merge, op);
    struct party_merge merge;
    uint64_t index;
    bool ended;
    if (!base->kept_logged) {
        int result = begin(tx, op, &merge);
        return result != 0 ? result : TX_AGAIN;
    }
    int result = party_merge_load(&tx->view, &merge);
    if (result == STORE_NOT_FOUND || (result == 0 && merge.from != op->from_number)) {
        return 0; /* the due table has done the last of it */
    }
    if (result == 0) {
        result = party_merge_step(tx, &base->by, &merge, &ended);
    }
    if (result != 0 || !ended) {
        return result != 0 ? result : TX_AGAIN;
    }
    return party_merge_log(tx, &base->by, &merge, &index);
}

void store_party_merge_init(struct store_party_merge *op)
{
    *op = (struct store_party_merge){0};
    operation_init(&op->op, LANE_SPARES, run_merge);
}
