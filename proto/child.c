/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/child.h"

#include <errno.h>
#include <string.h>

#include "crypto/secret.h"

int child_find_evaluation_key(const struct keyring *keys, uint32_t *ret_id,
                              struct oprf_scalar *ret_key)
{
    uint32_t id = keyring_current(keys, KEYRING_EVALUATION);
    const uint8_t *key = keyring_find(keys, KEYRING_EVALUATION, id);
    if (key == NULL) {
        return -EINVAL;
    }
    memcpy(ret_key->bytes, key, sizeof(ret_key->bytes));
    *ret_id = id;
    return 0;
}

static int finish_child(const struct keyring *keys, const struct oprf_element *element,
                        struct child_key *ret_child)
{
    const uint8_t *key = keyring_find(keys, KEYRING_INDEX, keyring_current(keys, KEYRING_INDEX));
    if (key == NULL) {
        return -EINVAL;
    }
    pseudonym_child_key(key, element, ret_child);
    return 0;
}

int child_from_bsn(const struct keyring *keys, const struct text_input *text,
                   struct oprf_element *ret_element, struct child_key *ret_child)
{
    struct bsn bsn;
    struct oprf_scalar key;
    struct oprf_element element;
    uint32_t id;
    int r = child_find_evaluation_key(keys, &id, &key);
    if (r == 0) {
        r = bsn_parse(text->text, text->length, &bsn);
    }
    if (r == 0) {
        r = pseudonym_from_bsn(&key, &bsn, &element);
    }
    if (r == 0) {
        r = finish_child(keys, &element, ret_child);
    }
    if (r == 0) {
        *ret_element = element;
    }
    bsn_wipe(&bsn);
    secret_wipe(&key, sizeof(key));
    secret_wipe(&element, sizeof(element));
    return r == 0 ? 0 : -EINVAL;
}

int child_from_element(const struct keyring *keys, const struct text_input *text,
                       struct oprf_element *ret_element, struct child_key *ret_child)
{
    struct oprf_element element;
    int r = secret_from_base64url(text->text, text->length, element.bytes, sizeof(element.bytes));
    if (r == 0) {
        r = oprf_check_element(&element);
    }
    if (r == 0) {
        r = finish_child(keys, &element, ret_child);
    }
    if (r == 0) {
        *ret_element = element;
    }
    secret_wipe(&element, sizeof(element));
    return r == 0 ? 0 : -EINVAL;
}
