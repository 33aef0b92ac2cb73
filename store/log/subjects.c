/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/log/subjects.h"

#include <string.h>

#include "crypto/nonce.h"
#include "store/base/clock.h"

#define ROW_SIZE (4 + 1 + SUBJECTS_MAXIMUM * ACCESSLOG_SUBJECT_BYTES)

static struct epoch_row place_of(const struct row_key *key)
{
    return (struct epoch_row){KV_CHILD, key, 0};
}

int subject_row_load(struct store_view *view, const struct child_key *child,
                     struct subject_row *ret_row)
{
    struct row_key key = layout_child(child, CHILD_SUBJECT);
    struct epoch_row place = place_of(&key);
    struct subject_row row = {0};
    struct codec_reader in;
    int result = epoch_row_open(view, &place, NULL, &in);
    if (result != 0) {
        return result;
    }
    row.last_month = codec_get_u32(&in);
    row.count = codec_get_u8(&in);
    if (row.count == 0 || row.count > SUBJECTS_MAXIMUM) {
        return VIEW_DAMAGED;
    }
    for (size_t i = 0; i < row.count; i++) {
        codec_get_bytes(&in, row.ids[i], ACCESSLOG_SUBJECT_BYTES);
    }
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_row = row;
    return 0;
}

void subject_row_save(struct store_view *view, const struct child_key *child,
                      const struct subject_row *row)
{
    uint8_t buffer[ROW_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct row_key key = layout_child(child, CHILD_SUBJECT);
    struct epoch_row place = place_of(&key);
    codec_put_u32(&out, row->last_month);
    codec_put_u8(&out, (unsigned)row->count);
    for (size_t i = 0; i < row->count; i++) {
        codec_put_bytes(&out, row->ids[i], ACCESSLOG_SUBJECT_BYTES);
    }
    epoch_row_seal(view, &place, NULL, &out);
}

bool subject_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    struct epoch_row place = place_of(key);
    struct child_key child;
    struct subject_row row;
    uint32_t generation;
    memcpy(child.bytes, key->bytes, sizeof(child.bytes));
    int result = subject_row_load(&tx->view, &child, &row);
    if (result != 0) {
        view_fail(&tx->view, result < 0 ? result : VIEW_DAMAGED);
        return false;
    }
    uint32_t kept = (uint32_t)tx->view.policy->log_years * 12;
    bool old = row.last_month + kept < calendar_month_number(tx->now);
    /* Without its row, a number that leads to a file would become somebody else to the log. */
    result = old ? child_file_generation(&tx->view, &child, &generation) : 0;
    if (result == STORE_NOT_FOUND) {
        kv_delete(tx->view.kv, KV_CHILD, row_key_bytes(key));
        return true;
    }
    if (result != 0) {
        view_fail(&tx->view, result);
        return false;
    }
    return epoch_row_renew(&tx->view, &place, value);
}

/* The row of a child, with an id when there was none. */
static int load_or_make(struct store_tx *tx, const struct child_key *child,
                        struct subject_row *ret_row)
{
    int result = subject_row_load(&tx->view, child, ret_row);
    if (result == STORE_NOT_FOUND) {
        *ret_row = (struct subject_row){.count = 1};
        nonce_make(ret_row->ids[0], ACCESSLOG_SUBJECT_BYTES);
        result = 0;
    }
    return result;
}

/* Entries under one number of a child are on all of them: no row may go before the others. */
static int keep_in_step(struct store_tx *tx, const struct child_key *child,
                        const struct subject_row *row)
{
    CLEANUP(child_file_wipe) struct child_file file = {0};
    int result = child_file_load(&tx->view, child, &file);
    if (result != 0) {
        return result == STORE_NOT_FOUND ? 0 : result;
    }
    subject_row_save(&tx->view, &file.key, row);
    for (size_t i = 0; i < file.alias_count; i++) {
        subject_row_save(&tx->view, &file.aliases[i].key, row);
    }
    return 0;
}

int tx_subject(struct store_tx *tx, const struct child_key *child,
               uint8_t ret_subject[static ACCESSLOG_SUBJECT_BYTES])
{
    struct subject_row row;
    uint32_t month = calendar_month_number(tx->now);
    int result = load_or_make(tx, child, &row);
    if (result != 0) {
        return result;
    }
    if (row.last_month != month) {
        row.last_month = month;
        subject_row_save(&tx->view, child, &row);
        result = row.count > 1 ? keep_in_step(tx, child, &row) : 0;
    }
    memcpy(ret_subject, row.ids[0], ACCESSLOG_SUBJECT_BYTES);
    return result != 0 ? result : kv_fault(tx->view.kv);
}

static bool has_id(const struct subject_row *row, const uint8_t *id)
{
    for (size_t i = 0; i < row->count; i++) {
        if (memcmp(row->ids[i], id, ACCESSLOG_SUBJECT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* The ids of both, the one's first. */
static int unite(struct store_tx *tx, const struct child_key *one, const struct child_key *other,
                 struct subject_row *ret_row)
{
    struct subject_row row;
    struct subject_row more;
    int result = load_or_make(tx, one, &row);
    if (result == 0) {
        result = load_or_make(tx, other, &more);
    }
    if (result != 0) {
        return result;
    }
    for (size_t i = 0; i < more.count; i++) {
        if (has_id(&row, more.ids[i])) {
            continue;
        }
        if (row.count == SUBJECTS_MAXIMUM) {
            return STORE_TOO_MANY;
        }
        memcpy(row.ids[row.count++], more.ids[i], ACCESSLOG_SUBJECT_BYTES);
    }
    *ret_row = row;
    return 0;
}

int subjects_check_merge(struct store_tx *tx, const struct child_key *one,
                         const struct child_key *other)
{
    struct subject_row row;
    return unite(tx, one, other, &row);
}

int subjects_merge(struct store_tx *tx, const struct child_key *one, const struct child_key *other)
{
    struct subject_row row;
    int result = unite(tx, one, other, &row);
    if (result != 0) {
        return result;
    }
    row.last_month = calendar_month_number(tx->now);
    subject_row_save(&tx->view, one, &row);
    subject_row_save(&tx->view, other, &row);
    return kv_fault(tx->view.kv);
}
