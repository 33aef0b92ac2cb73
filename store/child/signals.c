/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of signals, and how a signal ends (Jeugdwet 7.1.4.5, 7.1.4.6). */
#include "store/child/signals.h"

#include <string.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/operation.h"
#include "store/party/parties.h"

#define ROW_VERSION 3
#define ROW_PREFIX (CHILD_REF_BYTES + 4 + 1)
#define ROW_BODY_MAXIMUM (64 + 2 + MODEL_REFERENCE_BYTES)
#define TOMBSTONE_DAYS 30
#define PARTIES_COUNTED 64 /* whose archived signals in one file are weighed up */

uint32_t signal_row_professional(struct kv_bytes value)
{
    return value.size < ROW_PREFIX ? 0 : get_be32((const uint8_t *)value.data + CHILD_REF_BYTES);
}

enum signal_status signal_row_status(struct kv_bytes value)
{
    unsigned status =
        value.size < ROW_PREFIX ? 0 : ((const uint8_t *)value.data)[CHILD_REF_BYTES + 4];
    return status == SIGNAL_ACTIVE || status == SIGNAL_ARCHIVED ? (enum signal_status)status : 0;
}

static int get_row(struct store_view *view, const struct row_key *key, struct signal_row *ret_row,
                   struct kv_bytes *ret_sealed)
{
    struct kv_bytes value;
    int result = kv_get(view->kv, KV_PARTY, row_key_bytes(key), &value);
    if (result != 0) {
        return result;
    }
    if (value.size < ROW_PREFIX + SEAL_OVERHEAD) {
        return VIEW_DAMAGED;
    }
    struct signal_row row = {.professional = signal_row_professional(value),
                             .status = signal_row_status(value)};
    if (row.status == 0) {
        return VIEW_DAMAGED;
    }
    result = child_ref_read(view, KV_PARTY, key, value.data, &row.child);
    if (result != 0) {
        return result;
    }
    *ret_row = row;
    *ret_sealed =
        (struct kv_bytes){(const uint8_t *)value.data + ROW_PREFIX, value.size - ROW_PREFIX};
    return 0;
}

int signal_row_peek(struct store_view *view, uint32_t party, const struct uuid *id,
                    struct signal_row *ret_row)
{
    struct row_key key = layout_party_uuid(party, PARTY_SIGNAL, id);
    struct kv_bytes sealed;
    return get_row(view, &key, ret_row, &sealed);
}

int signal_row_open(struct store_view *view, const struct child_file *file, uint32_t party,
                    const struct uuid *id, struct signal_row *ret_row)
{
    struct row_key key = layout_party_uuid(party, PARTY_SIGNAL, id);
    struct signal_row row;
    struct kv_bytes sealed;
    struct codec_reader in;
    uint8_t secret[SEAL_KEY_BYTES];
    const struct child_member *member = child_file_member(file, id);
    int result = get_row(view, &key, &row, &sealed);
    if (result != 0 || member == NULL) {
        return result != 0 ? result : VIEW_DAMAGED;
    }
    seal_derive_key(member->secret, secret);
    result = child_value_open(secret, view->arena, KV_PARTY, &key, sealed.data, sealed.size, &in);
    secret_wipe(secret, sizeof(secret));
    if (result != 0) {
        return result;
    }
    unsigned version = codec_get_u8(&in);
    row.reported_at = codec_get_i64(&in);
    row.removal_day = codec_get_i32(&in);
    row.erasure_day = codec_get_i32(&in);
    row.ended_at = codec_get_i64(&in);
    codec_get_bytes(&in, row.ended_after.bytes, UUID_BYTES);
    row.municipality = (uint16_t)codec_get_u16(&in);
    row.reference = codec_get_text(&in, view->arena, MODEL_REFERENCE_BYTES);
    if (!codec_done(&in) || version != ROW_VERSION) {
        return VIEW_DAMAGED;
    }
    *ret_row = row;
    return 0;
}

