/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/operation.h"

#include <string.h>

#include "store/matches.h"
#include "store/notices.h"
#include "store/signals.h"
#include "store/snapshot.h"

void operation_init(struct store_op *op, enum store_lane lane,
                    int (*run)(struct store_tx *tx, struct store_op *op))
{
    op->lane = (unsigned char)lane;
    op->run = run;
}

void store_op_rely(struct store_op *op, const struct store_snapshot *snapshot)
{
    op->reliance = (struct store_reliance){
        .revision = snapshot->view.head.revision,
        .count = snapshot->view.seen_count,
        .seen = snapshot->view.seen,
    };
}

/* When what was seen last changed; for ever, when it is gone. */
static int last_change(struct store_view *view, const struct store_seen *seen,
                       uint64_t *ret_changed)
{
    struct row_key key;
    switch (seen->kind) {
    case SEEN_PARTY:
        key = layout_party(seen->party, PARTY_PROFILE);
        break;
    case SEEN_PROFESSIONAL:
        key = layout_party_u32(seen->party, PARTY_PROFESSIONAL, seen->professional);
        break;
    case SEEN_CHILD:
        key = layout_child(&seen->child, CHILD_FILE);
        break;
    }
    int result =
        view_row_changed(view, seen->kind == SEEN_CHILD ? KV_CHILD : KV_PARTY, &key, ret_changed);
    if (result == STORE_NOT_FOUND) {
        *ret_changed = UINT64_MAX;
        result = 0;
    }
    return result;
}

int operation_check_reliance(struct store_tx *tx, const struct store_op *op)
{
    for (size_t i = 0; i < op->reliance.count; i++) {
        uint64_t changed;
        int result = last_change(&tx->view, &op->reliance.seen[i], &changed);
        if (result != 0) {
            return result;
        }
        if (changed > op->reliance.revision) {
            return STORE_STALE;
        }
    }
    return 0;
}

const char *operation_refusal_slug(int condition)
{
    static const char *const slugs[STORE_CONDITIONS] = {
        [STORE_NOT_FOUND] = "not-found",
        [STORE_EXISTS] = "conflict",
        [STORE_UNKNOWN_PROFESSIONAL] = "invalid-request",
        [STORE_IN_USE] = "conflict",
        [STORE_TOO_MANY] = "conflict",
        [STORE_BEYOND_HEAD] = "invalid-request",
        [STORE_UNKNOWN_PARTY] = "not-found",
        [STORE_NO_AGREEMENT] = "agreement-ended",
    };
    return condition > 0 && condition < STORE_CONDITIONS ? slugs[condition] : NULL;
}

void note_subject(struct log_note *note, const struct child_key *child)
{
    note->has_subject = true;
    note->subject = *child;
}

void note_object_uuid(struct log_note *note, enum log_object_kind kind, const struct uuid *id)
{
    note->object_kind = kind;
    memcpy(note->object, id->bytes, UUID_BYTES);
}

void note_object_u64(struct log_note *note, enum log_object_kind kind, uint64_t number)
{
    note->object_kind = kind;
    put_be64(note->object, number);
}

void note_object_party(struct log_note *note, uint32_t number)
{
    note->object_kind = LOG_OBJECT_PARTY;
    put_be32(note->object, number);
}

/* On whom a disclosure is: the child behind what was shown of a party's own. */
static int find_child(struct store_tx *tx, const struct store_op *op, const struct log_note *note,
                      struct child_key *ret_child)
{
    struct uuid id;
    struct signal_row row;
    int result;
    memcpy(id.bytes, note->object, UUID_BYTES);
    switch (note->object_kind) {
    case LOG_OBJECT_MATCH:
        return match_child(&tx->view, &id, ret_child);
    case LOG_OBJECT_NOTICE:
        return notice_child(&tx->view, op->party, get_be64(note->object), ret_child);
    case LOG_OBJECT_SIGNAL:
        result = signal_row_peek(&tx->view, op->party, &id, &row);
        if (result == 0) {
            *ret_child = row.child;
        }
        return result;
    default:
        return STORE_NOT_FOUND;
    }
}

/* Something was shown, and its child is gone since: read again. */
static int complete_note(struct store_tx *tx, const struct store_op *op, struct log_note *note)
{
    struct child_key child;
    bool shown = note->event == LOG_MATCH_READ || note->event == LOG_NOTICE_OFFERED ||
                 note->event == LOG_SIGNAL_READ;
    if (!shown || note->has_subject || note->object_kind == LOG_OBJECT_NONE) {
        return 0;
    }
    int result = find_child(tx, op, note, &child);
    if (result == 0) {
        note_subject(note, &child);
    }
    return result == STORE_NOT_FOUND ? STORE_STALE : result;
}

static int run_notes(struct store_tx *tx, struct store_op *op)
{
    struct store_note_op *notes = CONTAINER_OF(op, struct store_note_op, op);
    if (notes->count > STORE_NOTES_MAXIMUM) {
        return -E2BIG;
    }
    struct log_note *complete = arena_new(tx->view.arena, (notes->count + 1) * sizeof(*complete));
    if (complete == NULL) {
        return -ENOMEM;
    }
    int result = 0;
    for (size_t i = 0; i < notes->count && result == 0; i++) {
        complete[i] = notes->notes[i];
        result = complete_note(tx, op, &complete[i]);
    }
    for (size_t i = 0; i < notes->count && result == 0; i++) {
        result = tx_log_op(tx, op, &complete[i]);
    }
    return result;
}

void store_note_init(struct store_note_op *op)
{
    *op = (struct store_note_op){0};
    operation_init(&op->op, LANE_SPARES, run_notes);
}

#define ACKNOWLEDGE_SLICE 256 /* notices of one batch */

/* Logs the receipt of a notice; a gap has nobody to log. */
static int acknowledge_one(struct store_tx *tx, struct store_op *op, uint64_t sequence)
{
    struct log_note note = {.event = LOG_NOTICE_ACKNOWLEDGED};
    struct child_key child;
    int result = notice_child(&tx->view, op->party, sequence, &child);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    note_subject(&note, &child);
    note_object_u64(&note, LOG_OBJECT_NOTICE, sequence);
    return tx_log_op(tx, op, &note);
}

static int run_acknowledge(struct store_tx *tx, struct store_op *op)
{
    struct store_acknowledge *ack = CONTAINER_OF(op, struct store_acknowledge, op);
    struct party_counters counters;
    int result = counters_load(&tx->view, op->party, &counters);
    if (result == 0 && ack->up_to > counters.inbox_head) {
        return STORE_BEYOND_HEAD;
    }
    if (result != 0 || ack->up_to <= counters.acknowledged) {
        return result;
    }
    uint64_t last = ack->up_to - counters.acknowledged > ACKNOWLEDGE_SLICE
                        ? counters.acknowledged + ACKNOWLEDGE_SLICE
                        : ack->up_to;
    for (uint64_t sequence = counters.acknowledged + 1; sequence <= last && result == 0;
         sequence++) {
        result = acknowledge_one(tx, op, sequence);
    }
    counters.acknowledged = last;
    counters_save(tx, op->party, &counters);
    return result == 0 && last < ack->up_to ? TX_AGAIN : result;
}

void store_acknowledge_init(struct store_acknowledge *op)
{
    *op = (struct store_acknowledge){0};
    operation_init(&op->op, LANE_SPARES, run_acknowledge);
}
