/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/matches.h"

#include <string.h>

#include "store/clock.h"
#include "store/notices.h"
#include "store/parties.h"

#define MATCH_ROW_SIZE (1 + 1 + PSEUDONYM_KEY_BYTES)
#define MATCH_ROW_VERSION 1
#define MATCH_ID_TRIES 16

/*
 * A new match id. Its first 40 bits are the short key that people quote on the telephone, so they
 * may not begin any other match's id.
 */
static int make_match_id(struct store_tx *tx, struct uuid *ret_id)
{
    for (int i = 0; i < MATCH_ID_TRIES; i++) {
        struct uuid id;
        uuid_make_random(&id);
        struct row_key prefix = layout_match(&id);
        prefix.size = MATCH_KEY_BYTES;
        CLEANUP(kv_range_closep) struct kv_range *range = NULL;
        struct kv_bytes key;
        struct kv_bytes value;
        int result = view_range_prefix(&tx->view, KV_MATCH, &prefix, &range);
        if (result == 0) {
            result = kv_range_next(range, &key, &value);
        }
        if (result == KV_END) {
            *ret_id = id;
            return 0;
        }
        if (result != 0) {
            return result;
        }
    }
    return -EAGAIN;
}

static void put_match_row(struct store_tx *tx, const struct uuid *id, const struct child_key *child)
{
    uint8_t value[MATCH_ROW_SIZE] = {MATCH_ROW_VERSION, MATCH_CHILD};
    memcpy(value + 2, child->bytes, PSEUDONYM_KEY_BYTES);
    struct row_key key = layout_match(id);
    kv_put(tx->view.kv, KV_MATCH, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
}

int match_child(struct store_view *view, const struct uuid *id, struct child_key *ret_child)
{
    struct row_key key = layout_match(id);
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_MATCH, row_key_bytes(&key), &value);
    if (result != 0) {
        return result;
    }
    const uint8_t *data = value.data;
    if (value.size != MATCH_ROW_SIZE || data[0] != MATCH_ROW_VERSION || data[1] != MATCH_CHILD) {
        return VIEW_DAMAGED;
    }
    memcpy(ret_child->bytes, data + 2, PSEUDONYM_KEY_BYTES);
    return 0;
}

static bool was_told(const struct child_match *match, uint32_t party)
{
    for (size_t i = 0; i < match->told_count; i++) {
        if (match->told[i] == party) {
            return true;
        }
    }
    return false;
}

/* Tells the municipality of a signal of the match, once for each match. */
static int tell_municipality(struct store_tx *tx, const struct child_file *file,
                             struct child_match *match, uint16_t municipality)
{
    uint32_t party;
    int result = party_of_municipality(&tx->view, municipality, &party);
    if (result != 0 || party == 0 || was_told(match, party) ||
        match->told_count == CHILDFILE_TOLD_MAXIMUM) {
        return result;
    }
    match->told[match->told_count++] = party;
    struct row_key key = layout_party_uuid(party, PARTY_MATCH_TOLD, &match->id);
    uint8_t instant[8];
    put_be64(instant, (uint64_t)tx->now);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){instant, 8});
    return notice_send(tx, file, party, NOTICE_MATCH_FORMED, &match->id, NULL);
}

static void forget_match(struct store_tx *tx, const struct child_match *match)
{
    struct row_key key = layout_match(&match->id);
    kv_delete(tx->view.kv, KV_MATCH, row_key_bytes(&key));
    for (size_t i = 0; i < match->told_count; i++) {
        key = layout_party_uuid(match->told[i], PARTY_MATCH_TOLD, &match->id);
        kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    }
    if (match->status != MATCH_ENDED) {
        tx->view.head.matches--;
    }
}