int signal_row_load(struct store_view *view, uint32_t party, const struct uuid *id,
                    struct signal_row *ret_row, struct child_file *ret_file)
{
    struct signal_row row;
    int result = signal_row_peek(view, party, id, &row);
    if (result == 0) {
        result = child_file_load(view, &row.child, ret_file);
        result = result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    return result != 0 ? result : signal_row_open(view, ret_file, party, id, ret_row);
}

void signal_row_save(struct store_tx *tx, const struct child_member *member,
                     const struct signal_row *row)
{
    uint8_t buffer[ROW_BODY_MAXIMUM];
    uint8_t value[ROW_PREFIX + ROW_BODY_MAXIMUM + SEAL_OVERHEAD];
    uint8_t secret[SEAL_KEY_BYTES];
    struct codec_writer body = CODEC_WRITER(buffer);
    struct row_key key = layout_party_uuid(member->party, PARTY_SIGNAL, &member->signal);
    child_ref_write(&tx->view, KV_PARTY, &key, &row->child, value);
    put_be32(value + CHILD_REF_BYTES, row->professional);
    value[CHILD_REF_BYTES + 4] = (uint8_t)row->status;
    codec_put_u8(&body, ROW_VERSION);
    codec_put_i64(&body, row->reported_at);
    codec_put_i32(&body, row->removal_day);
    codec_put_i32(&body, row->erasure_day);
    codec_put_i64(&body, row->ended_at);
    codec_put_bytes(&body, row->ended_after.bytes, UUID_BYTES);
    codec_put_u16(&body, row->municipality);
    codec_put_text(&body, row->reference, MODEL_REFERENCE_BYTES);
    if (body.failed) {
        view_fail(&tx->view, -EMSGSIZE);
        return;
    }
    seal_derive_key(member->secret, secret);
    child_value_seal(secret, KV_PARTY, &key, &body, value + ROW_PREFIX);
    secret_wipe(secret, sizeof(secret));
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key),
           (struct kv_bytes){value, ROW_PREFIX + body.size + SEAL_OVERHEAD});
}

bool signal_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    struct child_key child;
    uint8_t *copy = arena_new(tx->view.arena, value.size + 1);
    if (copy == NULL || signal_row_status(value) == 0 ||
        child_ref_read(&tx->view, KV_PARTY, key, value.data, &child) != 0) {
        view_fail(&tx->view, copy == NULL ? -ENOMEM : VIEW_DAMAGED);
        return false;
    }
    if (child_ref_epoch(value.data) == keyring_current(tx->view.keys, KEYRING_EPOCH)) {
        return false;
    }
    memcpy(copy, value.data, value.size);
    child_ref_write(&tx->view, KV_PARTY, key, &child, copy);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(key), (struct kv_bytes){copy, value.size});
    return true;
}

static void put_due(struct store_tx *tx, const struct row_key *key)
{
    kv_put(tx->view.kv, KV_DUE, row_key_bytes(key), (struct kv_bytes){"", 0});
}

/* A 23rd birthday erases at once, without a stay in the archive. */
static bool is_archived_next(const struct signal_row *row)
{
    return row->status == SIGNAL_ACTIVE && row->removal_day < row->erasure_day;
}

static struct row_key erasure_key(int32_t day, uint32_t party, const struct uuid *id)
{
    return layout_due_signal(calendar_dutch_midnight(day), DUE_SIGNAL_ERASURE, party, id);
}

static int32_t first_of_month(int32_t day)
{
    struct calendar_date date = calendar_date_from_day(day);
    date.day = 1;
    return calendar_day_from_date(date);
}

static struct row_key removal_key(const struct signal_row *row, uint32_t party,
                                  const struct uuid *id)
{
    return layout_due_signal(calendar_dutch_midnight(row->removal_day), DUE_SIGNAL_REMOVAL, party,
                             id);
}

static struct row_key prompt_key(const struct store_tx *tx, const struct signal_row *row,
                                 uint32_t party, const struct uuid *id)
{
    int32_t day = row->removal_day - tx->view.policy->renewal_prompt_days;
    return layout_due_signal(calendar_dutch_midnight(day), DUE_RENEWAL_PROMPT, party, id);
}

