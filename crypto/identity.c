/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/identity.h"

#include <string.h>

#include "crypto/secret.h"

static void append(struct identity_input *input, const void *bytes, size_t size)
{
    memcpy(input->bytes + input->size, bytes, size);
    input->size += size;
}

static void begin(struct identity_input *input, const char *prefix)
{
    input->size = 0;
    append(input, prefix, strlen(prefix));
}

void identity_from_child(const struct bsn *bsn, struct identity_input *ret_input)
{
    pseudonym_bsn_input(bsn, ret_input->bytes);
    ret_input->size = PSEUDONYM_BSN_INPUT_BYTES;
}

void identity_from_parent(const struct bsn *bsn, struct identity_input *ret_input)
{
    begin(ret_input, PSEUDONYM_PREFIX_PARENT);
    append(ret_input, bsn->digits, BSN_DIGITS);
}

void identity_from_person(const struct person *person, struct identity_input *ret_input)
{
    begin(ret_input, PSEUDONYM_PREFIX_PERSON);
    append(ret_input, person->family_name.bytes, person->family_name.size);
    append(ret_input, "|", 1);
    append(ret_input, person->birth_date, PERSON_DATE_LENGTH);
    append(ret_input, "|", 1);
    append(ret_input, &person->sex, 1);
}

static int join_address(const struct fold_points *points, struct fold_text *text)
{
    bool telling = false;
    bool space = false;
    for (size_t i = 0; i < points->count; i++) {
        enum fold_kind kind = fold_kind_of(points->points[i]);
        if (kind == FOLD_SPACE) {
            space = text->count > 0;
            continue;
        }
        telling = telling || kind == FOLD_LETTER || kind == FOLD_NUMBER;
        if ((space && !fold_text_append(text, ' ')) || !fold_text_append(text, points->points[i])) {
            return FOLD_TOO_LONG;
        }
        space = false;
    }
    return telling ? FOLD_OK : FOLD_EMPTY;
}

int identity_from_address(const char *text, size_t length, struct identity_input *ret_input)
{
    CLEANUP(fold_points_wipe) struct fold_points points;
    CLEANUP(fold_text_wipe) struct fold_text joined = {0};

    int condition = fold_decompose(text, length, &points);
    if (condition == FOLD_OK) {
        condition = join_address(&points, &joined);
    }
    if (condition == FOLD_OK) {
        begin(ret_input, PSEUDONYM_PREFIX_ADDRESS);
        append(ret_input, joined.bytes, joined.size);
    }
    return condition;
}

void identity_input_wipe(struct identity_input *input)
{
    secret_wipe(input, sizeof(*input));
}
