/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/notice/row.h"

#include <string.h>

enum row_kind { ROW_CHILD = 1, ROW_AUDITOR = 2 };

#define BODY_VERSION 3
#define CHILD_SIZE                                                                                 \
    (1 + 1 + 1 + 8 + UUID_BYTES + UUID_BYTES + 1 + PSEUDONYM_KEY_BYTES + 4 + UUID_BYTES)
#define AUDITOR_SIZE (1 + 1 + 8 + 8 + 1 + OIN_LENGTH)

/* ---- reading ---- */

static int read_body(struct codec_reader *in, struct notice_body *ret_body)
{
    unsigned version = codec_get_u8(in);
    struct notice_body body = {.type = (enum notice_type)codec_get_u8(in)};
    body.kind = (enum match_kind)codec_get_u8(in);
    body.logged_at = codec_get_i64(in);
    codec_get_bytes(in, body.match.bytes, UUID_BYTES);
    codec_get_bytes(in, body.other.bytes, UUID_BYTES);
    if (in->failed || version != BODY_VERSION || body.type < NOTICE_MATCH_FORMED ||
        body.type > NOTICE_YOUTH_MOVED || body.kind < MATCH_CHILD || body.kind > MATCH_FAMILY) {
        return VIEW_DAMAGED;
    }
    *ret_body = body;
    return 0;
}

static int read_child_row(struct store_view *view, const struct row_key *key,
                          struct kv_bytes sealed, struct notice_row *ret_row)
{
    static const struct uuid nobody;
    struct notice_row row = {.epoch = epoch_of_value(sealed.data, sealed.size)};
    struct codec_reader in;
    int result = epoch_value_open(view, KV_PARTY, key, sealed.data, sealed.size, &in);
    if (result == 0) {
        result = read_body(&in, &row.body);
    }
    if (result != 0) {
        return result;
    }
    row.has_child = codec_get_u8(&in) != 0;
    codec_get_bytes(&in, row.child.bytes, PSEUDONYM_KEY_BYTES);
    row.generation = codec_get_u32(&in);
    codec_get_bytes(&in, row.own.bytes, UUID_BYTES);
    row.has_own = memcmp(&row.own, &nobody, sizeof(nobody)) != 0;
    if (!codec_done(&in)) {
        return VIEW_DAMAGED;
    }
    *ret_row = row;
    return 0;
}

int notice_row_range(struct store_view *view, uint32_t party, uint64_t after,
                     struct kv_range **ret_range)
{
    struct row_key from = layout_notice(party, UINT64_MAX);
    struct row_key to = layout_notice(party, after);
    return kv_range_open(view->kv, KV_PARTY, row_key_bytes(&from), row_key_bytes(&to), KV_DOWN,
                         ret_range);
}

int notice_row_read(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                    struct notice_row *ret_row)
{
    const uint8_t *data = value.data;
    if (value.size == 1 + CHILD_SIZE + SEAL_OVERHEAD && data[0] == ROW_CHILD) {
        return read_child_row(view, key, (struct kv_bytes){data + 1, value.size - 1}, ret_row);
    }
    if (value.size == 1 + AUDITOR_SIZE + SEAL_OVERHEAD && data[0] == ROW_AUDITOR) {
        *ret_row = (struct notice_row){0};
        return 0;
    }
    return VIEW_DAMAGED;
}

bool notice_row_is_auditors(const struct notice_row *row)
{
    return row->epoch == 0;
}

bool notice_row_is_live(const struct notice_row *row, const struct child_file *file)
{
    return row->has_child && child_file_is_of(file, &row->child, row->generation) &&
           (!row->has_own || child_file_member(file, &row->own) != NULL);
}

bool notice_row_outlives(const struct notice_row *row)
{
    return !row->has_own && row->body.type == NOTICE_MATCH_RETRACTED;
}

/* ---- writing ---- */

