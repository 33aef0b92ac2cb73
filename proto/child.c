/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/child.h"

#include <errno.h>
#include <string.h>

#include "crypto/identity.h"
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

static int finish(const struct keyring *keys, const struct oprf_element *element,
                  struct oprf_element *ret_element, struct child_key *ret_key)
{
    const uint8_t *key = keyring_find(keys, KEYRING_INDEX, keyring_current(keys, KEYRING_INDEX));
    if (key == NULL) {
        return -EINVAL;
    }
    pseudonym_child_key(key, element, ret_key);
    *ret_element = *element;
    return 0;
}

static int evaluate(const struct keyring *keys, const struct identity_input *input,
                    struct oprf_element *ret_element, struct child_key *ret_key)
{
    struct oprf_scalar key;
    struct oprf_element element;
    uint32_t id;
    int r = child_find_evaluation_key(keys, &id, &key);
    if (r == 0) {
        r = pseudonym_from_input(&key, input->bytes, input->size, &element);
    }
    if (r == 0) {
        r = finish(keys, &element, ret_element, ret_key);
    }
    secret_wipe(&key, sizeof(key));
    secret_wipe(&element, sizeof(element));
    return r == 0 ? 0 : -EINVAL;
}

typedef void use_bsn(const struct bsn *bsn, struct identity_input *ret_input);

static int evaluate_bsn(const struct keyring *keys, const struct text_input *text, use_bsn *use,
                        struct oprf_element *ret_element, struct child_key *ret_key)
{
    CLEANUP(bsn_wipe) struct bsn bsn = {0};
    CLEANUP(identity_input_wipe) struct identity_input input = {0};

    if (bsn_parse(text->text, text->length, &bsn) != BSN_OK) {
        return -EINVAL;
    }
    use(&bsn, &input);
    return evaluate(keys, &input, ret_element, ret_key);
}

int child_from_bsn(const struct keyring *keys, const struct text_input *bsn,
                   struct oprf_element *ret_element, struct child_key *ret_child)
{
    return evaluate_bsn(keys, bsn, identity_from_child, ret_element, ret_child);
}

int child_parent(const struct keyring *keys, const struct text_input *bsn,
                 struct oprf_element *ret_element, struct child_key *ret_tie)
{
    return evaluate_bsn(keys, bsn, identity_from_parent, ret_element, ret_tie);
}

int child_from_person(const struct keyring *keys, const struct child_person *in,
                      struct oprf_element *ret_element, struct child_key *ret_child)
{
    CLEANUP(person_wipe) struct person person = {0};
    CLEANUP(identity_input_wipe) struct identity_input input = {0};
    const struct text_input *name = &in->family_name;
    const struct text_input *date = &in->birth_date;

    if (person_parse_family_name(name->text, name->length, &person.family_name) != PERSON_OK ||
        person_parse_birth_date(date->text, date->length, person.birth_date) != PERSON_OK ||
        person_parse_sex(in->sex.text, in->sex.length, &person.sex) != PERSON_OK) {
        return -EINVAL;
    }
    identity_from_person(&person, &input);
    return evaluate(keys, &input, ret_element, ret_child);
}

int child_address(const struct keyring *keys, const struct text_input *address,
                  struct oprf_element *ret_element, struct child_key *ret_tie)
{
    CLEANUP(identity_input_wipe) struct identity_input input = {0};

    if (identity_from_address(address->text, address->length, &input) != FOLD_OK) {
        return -EINVAL;
    }
    return evaluate(keys, &input, ret_element, ret_tie);
}

int child_from_element(const struct keyring *keys, const struct text_input *text,
                       struct oprf_element *ret_element, struct child_key *ret_child)
{
    /* Whether it is an element of the group its format has seen: decoding it once more would be the
     * dearest thing that a signal by element asks of us. */
    struct oprf_element element;
    int r = secret_from_base64url(text->text, text->length, element.bytes, sizeof(element.bytes));
    if (r == 0) {
        r = finish(keys, &element, ret_element, ret_child);
    }
    secret_wipe(&element, sizeof(element));
    return r == 0 ? 0 : -EINVAL;
}
