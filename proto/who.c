/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/who.h"

#include <errno.h>
#include <string.h>

#include "crypto/person.h"
#include "crypto/secret.h"
#include "store/base/clock.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define SEX_MAXIMUM 8 /* characters: "onbekend" */

static const struct field person_fields[] = {
    {.name = "familyName",
     .type = FIELD_TEXT,
     .required = true,
     .secret = true,
     .minimum = 1,
     .maximum = FOLD_TEXT_MAXIMUM,
     .format = &format_family_name,
     .offset = offsetof(struct person_input, is.family_name),
     .description = "Accents, capitals, hyphens, apostrophes and prefixes (van der) make no "
                    "difference."},
    {.name = "birthDate",
     .type = FIELD_TEXT,
     .required = true,
     .secret = true,
     .format = &format_date,
     .offset = offsetof(struct person_input, is.birth_date)},
    {.name = "sex",
     .type = FIELD_TEXT,
     .required = true,
     .secret = true,
     .minimum = 1,
     .maximum = SEX_MAXIMUM,
     .format = &format_sex,
     .offset = offsetof(struct person_input, is.sex),
     .description = "M, V, F, O, X, male, female, man, vrouw, unknown or onbekend; in capitals or "
                    "not."},
};
const struct shape shape_person = {
    .name = "Person", FIELDS(person_fields), .size = sizeof(struct person_input)};

void who_check_key(struct exchange *x, bool has_element, const struct integer_input *key_id)
{
    uint32_t current = keyring_current(x->options.api->options.keys, KEYRING_EVALUATION);
    if (has_element && !key_id->given) {
        faults_add(&x->faults, "#/keyId", "With an element this is required.");
    }
    if (!has_element && key_id->given) {
        faults_add(&x->faults, "#/keyId", "This goes with an element only.");
    }
    if (key_id->valid && key_id->value != current) {
        faults_add(&x->faults, "#/keyId", "This key is not in use.");
    }
}

void who_check(struct exchange *x, const struct who_input *who, bool may_be_element)
{
    const char *pointers[] = {who->bsn.given ? "#/bsn" : NULL,
                              who->element.given ? "#/element" : NULL,
                              who->person.object.given ? "#/person" : NULL};
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(pointers); i++) {
        if (pointers[i] != NULL && first != NULL) {
            faults_add(&x->faults, pointers[i],
                       may_be_element ? "Only one of `bsn`, `element` and `person`."
                                      : "Either `bsn` or `person`, not both.");
        }
        first = first != NULL ? first : pointers[i];
    }
    if (first == NULL) {
        faults_add(&x->faults, "#/bsn",
                   may_be_element ? "One of `bsn`, `element` and `person` is required."
                                  : "Either `bsn` or `person` is required.");
    }
    who_check_key(x, who->element.given, &who->key_id);
}

const char *who_birth_date_pointer(const struct text_input *given)
{
    return given->given ? "#/birthDate" : "#/person/birthDate";
}

int who_read_birth_date(const struct who_input *who, const struct text_input *given,
                        int32_t *ret_day)
{
    const struct text_input *text = given->given ? given : &who->person.is.birth_date;
    return text->text != NULL && calendar_parse_date(text->text, text->length, ret_day) == 0 ? 0
                                                                                             : 1;
}

int who_check_birth_date(struct exchange *x, const struct who_input *who,
                         const struct text_input *given, int32_t *ret_day)
{
    const struct text_input *own = &who->person.is.birth_date;
    if (!given->given && !who->person.object.given) {
        faults_add(&x->faults, "#/birthDate", "This is required.");
        return 1;
    }
    if (given->text != NULL && own->text != NULL &&
        (given->length != own->length || memcmp(given->text, own->text, own->length) != 0)) {
        faults_add(&x->faults, "#/birthDate", "This is not the birth date in `person`.");
        return 1;
    }
    int32_t day;
    int result = who_read_birth_date(who, given, &day);
    if (result != 0) {
        return result;
    }
    if (day > x->today) {
        faults_add(&x->faults, who_birth_date_pointer(given), "This date lies in the future.");
        return 1;
    }
    *ret_day = day;
    return 0;
}

void who_check_person(struct exchange *x, const struct who_input *who)
{
    static const struct text_input none = {0};
    int32_t day;
    if (who->person.object.given) {
        int result = who_check_birth_date(x, who, &none, &day);
        (void)result; /* what is wrong with it is among the faults */
    }
}

int who_find(const struct exchange *x, const struct who_input *who, struct identity *ret_identity)
{
    const struct keyring *keys = x->options.api->options.keys;
    struct identity found;
    int r = -EINVAL;
    if (who->bsn.text != NULL) {
        r = child_from_bsn(keys, &who->bsn, &found.element, &found.key);
    } else if (who->element.text != NULL) {
        r = child_from_element(keys, &who->element, &found.element, &found.key);
    } else if (who->person.object.valid) {
        r = child_from_person(keys, &who->person.is, &found.element, &found.key);
    }
    if (r == 0) {
        *ret_identity = found;
    }
    who_wipe(&found);
    return r;
}

void who_wipe(struct identity *identity)
{
    secret_wipe(identity, sizeof(*identity));
}
