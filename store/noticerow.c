/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/noticerow.h"

#include <string.h>

#include "crypto/secret.h"

enum row_kind { ROW_CHILD = 1, ROW_AUDITOR = 2 };

#define BODY_VERSION 2
#define PREFIX (1 + CHILD_REF_BYTES + 4 + UUID_BYTES)
#define BODY_SIZE (1 + 1 + 1 + 8 + UUID_BYTES + UUID_BYTES)
#define AUDITOR_SIZE (1 + 1 + 8 + 8 + 1 + OIN_LENGTH)

int notice_row_read(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                    struct notice_row *ret_row)
{
    static const struct uuid nobody;
    const uint8_t *data = value.data;
    struct notice_row row = {.is_auditors = value.size > 0 && data[0] == ROW_AUDITOR};
    size_t prefix = row.is_auditors ? 1 : PREFIX;
    size_t body = row.is_auditors ? AUDITOR_SIZE : BODY_SIZE;
    if (value.size != prefix + body + SEAL_OVERHEAD || (data[0] != ROW_CHILD && prefix != 1)) {
        return VIEW_DAMAGED;
    }
    row.sealed = (struct kv_bytes){data + prefix, value.size - prefix};
    if (!row.is_auditors) {
        int result = child_ref_read(view, KV_PARTY, key, data + 1, &row.child);
        if (result != 0) {
            return result;
        }
        row.epoch = child_ref_epoch(data + 1);
        row.generation = child_ref_mask_u32(view, KV_PARTY, key, row.epoch,
                                            get_be32(data + 1 + CHILD_REF_BYTES));
        memcpy(row.own.bytes, data + 1 + CHILD_REF_BYTES + 4, UUID_BYTES);
        row.has_own = memcmp(&row.own, &nobody, sizeof(nobody)) != 0;
    }
    *ret_row = row;
    return 0;
}

int notice_row_open(struct store_view *view, const struct child_file *file,
                    const struct row_key *key, const struct notice_row *row,
                    struct notice_body *ret_body)
{
    uint8_t secret[SEAL_KEY_BYTES];
    const struct child_member *own = row->has_own ? child_file_member(file, &row->own) : NULL;
    const uint8_t *data_key = child_file_data_key(file, &row->child, row->generation);
    struct codec_reader in;
    if (data_key == NULL || (row->has_own && own == NULL)) {
        return STORE_NOT_FOUND;
    }
    if (own != NULL) {
        seal_derive_key(own->secret, secret);
    } else {
        memcpy(secret, data_key, sizeof(secret));
    }
    int result = child_value_open(secret, view->arena, KV_PARTY, key, row->sealed.data,
                                  row->sealed.size, &in);
    secret_wipe(secret, sizeof(secret));
    if (result != 0) {
        return result;
    }
    unsigned version = codec_get_u8(&in);
    struct notice_body body = {.type = (enum notice_type)codec_get_u8(&in)};
    body.kind = (enum match_kind)codec_get_u8(&in);
    body.logged_at = codec_get_i64(&in);
    codec_get_bytes(&in, body.match.bytes, UUID_BYTES);
    codec_get_bytes(&in, body.other.bytes, UUID_BYTES);
    if (!codec_done(&in) || version != BODY_VERSION || body.type < NOTICE_MATCH_FORMED ||
        body.type > NOTICE_YOUTH_MOVED || body.kind < MATCH_CHILD || body.kind > MATCH_FAMILY) {
        return VIEW_DAMAGED;
    }
    *ret_body = body;
    return 0;
}

/* Whose notice it is, masked: neither the child nor its generation may join rows of several
 * parties.
 */
static void put_reference(struct store_view *view, const struct row_key *key,
                          const struct child_key *child, uint32_t generation, uint8_t *value)
{
    child_ref_write(view, KV_PARTY, key, child, value + 1);
    put_be32(value + 1 + CHILD_REF_BYTES,
             child_ref_mask_u32(view, KV_PARTY, key, child_ref_epoch(value + 1), generation));
}

void notice_row_put(struct store_tx *tx, const struct child_file *file, uint32_t party,
                    uint64_t sequence, const struct child_member *own,
                    const struct notice_body *body)
{
    static const struct uuid nobody;
    uint8_t buffer[BODY_SIZE];
    uint8_t value[PREFIX + BODY_SIZE + SEAL_OVERHEAD] = {ROW_CHILD};
    uint8_t secret[SEAL_KEY_BYTES];
    struct codec_writer out = CODEC_WRITER(buffer);
    codec_put_u8(&out, BODY_VERSION);
    codec_put_u8(&out, body->type);
    codec_put_u8(&out, body->kind);
    codec_put_i64(&out, body->logged_at);
    codec_put_bytes(&out, body->match.bytes, UUID_BYTES);
    codec_put_bytes(&out, body->other.bytes, UUID_BYTES);
    if (own != NULL) {
        seal_derive_key(own->secret, secret);
    } else {
        memcpy(secret, file->data_key, sizeof(secret));
    }
    struct row_key key = layout_party_u64(party, PARTY_NOTICE, sequence);
    put_reference(&tx->view, &key, &file->key, file->generation, value);
    memcpy(value + 1 + CHILD_REF_BYTES + 4, own != NULL ? own->signal.bytes : nobody.bytes,
           UUID_BYTES);
    child_value_seal(secret, KV_PARTY, &key, &out, value + PREFIX);
    secret_wipe(secret, sizeof(secret));
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
}

void notice_row_renew(struct store_tx *tx, const struct row_key *key, const struct notice_row *row,
                      uint8_t *value, size_t size)
{
    put_reference(&tx->view, key, &row->child, row->generation, value);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(key), (struct kv_bytes){value, size});
}

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
    struct row_key key = layout_party_u64(party, PARTY_NOTICE, sequence);
    struct seal_place place = {KV_PARTY, key.bytes, key.size};
    if (record_key == NULL) {
        view_fail(&tx->view, VIEW_DAMAGED);
        return;
    }
    seal_close(id, record_key, place, out.data, out.size, value + 1);
    kv_put(tx->view.kv, KV_PARTY, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
}

int notice_row_open_auditor(struct store_view *view, const struct row_key *key,
                            const struct notice_row *row, struct auditor_notice *ret_notice)
{
    struct codec_reader in;
    const uint8_t *record_key =
        keyring_find(view->keys, KEYRING_RECORD, seal_key_id(row->sealed.data, row->sealed.size));
    int result = record_key == NULL ? VIEW_DAMAGED
                                    : child_value_open(record_key, view->arena, KV_PARTY, key,
                                                       row->sealed.data, row->sealed.size, &in);
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
