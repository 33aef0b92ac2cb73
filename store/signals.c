/* SPDX-License-Identifier: EUPL-1.2 */
/* Rows of signals, and how a signal ends (Jeugdwet 7.1.4.5, 7.1.4.6). */
#include "store/signals.h"

#include <string.h>

#include "store/clock.h"
#include "store/matches.h"
#include "store/parties.h"

#define ROW_VERSION 1
#define ROW_PREFIX (PSEUDONYM_KEY_BYTES + 4 + 1)
#define ROW_BODY_MAXIMUM (64 + 2 + MODEL_REFERENCE_BYTES)
#define TOMBSTONE_DAYS 30

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
    struct codec_reader in = {.data = value.data, .left = ROW_PREFIX};
    struct signal_row row = {0};
    codec_get_bytes(&in, row.child.bytes, PSEUDONYM_KEY_BYTES);
    row.professional = codec_get_u32(&in);
    row.status = (enum signal_status)codec_get_u8(&in);
    if (row.status != SIGNAL_ACTIVE && row.status != SIGNAL_ARCHIVED) {
        return VIEW_DAMAGED;
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
    int result = get_row(view, &key, &row, &sealed);
    if (result == 0) {
        result =
            child_file_open_value(file, view->arena, KV_PARTY, &key, sealed.data, sealed.size, &in);
    }
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

void signal_row_save(struct store_tx *tx, const struct child_file *file, uint32_t party,
                     const struct uuid *id, const struct signal_row *row)
{
    uint8_t buffer[ROW_BODY_MAXIMUM];
    uint8_t value[ROW_PREFIX + ROW_BODY_MAXIMUM + SEAL_OVERHEAD];
    struct codec_writer body = CODEC_WRITER(buffer);
    struct codec_writer prefix = {.data = value, .capacity = ROW_PREFIX};
    codec_put_bytes(&prefix, row->child.bytes, PSEUDONYM_KEY_BYTES);
    codec_put_u32(&prefix, row->professional);
    codec_put_u8(&prefix, row->status);
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
    struct row_key key = layout_party_uuid(party, PARTY_SIGNAL, id);
    child_file_seal_value(file, KV_PARTY, &key, &body, value + ROW_PREFIX);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key),
           (struct kv_bytes){value, ROW_PREFIX + body.size + SEAL_OVERHEAD});
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

void signal_due_put(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                    const struct uuid *id)
{
    struct row_key key = is_archived_next(row)
                             ? removal_key(row, party, id)
                             : erasure_key(first_of_month(row->erasure_day), party, id);
    put_due(tx, &key);
}

void signal_due_put_day(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                        const struct uuid *id)
{
    struct row_key key = erasure_key(row->erasure_day, party, id);
    put_due(tx, &key);
}

static void delete_due(struct store_tx *tx, const struct signal_row *row, uint32_t party,
                       const struct uuid *id)
{
    if (is_archived_next(row)) {
        struct row_key key = removal_key(row, party, id);
        kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&key));
        return;
    }
    struct row_key month = erasure_key(first_of_month(row->erasure_day), party, id);
    struct row_key day = erasure_key(row->erasure_day, party, id);
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&month));
    kv_delete(tx->view.kv, KV_DUE, row_key_bytes(&day));
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
    delete_due(tx, &row, party, id);
    member->archived = true;
    file.live_count--;
    row.status = SIGNAL_ARCHIVED;
    row.ended_at = tx->now;
    row.ended_after = tx->view.head.last_signal;
    /* Five years from its end, and never beyond the date fixed at the report. */
    int32_t kept_until =
        calendar_add_years(calendar_dutch_day(tx->now), tx->view.policy->archive_years);
    row.erasure_day = kept_until < row.erasure_day ? kept_until : row.erasure_day;
    signal_due_put(tx, &row, party, id);
    match_left(tx, &file);
    signal_row_save(tx, &file, party, id, &row);
    child_file_save(&tx->view, &file);
    return 0;
}

int signal_erase(struct store_tx *tx, uint32_t party, const struct uuid *id, bool wrongful,
                 bool tombstone)
{
    struct signal_row row;
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = signal_row_load(&tx->view, party, id, &row, &file);
    struct child_member *member = result == 0 ? child_file_member(&file, id) : NULL;
    if (member == NULL) {
        return result != 0 ? result : VIEW_DAMAGED;
    }
    delete_due(tx, &row, party, id);
    struct row_key key = layout_party_uuid(party, PARTY_SIGNAL, id);
    kv_delete(tx->view.kv, KV_PARTY, row_key_bytes(&key));
    if (tombstone) {
        key = layout_party_uuid(party, PARTY_TOMBSTONE, id);
        kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){"", 0});
        key = layout_due_signal(tx->now + TOMBSTONE_DAYS * CLOCK_DAY, DUE_TOMBSTONE_END, party, id);
        put_due(tx, &key);
    }
    child_file_remove(&file, (size_t)(member - file.members));
    const struct uuid *ended_after = row.status == SIGNAL_ARCHIVED ? &row.ended_after : NULL;
    result = wrongful ? match_retract(tx, &file, id, ended_after) : 0;
    match_left(tx, &file);
    tx->view.head.signals--;
    if (result == 0 && file.member_count == 0) {
        result = match_forget(tx, &file);
        child_file_delete(&tx->view, &file);
    } else {
        child_file_save(&tx->view, &file);
    }
    return result;
}

int signal_from_row(struct store_view *view, uint32_t party, const struct uuid *id,
                    const struct signal_row *row, struct signal *ret_signal)
{
    struct professional professional;
    int result = professional_load(view, party, row->professional, &professional);
    if (result == STORE_NOT_FOUND) {
        return VIEW_DAMAGED; /* one with signals cannot be deleted */
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
        .municipality = row->municipality,
        .professional = professional.id,
        .reference = row->reference,
    };
    return 0;
}