/* Drops the oldest ended match when there is no place for a new one. */
static void make_place(struct store_tx *tx, struct child_file *file)
{
    if (file->match_count < CHILDFILE_MATCHES_MAXIMUM) {
        return;
    }
    forget_match(tx, &file->matches[0]);
    file->match_count--;
    memmove(&file->matches[0], &file->matches[1], file->match_count * sizeof(file->matches[0]));
}

static int form_match(struct store_tx *tx, struct child_file *file)
{
    struct child_match match = {.status = MATCH_OPEN, .formed_at = tx->now};
    match.formed_by = tx->view.head.last_signal;
    int result = make_match_id(tx, &match.id);
    if (result != 0) {
        return result;
    }
    match.follow_up_due_day = calendar_dutch_day(tx->now) + tx->view.policy->follow_up_days;
    make_place(tx, file);
    file->matches[file->match_count++] = match;
    put_match_row(tx, &match.id, &file->key);
    tx->view.head.matches++;
    return 0;
}

int match_joined(struct store_tx *tx, struct child_file *file)
{
    if (file->live_count < 2) {
        return 0;
    }
    const struct child_member *newest = &file->members[file->member_count - 1];
    bool formed = child_file_open_match(file) == NULL;
    int result = formed ? form_match(tx, file) : 0;
    if (result != 0) {
        return result;
    }
    struct child_match *match = child_file_open_match(file);
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        const struct child_member *member = &file->members[i];
        if (!member->archived) {
            bool joins = !formed && member != newest;
            result = notice_send(tx, file, member->party,
                                 joins ? NOTICE_MATCH_JOINED : NOTICE_MATCH_FORMED, &match->id,
                                 &member->signal);
        }
    }
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        if (!file->members[i].archived) {
            result = tell_municipality(tx, file, match, file->members[i].municipality);
        }
    }
    return result;
}

/* Whether a signal came after another had ended; `ended_after` is NULL when it has not ended. Ids
 * are in order where two instants can be the same millisecond. */
static bool is_later(const struct uuid *signal, const struct uuid *ended_after)
{
    return ended_after != NULL && memcmp(signal, ended_after, sizeof(*signal)) > 0;
}

/* Whoever was in the match with the wrongful signal and is still live, and the municipalities that
 * were told of it. */
static int retract(struct store_tx *tx, const struct child_file *file,
                   const struct child_match *match, const struct uuid *ended_after)
{
    int result = 0;
    for (size_t i = 0; i < file->member_count && result == 0; i++) {
        const struct child_member *member = &file->members[i];
        bool met = !is_later(&member->signal, ended_after);
        if (!member->archived && met && child_match_had(match, &member->signal)) {
            result = notice_send(tx, file, member->party, NOTICE_MATCH_RETRACTED, &match->id,
                                 &member->signal);
        }
    }
    for (size_t i = 0; i < match->told_count && result == 0; i++) {
        result = notice_send(tx, file, match->told[i], NOTICE_MATCH_RETRACTED, &match->id, NULL);
    }
    return result;
}

int match_retract(struct store_tx *tx, const struct child_file *file, const struct uuid *signal,
                  const struct uuid *ended_after)
{
    int result = 0;
    for (size_t i = 0; i < file->match_count && result == 0; i++) {
        const struct child_match *match = &file->matches[i];
        bool ended_before = is_later(&match->formed_by, ended_after);
        if (!ended_before && child_match_had(match, signal)) {
            result = retract(tx, file, match, ended_after);
        }
    }
    return result;
}

void match_left(struct store_tx *tx, struct child_file *file)
{
    struct child_match *match = child_file_open_match(file);
    if (match == NULL || file->live_count >= 2) {
        return;
    }
    match->status = MATCH_ENDED;
    match->ended_at = tx->now;
    match->ended_after = tx->view.head.last_signal;
    tx->view.head.matches--;
}

int match_forget(struct store_tx *tx, const struct child_file *file)
{
    for (size_t i = 0; i < file->match_count; i++) {
        forget_match(tx, &file->matches[i]);
    }
    return kv_fault(tx->view.kv);
}
