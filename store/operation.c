/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/operation.h"

#include <string.h>

#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/notice/notices.h"
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
        .offered = snapshot->view.offered,
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
        [STORE_ENDED] = "conflict",
        [STORE_TOO_OLD] = "invalid-request",
        [STORE_TOO_OFTEN] = "rate-limited",
        [STORE_NO_MUNICIPALITY] = "invalid-request",
        [STORE_NO_SUPPLIER] = "invalid-request",
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

/* Whose a notice was when the caller read it. The operation relies on that child's file, without a
 * change in which the notice is still about it. */
static bool find_offered(const struct store_op *op, uint64_t sequence, struct child_key *ret_child)
{
    const struct store_offered *offered = op->reliance.offered;
    size_t from = 0;
    size_t to = offered == NULL || offered->party != op->party ? 0 : offered->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct offered_notice *notice = &offered->notices[middle];
        if (notice->sequence == sequence) {
            *ret_child = notice->child;
            return true;
        }
        from = notice->sequence < sequence ? middle + 1 : from;
        to = notice->sequence < sequence ? to : middle;
    }
    return false;
}

/* On whom a disclosure is: the child, or the two of a family, behind what was shown of a party's
 * own; none behind a notice about the log. */
static int find_children(struct store_tx *tx, const struct store_op *op,
                         const struct log_note *note, struct child_key children[static 2],
                         size_t *ret_count)
{
    struct uuid id;
    struct signal_row row;
    bool has_child = true;
    int result;
    memcpy(id.bytes, note->object, UUID_BYTES);
    *ret_count = 1;
    switch (note->object_kind) {
    case LOG_OBJECT_MATCH:
        return match_children(&tx->view, &id, children, ret_count);
    case LOG_OBJECT_NOTICE:
        if (find_offered(op, get_be64(note->object), children)) {
            return 0;
        }
        result = notice_child(&tx->view, op->party, get_be64(note->object), &has_child, children);
        *ret_count = has_child ? 1 : 0;
        return result;
    case LOG_OBJECT_SIGNAL:
        result = signal_row_peek(&tx->view, op->party, &id, &row);
        if (result == 0) {
            children[0] = row.child;
        }
        return result;
    default:
        return STORE_NOT_FOUND;
    }
}

/* Writes the entries of one note: one, or one for each child of a family that was shown. When the
 * child is gone since, the caller reads again. */
static int complete_note(struct store_tx *tx, const struct store_op *op,
                         const struct log_note *note, struct log_note *out, size_t *ret_count)
{
    struct child_key children[MATCH_FILES_MAXIMUM];
    size_t count;
    bool shown = note->event == LOG_MATCH_READ || note->event == LOG_NOTICE_OFFERED ||
                 note->event == LOG_SIGNAL_READ;
    out[0] = *note;
    *ret_count = 1;
    if (!shown || note->has_subject || note->object_kind == LOG_OBJECT_NONE) {
        return 0;
    }
    int result = find_children(tx, op, note, children, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        out[i] = *note;
        note_subject(&out[i], &children[i]);
        *ret_count = i + 1;
    }
    return result == STORE_NOT_FOUND ? STORE_STALE : result;
}

static int run_notes(struct store_tx *tx, struct store_op *op)
{
    struct store_note_op *notes = CONTAINER_OF(op, struct store_note_op, op);
    if (notes->count > STORE_NOTES_MAXIMUM) {
        return -E2BIG;
    }
    struct log_note *complete =
        arena_new(tx->view.arena, (notes->count + 1) * MATCH_FILES_MAXIMUM * sizeof(*complete));
    size_t count = 0;
    if (complete == NULL) {
        return -ENOMEM;
    }
    int result = 0;
    for (size_t i = 0; i < notes->count && result == 0; i++) {
        size_t made;
        result = complete_note(tx, op, &notes->notes[i], &complete[count], &made);
        count += result == 0 ? made : 0;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        result = tx_log_op(tx, op, &complete[i]);
    }
    return result;
}

static_assert(STORE_NOTES_MAXIMUM * MATCH_FILES_MAXIMUM <= TX_ENTRIES_MAXIMUM,
              "the largest number of notes fits in a batch");
static_assert(CHILDFILE_MEMBERS_MAXIMUM + 4 <= OPERATION_SPARES_ENTRIES &&
                  STORE_TRIAL_MAXIMUM <= OPERATION_SPARES_ENTRIES,
              "so does what is done with all signals of a child");

size_t operation_entries(const struct store_op *op)
{
    if (op->run == run_notes) {
        const struct store_note_op *notes = CONTAINER_OF(op, struct store_note_op, op);
        return notes->count > STORE_NOTES_MAXIMUM ? 1 : notes->count * MATCH_FILES_MAXIMUM;
    }
    return op->lane == LANE_SPARES ? OPERATION_SPARES_ENTRIES : OPERATION_GROWS_ENTRIES;
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
    bool has_child;
    int result = notice_child(&tx->view, op->party, sequence, &has_child, &child);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    if (has_child) {
        note_subject(&note, &child);
    }
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
    notices_put_end(tx, op->party, last);
    return result == 0 && last < ack->up_to ? TX_AGAIN : result;
}

void store_acknowledge_init(struct store_acknowledge *op)
{
    *op = (struct store_acknowledge){0};
    operation_init(&op->op, LANE_SPARES, run_acknowledge);
}
