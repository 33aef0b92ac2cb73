/* SPDX-License-Identifier: EUPL-1.2 */
/* The terms of signals, agreements, matches and notices (Jeugdwet 7.1.4.5, 7.1.4.6, 7.1.3.2). */
#include <string.h>

#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/child/matchplace.h"
#include "store/child/signals.h"
#include "store/due/due.h"
#include "store/notice/notices.h"
#include "store/operation.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"

#define SWEEP_SLICE DUE_ENTRIES_MAXIMUM /* signals of a party ended in one batch */
#define NOTICES_SLICE 256               /* deleted in one batch */

const struct attribution due_by_itself;

int due_log_signal(struct store_tx *tx, enum log_event event, const struct child_key *child,
                   const struct uuid *id)
{
    struct log_note note = {.event = event};
    uint64_t index;
    note_subject(&note, child);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, id);
    return tx_log(tx, &due_by_itself, &note, &index);
}

void due_read_signal(struct due_row *row, uint32_t *ret_party, struct uuid *ret_id)
{
    codec_get_bytes(&row->about, ret_id->bytes, UUID_BYTES);
    *ret_party = codec_get_u32(&row->about);
}

void due_put_back(struct store_tx *tx, const struct due_row *row, const void *value, size_t size)
{
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(&row->key), (struct kv_bytes){value, size});
}

/* Time for its owner to say that the involvement goes on; unanswered, it is archived. */
int due_renewal_prompt(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    struct signal_row signal;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    due_read_signal(row, &party, &id);
    int result = signal_row_load(&tx->view, party, &id, &signal, &file);
    if (result != 0 || signal.status != SIGNAL_ACTIVE) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    int32_t prompt_day = signal.removal_day - tx->view.policy->renewal_prompt_days;
    if (calendar_dutch_midnight(prompt_day) > tx->now) {
        signal_due_put(tx, &signal, party, &id); /* renewed since, or the policy has changed */
        return 0;
    }
    struct notice_draft draft = {.type = NOTICE_RENEWAL_DUE, .own = child_file_member(&file, &id)};
    signal_due_put_removal(tx, &signal, party, &id);
    return notice_send(tx, &file, party, &draft, NULL);
}

/* Its owner is told that it has been archived. */
static int tell_removed(struct store_tx *tx, const struct child_key *child, uint32_t party,
                        const struct uuid *id)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = child_file_load(&tx->view, child, &file);
    if (result != 0) {
        return result;
    }
    struct notice_draft draft = {.type = NOTICE_SIGNAL_REMOVED,
                                 .own = child_file_member(&file, id)};
    return notice_send(tx, &file, party, &draft, NULL);
}

int due_removal(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    struct signal_row signal;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    due_read_signal(row, &party, &id);
    int result = signal_row_load(&tx->view, party, &id, &signal, &file);
    /* One that was renewed while this row was set aside has another date. */
    if (result != 0 || signal.status != SIGNAL_ACTIVE ||
        calendar_dutch_midnight(signal.removal_day) > tx->now) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    result = signal_archive(tx, party, &id);
    if (result == 0) {
        result = tell_removed(tx, &signal.child, party, &id);
    }
    if (result == 0) {
        result = statistics_count(tx, signal.municipality, STATISTIC_EXPIRED);
    }
    return result != 0 ? result : due_log_signal(tx, LOG_SIGNAL_ARCHIVED, &signal.child, &id);
}

int due_erasure(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    struct signal_row signal;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    due_read_signal(row, &party, &id);
    int result = signal_row_load(&tx->view, party, &id, &signal, &file);
    if (result == 0 && calendar_dutch_midnight(signal.erasure_day) > tx->now) {
        signal_due_put_day(tx, &signal, party, &id); /* the month has come, not yet the day */
        return 0;
    }
    if (result == 0) {
        result = signal_erase(tx, party, &id, false, true);
    }
    if (result == 0) {
        result = statistics_count_erased(tx, signal.municipality, signal.status);
    }
    if (result == 0) {
        result = due_log_signal(tx, LOG_SIGNAL_ERASED, &signal.child, &id);
    }
    return result == STORE_NOT_FOUND ? 0 : result;
}

int due_tombstone_end(struct store_tx *tx, struct due_row *row)
{
    struct uuid id;
    uint32_t party;
    due_read_signal(row, &party, &id);
    struct row_key key = layout_party_uuid(party, PARTY_TOMBSTONE, &id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    return 0;
}

/* An agreement has ended: so do the live signals that were made under it. */
int due_agreement_end(struct store_tx *tx, struct due_row *row)
{
    static const struct uuid beginning;
    struct party party;
    uint32_t number = codec_get_u32(&row->about);
    uint16_t municipality = (uint16_t)codec_get_u16(&row->about);
    int result = party_load(&tx->view, number, &party);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    tx_touch_party(tx, number);
    if (!party_has_agreement_with(&party, municipality, calendar_dutch_day(tx->now))) {
        struct row_key sweep = layout_due_sweep(tx->now, number, municipality);
        kv_put(tx->view.kv, KV_DUE, row_key_bytes(&sweep),
               (struct kv_bytes){beginning.bytes, UUID_BYTES});
    }
    return 0;
}

int signals_next_live(struct store_tx *tx, uint32_t party, struct uuid *position, size_t maximum,
                      struct uuid *ids, size_t *ret_count, bool *ret_end)
{
    struct row_key from = layout_party_uuid(party, PARTY_SIGNAL, position);
    struct row_key whole = layout_party(party, PARTY_SIGNAL);
    struct row_key to = layout_after_prefix(&whole);
    CLEANUP(kv_range_closep) struct kv_range *range = NULL;
    int result = kv_range_open(tx->view.kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to),
                               KV_UP, &range);
    struct uuid before = *position;
    size_t count = 0;
    for (size_t looked = 0; result == 0 && count < maximum && looked < 20 * maximum; looked++) {
        struct kv_bytes key;
        struct kv_bytes value;
        result = kv_range_next(range, &key, &value);
        if (result != 0) {
            break;
        }
        memcpy(position->bytes, (const uint8_t *)key.data + 5, UUID_BYTES);
        if (signal_row_status(value) == SIGNAL_ACTIVE &&
            memcmp(position, &before, sizeof(before)) != 0) {
            ids[count++] = *position;
        }
    }
    *ret_end = result == KV_END;
    *ret_count = count;
    return result == KV_END ? 0 : result;
}

