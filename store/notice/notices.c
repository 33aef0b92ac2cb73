/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of inboxes: counting, sending, moving, ending. */
#include "store/notice/notices.h"

#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/notice/row.h"

#define READABLE_DAYS 90 /* after the acknowledgement */

int notice_send(struct store_tx *tx, const struct child_file *file, uint32_t party,
                const struct notice_draft *draft, uint64_t *ret_sequence)
{
    struct notice_body body = {.type = draft->type, .kind = MATCH_CHILD, .logged_at = tx->now};
    uint64_t sequence;
    int result = counters_next_notice(tx, party, &sequence);
    if (result != 0) {
        return result;
    }
    if (draft->match != NULL) {
        body.match = *draft->match;
        body.kind = draft->kind;
    }
    if (draft->other != NULL) {
        body.other = *draft->other;
    }
    notice_row_put(tx, file, party, sequence, draft->own, &body);
    if (ret_sequence != NULL) {
        *ret_sequence = sequence;
    }
    return kv_fault(tx->view.kv);
}

static int send_auditor(struct store_tx *tx, uint32_t party, const struct auditor_notice *notice)
{
    uint64_t sequence;
    int result = counters_next_notice(tx, party, &sequence);
    if (result == 0) {
        notice_row_put_auditor(tx, party, sequence, notice);
    }
    return result;
}

#define AUDITORS_MAXIMUM 1000

int notice_send_auditors(struct store_tx *tx, enum notice_type type, uint64_t log_index,
                         const struct oin *actor)
{
    struct auditor_notice notice = {type, tx->now, log_index, *actor};
    uint32_t *auditors = arena_new(tx->view.arena, AUDITORS_MAXIMUM * sizeof(*auditors));
    struct row_key prefix = layout_auditor(0);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    if (auditors == NULL) {
        return -ENOMEM;
    }
    prefix.size = 1;
    int result = view_range_prefix(&tx->view, KV_ORGANISATION, &prefix, &range);
    while (result == 0 && count < AUDITORS_MAXIMUM) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0) {
            auditors[count++] = get_be32((const uint8_t *)key.data + 1);
        }
    }
    result = result == KV_END ? 0 : result;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = send_auditor(tx, auditors[i], &notice);
    }
    return result;
}

int notice_child(struct store_view *view, uint32_t party, uint64_t sequence, bool *ret_has_child,
                 struct child_key *ret_child)
{
    struct row_key key = layout_notice(party, sequence);
    struct notice_row row;
    struct kv_bytes value;
    uint32_t current;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0) {
        result = notice_row_read(view, &key, value, &row);
    }
    if (result == 0 && row.has_child) {
        result = child_file_generation(view, &row.child, &current);
        result = result == 0 && current != row.generation ? STORE_NOT_FOUND : result;
        if (result == STORE_NOT_FOUND && notice_row_outlives(&row)) {
            row.has_child = false;
            result = 0;
        }
    }
    if (result == 0) {
        *ret_has_child = row.has_child;
        *ret_child = row.child;
    }
    return result;
}