/* One row at a time: the prompt puts the removal, and that the erasure. */
void signal_due_put(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                    const struct uuid *id)
{
    struct row_key key = is_archived_next(row)
                             ? prompt_key(tx, row, party, id)
                             : erasure_key(first_of_month(row->erasure_day), party, id);
    put_due(tx, &key);
}

void signal_due_put_removal(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                            const struct uuid *id)
{
    struct row_key key = removal_key(row, party, id);
    put_due(tx, &key);
}

void signal_due_put_day(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                        const struct uuid *id)
{
    struct row_key key = erasure_key(row->erasure_day, party, id);
    put_due(tx, &key);
}

void signal_due_delete(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                       const struct uuid *id)
{
    if (is_archived_next(row)) {
        /* A prompt that a change of policy left behind finds nothing to do. */
        struct row_key removal = removal_key(row, party, id);
        struct row_key prompt = prompt_key(tx, row, party, id);
        kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&removal));
        kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&prompt));
        return;
    }
    struct row_key month = erasure_key(first_of_month(row->erasure_day), party, id);
    struct row_key day = erasure_key(row->erasure_day, party, id);
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&month));
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&day));
}

/* Moves one term, if it is there. */
static int move_term(struct store_tx *tx, const struct row_key *old, const struct row_key *new,
                     bool *moved)
{
    struct kv_bytes value;
    int result = kv_get(tx->view.kv, KV_DUE, row_key_bytes(old), &value);
    if (result != 0) {
        return result == KV_NOT_FOUND ? 0 : result;
    }
    *moved = true;
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(old));
    put_due(tx, new);
    return 0;
}

int signal_due_move(struct store_tx *tx, const struct signal_row *row, uint32_t from, uint32_t into,
                    const struct uuid *id)
{
    bool next = is_archived_next(row);
    int32_t month = first_of_month(row->erasure_day);
    struct row_key old[] = {
        next ? prompt_key(tx, row, from, id) : erasure_key(month, from, id),
        next ? removal_key(row, from, id) : erasure_key(row->erasure_day, from, id),
    };
    struct row_key new[] = {
        next ? prompt_key(tx, row, into, id) : erasure_key(month, into, id),
        next ? removal_key(row, into, id) : erasure_key(row->erasure_day, into, id),
    };
    bool moved = false;
    for (size_t i = 0; i < ARRAY_LENGTH(old); i++) {
        int result = move_term(tx, &old[i], &new[i], &moved);
        if (result != 0) {
            return result;
        }
    }
    if (!moved) {
        signal_due_put(tx, row, into, id);
    }
    return 0;
}

static int32_t earlier(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

void signal_set_terms(const struct store_tx *tx, int32_t birth_day, struct signal_row *row)
{
    const struct store_policy *policy = tx->view.policy;
    int32_t today = calendar_dutch_day(tx->now);
    int32_t grown_up = calendar_add_years(birth_day, policy->age_limit);
    row->reported_at = tx->now;
    row->removal_day = earlier(calendar_add_years(today, policy->active_years), grown_up);
    row->erasure_day =
        earlier(calendar_add_years(today, policy->active_years + policy->archive_years), grown_up);
}

int signal_archive(struct store_tx *tx, uint32_t party, const struct uuid *id)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&tx->view, party, id, &row, &file);
    if (result != 0 || row.status != SIGNAL_ACTIVE) {
        return result;
    }
    struct child_member *member = child_file_member(&file, id);
    if (member == NULL) {
        return VIEW_DAMAGED;
    }
    signal_due_delete(tx, &row, party, id);
    member->archived = true;
    file.live_count--;
    row.status = SIGNAL_ARCHIVED;
    row.ended_at = tx->now;
    row.ended_after = tx->view.head.last_signal;
    /* Five years from its end, and never beyond the date fixed at the report. */
    int32_t kept_until =
        calendar_add_years(calendar_dutch_day(tx->now), tx->view.policy->archive_years);
    row.erasure_day = earlier(kept_until, row.erasure_day);
    signal_due_put(tx, &row, party, id);
    signal_row_save(tx, member, &row);
    result = match_left(tx, &file, true);
    child_file_save(&tx->view, &file);
    return result;
}