/* Archives one signal of a sweep, if it has no agreement to stand on. */
static int sweep_signal(struct store_tx *tx, const struct party *party, const struct uuid *id)
{
    struct signal_row signal;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    bool covered = false;
    int result = signal_row_load(&tx->view, party->number, id, &signal, &file);
    if (result == 0) {
        result = party_is_covered(&tx->view, party, signal.municipality,
                                  calendar_dutch_day(tx->now), &covered);
    }
    if (result != 0 || covered) {
        return result;
    }
    result = signal_archive(tx, party->number, id);
    if (result == 0) {
        result = statistics_count(tx, signal.municipality, STATISTIC_EXPIRED);
    }
    return result != 0 ? result : due_log_signal(tx, LOG_SIGNAL_ARCHIVED, &signal.child, id);
}

int due_party_sweep(struct store_tx *tx, struct due_row *row)
{
    struct uuid ids[SWEEP_SLICE];
    struct uuid position;
    size_t count;
    bool end;
    struct party party;
    uint32_t number = codec_get_u32(&row->about);
    uint16_t municipality = (uint16_t)codec_get_u16(&row->about);
    if (row->value_size != UUID_BYTES) {
        return VIEW_DAMAGED;
    }
    memcpy(position.bytes, row->value, UUID_BYTES);
    int result = party_load(&tx->view, number, &party);
    if (result != 0 ||
        party_has_agreement_with(&party, municipality, calendar_dutch_day(tx->now))) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    result = signals_next_live(tx, number, &position, SWEEP_SLICE, ids, &count, &end);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = sweep_signal(tx, &party, &ids[i]);
    }
    if (result == 0 && !end) {
        due_put_back(tx, row, position.bytes, UUID_BYTES);
    }
    return result;
}

/* The municipality is told that nobody has said that those involved spoke to each other. */
static int tell_stalled(struct store_tx *tx, const struct match_found *found)
{
    const struct child_match *match = found->scope.match;
    struct notice_draft draft = {
        .type = NOTICE_FOLLOW_UP_STALLED, .match = &match->id, .kind = found->scope.kind};
    int result = 0;
    for (size_t i = 0; i < match->told_count && result == 0; i++) {
        bool concerns;
        result = match_concerns(&tx->view, &found->scope, match->told[i], &concerns);
        if (result == 0 && concerns) {
            result = notice_send(tx, found->scope.files[0], match->told[i], &draft, NULL);
        }
    }
    return result;
}

static int log_stalled(struct store_tx *tx, const struct match_found *found)
{
    int result = 0;
    for (size_t i = 0; i < found->scope.file_count && result == 0; i++) {
        struct log_note note = {.event = LOG_MATCH_STALLED};
        uint64_t index;
        note_subject(&note, &found->scope.files[i]->key);
        note_object_uuid(&note, LOG_OBJECT_MATCH, &found->scope.match->id);
        result = tx_log(tx, &due_by_itself, &note, &index);
    }
    return result != 0 ? result : statistics_count_scope(tx, &found->scope, STATISTIC_STALLED);
}

int due_follow_up(struct store_tx *tx, struct due_row *row)
{
    struct match_place place;
    CLEANUP(match_found_wipe) struct match_found found = {0};
    codec_get_bytes(&row->about, place.bytes, sizeof(place.bytes));
    struct uuid id = match_id_of_place(&tx->view, &place);
    int result = match_find(&tx->view, &id, &found);
    if (result != 0 || found.scope.match->status != MATCH_OPEN) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    found.scope.match->status = MATCH_STALLED;
    match_found_save(tx, &found);
    result = tell_stalled(tx, &found);
    return result != 0 ? result : log_stalled(tx, &found);
}

/* What was acknowledged long enough ago goes. */
int due_notices_end(struct store_tx *tx, struct due_row *row)
{
    uint32_t party = codec_get_u32(&row->about);
    size_t deleted;
    bool more;
    if (row->value_size != 8) {
        return VIEW_DAMAGED;
    }
    int result = notices_delete(tx, party, get_be64(row->value), NOTICES_SLICE, &deleted, &more);
    if (result != 0 || deleted == 0) {
        return result;
    }
    if (more) {
        due_put_back(tx, row, row->value, row->value_size);
    }
    struct log_note note = {.event = LOG_NOTICES_REMOVED, .count = (uint32_t)deleted};
    uint64_t index;
    note_object_party(&note, party);
    return tx_log(tx, &due_by_itself, &note, &index);
}