static void put_row(struct store_tx *tx, const struct row_key *key, const struct notice_row *row)
{
    uint8_t buffer[CHILD_SIZE];
    uint8_t value[1 + CHILD_SIZE + SEAL_OVERHEAD] = {ROW_CHILD};
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u8(&out, BODY_VERSION);
    codec_put_u8(&out, row->body.type);
    codec_put_u8(&out, row->body.kind);
    codec_put_i64(&out, row->body.logged_at);
    codec_put_bytes(&out, row->body.match.bytes, UUID_BYTES);
    codec_put_bytes(&out, row->body.other.bytes, UUID_BYTES);
    codec_put_u8(&out, row->has_child);
    codec_put_bytes(&out, row->child.bytes, PSEUDONYM_KEY_BYTES);
    codec_put_u32(&out, row->generation);
    codec_put_bytes(&out, row->own.bytes, UUID_BYTES);
    epoch_value_seal(&tx->view, KV_PARTY, key, &out, value + 1);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(key), (struct kv_bytes){value, sizeof(value)});
}

void notice_row_put(struct store_tx *tx, const struct child_file *file, uint32_t party,
                    uint64_t sequence, const struct child_member *own,
                    const struct notice_body *body)
{
    struct row_key key = layout_notice(party, sequence);
    struct notice_row row = {.body = *body, .has_child = file != NULL};
    if (file != NULL) {
        row.child = file->key;
        row.generation = file->generation;
    }
    if (own != NULL) {
        row.own = own->signal;
    }
    put_row(tx, &key, &row);
}

bool notice_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value)
{
    return epoch_value_renew(&tx->view, KV_PARTY, key, value, 1);
}

void notice_row_forget_child(struct store_tx *tx, const struct row_key *key,
                             const struct notice_row *row)
{
    struct notice_row without = {.body = row->body};
    put_row(tx, key, &without);
}

/* ---- auditors' ---- */

void notice_row_put_auditor(struct store_tx *tx, uint32_t party, uint64_t sequence,
                            const struct auditor_notice *notice)
{
    uint8_t buffer[AUDITOR_SIZE];
    uint8_t value[1 + AUDITOR_SIZE + SEAL_OVERHEAD] = {ROW_AUDITOR};
    struct codec_writer out = CODEC_WRITER(buffer);
    uint32_t id = keyring_current(tx->view.keys, KEYRING_RECORD);
    const uint8_t *record_key = keyring_find(tx->view.keys, KEYRING_RECORD, id);
    codec_put_u8(&out, BODY_VERSION);
    codec_put_u8(&out, notice->type);
    codec_put_i64(&out, notice->logged_at);
    codec_put_u64(&out, notice->log_index);
    codec_put_u8(&out, notice->actor.text[0] != '\0');
    codec_put_bytes(&out, notice->actor.text, OIN_LENGTH);
    struct row_key key = layout_notice(party, sequence);
    struct seal_place place = {KV_PARTY, key.bytes, key.size};
    if (record_key == NULL) {
        view_fail(&tx->view, VIEW_DAMAGED);
        return;
    }
    seal_close(id, record_key, place, out.data, out.size, value + 1);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
}

int notice_row_open_auditor(struct store_view *view, const struct row_key *key,
                            struct kv_bytes value, struct auditor_notice *ret_notice)
{
    struct codec_reader in;
    const uint8_t *sealed = (const uint8_t *)value.data + 1; /* notice_row_read() has looked */
    const uint8_t *record_key =
        keyring_find(view->keys, KEYRING_RECORD, seal_key_id(sealed, value.size - 1));
    int result = record_key == NULL ? VIEW_DAMAGED
                                    : child_value_open(record_key, view->arena, KV_PARTY, key,
                                                       sealed, value.size - 1, &in);
    if (result != 0) {
        return result;
    }
    struct auditor_notice notice = {0};
    unsigned version = codec_get_u8(&in);
    notice.type = (enum notice_type)codec_get_u8(&in);
    notice.logged_at = codec_get_i64(&in);
    notice.log_index = codec_get_u64(&in);
    bool has_actor = codec_get_u8(&in) != 0;
    codec_get_bytes(&in, notice.actor.text, OIN_LENGTH);
    notice.actor.text[has_actor ? OIN_LENGTH : 0] = '\0';
    if (!codec_done(&in) || version != BODY_VERSION || notice.type < NOTICE_PEEK_SUSPECTED ||
        notice.type >= NOTICE_TYPES) {
        return VIEW_DAMAGED;
    }
    *ret_notice = notice;
    return 0;
}