void signal_take_out(struct store_tx *tx, struct child_file *file, const struct uuid *id,
                     const struct signal_row *row, bool tombstone)
{
    const struct child_member *member = child_file_member(file, id);
    if (member == NULL) {
        view_fail(&tx->view, VIEW_DAMAGED);
        return;
    }
    uint32_t party = member->party;
    signal_due_delete(tx, row, party, id);
    struct row_key key = layout_party_uuid(party, PARTY_SIGNAL, id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    if (tombstone) {
        key = layout_party_uuid(party, PARTY_TOMBSTONE, id);
        kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){"", 0});
        key = layout_due_signal(tx->now + TOMBSTONE_DAYS * CLOCK_DAY, DUE_TOMBSTONE_END, party, id);
        put_due(tx, &key);
    }
    child_file_remove(file, (size_t)(member - file->members));
    tx->view.head.signals--;
}

int signal_erase(struct store_tx *tx, uint32_t party, const struct uuid *id, bool wrongful,
                 bool tombstone)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&tx->view, party, id, &row, &file);
    if (result != 0) {
        return result;
    }
    signal_take_out(tx, &file, id, &row, tombstone);
    const struct uuid *ended_after = row.status == SIGNAL_ARCHIVED ? &row.ended_after : NULL;
    result = wrongful ? match_retract(tx, &file, id, ended_after) : 0;
    if (result == 0) {
        result = match_left(tx, &file, false);
    }
    if (result == 0 && file.member_count == 0) {
        result = match_forget(tx, &file);
        child_file_delete(&tx->view, &file);
    } else {
        child_file_save(&tx->view, &file);
    }
    return result;
}

/* The oldest archived signal of the party that has most of them in this file. */
static const struct child_member *most_dispensable(const struct child_file *file)
{
    struct {
        const struct child_member *oldest;
        size_t count;
    } parties[PARTIES_COUNTED] = {0};
    size_t known = 0;
    size_t most = 0;
    for (size_t i = 0; i < file->member_count; i++) {
        const struct child_member *member = &file->members[i];
        size_t at = 0;
        while (at < known && parties[at].oldest->party != member->party) {
            at++;
        }
        if (member->archived && at < PARTIES_COUNTED) {
            if (at == known) {
                parties[known++].oldest = member;
            }
            parties[at].count++;
            most = parties[at].count > parties[most].count ? at : most;
        }
    }
    return parties[most].oldest;
}

/* A file that is full of archived signals never refuses a live one: who signals and withdraws again
 * and again loses its own oldest ones, and keeps nobody else from matching. */
int signal_make_room(struct store_tx *tx, struct child_file *file)
{
    const struct child_member *oldest = most_dispensable(file);
    struct log_note note = {.event = LOG_SIGNAL_ERASED};
    struct attribution by_itself = {0};
    struct signal_row row;
    uint64_t index;
    if (oldest == NULL) {
        return VIEW_DAMAGED;
    }
    const struct uuid id = oldest->signal;
    int result = signal_row_open(&tx->view, file, oldest->party, &id, &row);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? VIEW_DAMAGED : result;
    }
    signal_take_out(tx, file, &id, &row, true);
    note_subject(&note, &file->key);
    note_object_uuid(&note, LOG_OBJECT_SIGNAL, &id);
    return tx_log(tx, &by_itself, &note, &index);
}

int signal_from_row(struct store_view *view, uint32_t party, const struct uuid *id,
                    const struct signal_row *row, struct signal *ret_signal)
{
    struct professional professional;
    uint16_t municipality;
    int result = professional_load(view, party, row->professional, &professional);
    if (result == STORE_NOT_FOUND) {
        return VIEW_DAMAGED; /* one with signals cannot be deleted */
    }
    if (result == 0) {
        result = party_municipality_today(view, row->municipality, &municipality);
    }
    if (result != 0) {
        return result;
    }
    *ret_signal = (struct signal){
        .id = *id,
        .status = row->status,
        .reported_at = row->reported_at,
        .removal_day = row->removal_day,
        .erasure_day = row->erasure_day,
        .ended_at = row->ended_at,
        .municipality = municipality,
        .professional = professional.id,
        .reference = row->reference,
    };
    return 0;
}