int notice_is_unread(struct store_view *view, const struct child_file *file,
                     const struct child_member *member, const struct uuid *match, bool *ret_unread,
                     int64_t *ret_since)
{
    struct row_key key = layout_notice(member->party, member->notice);
    struct party_counters counters;
    struct notice_row row;
    struct kv_bytes value;
    *ret_unread = false;
    int result = counters_load(view, member->party, &counters);
    if (result != 0 || member->notice == 0 || member->notice <= counters.acknowledged) {
        return result;
    }
    result = kv_get(view->kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0) {
        result = notice_row_read(view, &key, value, &row);
    }
    if (result == 0 && notice_row_is_live(&row, file) &&
        memcmp(&row.body.match, match, sizeof(*match)) == 0) {
        *ret_unread = true;
        *ret_since = row.body.logged_at;
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

/* ---- the end of notices ---- */

int notices_find_oldest(struct store_view *view, uint32_t party, size_t maximum,
                        uint64_t *sequences, size_t *ret_count)
{
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    size_t count = 0;
    int result = notice_row_range(view, party, 0, &range);
    while (result == 0 && count < maximum) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result == 0) {
            sequences[count++] = layout_notice_sequence(key);
        }
    }
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

int notices_delete(struct store_tx *tx, uint32_t party, uint64_t up_to, size_t slice,
                   size_t *ret_deleted, bool *ret_more)
{
    uint64_t *sequences = arena_new(tx->view.arena, slice * sizeof(*sequences));
    size_t found;
    size_t count = 0;
    if (sequences == NULL) {
        return -ENOMEM;
    }
    int result = notices_find_oldest(&tx->view, party, slice, sequences, &found);
    while (result == 0 && count < found && sequences[count] <= up_to) {
        struct row_key key = layout_notice(party, sequences[count++]);
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    }
    *ret_deleted = count;
    *ret_more = count == slice;
    return result;
}

/* One row for each party and day: later acknowledgements of a day move it up. */
void notices_put_end(struct store_tx *tx, uint32_t party, uint64_t up_to)
{
    int32_t day = calendar_dutch_day(tx->now) + READABLE_DAYS + 1;
    struct row_key key = layout_due_party(calendar_dutch_midnight(day), DUE_NOTICES_END, party);
    uint8_t value[8];
    put_be64(value, up_to);
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
}

/* ---- written again ---- */

/* The file behind a notice; STORE_NOT_FOUND when it has gone, or the own signal has. */
static int load_file(struct store_view *view, const struct notice_row *row, struct child_file *file)
{
    int result = row->has_child ? child_file_load(view, &row->child, file) : STORE_NOT_FOUND;
    return result == 0 && !notice_row_is_live(row, file) ? STORE_NOT_FOUND : result;
}

bool notice_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct notice_row row;
    int result = notice_row_read(&tx->view, key, value, &row);
    bool stale = result == 0 && !notice_row_is_auditors(&row) &&
                 row.epoch != keyring_current(tx->view.keys, KEYRING_EPOCH);
    if (result != 0) {
        view_fail(&tx->view, result);
        return false;
    }
    if (!stale) {
        return false;
    }
    result = load_file(&tx->view, &row, &file);
    if (result == 0) {
        return notice_row_renew(tx, key, value);
    }
    if (result == STORE_NOT_FOUND && notice_row_outlives(&row)) {
        notice_row_forget_child(tx, key, &row);
    } else if (result == STORE_NOT_FOUND) {
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(key));
    } else {
        view_fail(&tx->view, result);
        return false;
    }
    return true;
}

int notice_move(struct store_tx *tx, uint32_t from, uint64_t sequence, uint32_t into)
{
    struct row_key key = layout_notice(from, sequence);
    CLEANUP(child_file_wipe) struct child_file file = {0};
    struct notice_row row;
    struct kv_bytes value;
    uint64_t moved;
    bool has_file = false;
    int result = kv_get(tx->view.kv, KV_PARTY, row_key_bytes(&key), &value);
    if (result == 0) {
        result = notice_row_read(&tx->view, &key, value, &row);
    }
    if (result == 0) {
        /* Auditors are told of what is new. */
        result = notice_row_is_auditors(&row) ? STORE_NOT_FOUND : load_file(&tx->view, &row, &file);
        has_file = result == 0;
        result = result == STORE_NOT_FOUND && notice_row_outlives(&row) ? 0 : result;
    }
    if (result == 0) {
        result = counters_next_notice(tx, into, &moved);
    }
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    struct child_member *own = row.has_own ? child_file_member(&file, &row.own) : NULL;
    notice_row_put(tx, has_file ? &file : NULL, into, moved, own, &row.body);
    if (own != NULL && own->notice == (sequence | NOTICE_MOVING)) {
        own->notice = moved;
        child_file_save(&tx->view, &file);
    }
    return kv_fault(tx->view.kv);
}
