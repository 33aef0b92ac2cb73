/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Whatever is taken for a family name or an address is short, is one of one spelling, and gives an
 * input in which the members can be told apart. A line feed, which none of them can hold, parts
 * the fuzzer's bytes into name, birth date, sex and address.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/identity.h"

#define PARTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
    const char *text;
    size_t length;
};

static void split(const uint8_t *data, size_t size, struct part parts[static PARTS])
{
    const char *at = (const char *)data;
    for (size_t i = 0; i < PARTS; i++) {
        const char *end = size > 0 && i < PARTS - 1 ? memchr(at, '\n', size) : NULL;
        size_t length = end == NULL ? size : (size_t)(end - at);
        parts[i] = (struct part){.text = at, .length = length};
        size -= length + (end != NULL);
        at += length + (end != NULL);
    }
}

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_name(const struct fold_text *name)
{
    struct fold_text again;
    must(name->count > 0 && name->count <= FOLD_TEXT_MAXIMUM && name->size <= FOLD_TEXT_BYTES);
    must(memchr(name->bytes, '|', name->size) == NULL);
    must(person_parse_family_name((const char *)name->bytes, name->size, &again) == PERSON_OK);
    must(again.size == name->size && memcmp(again.bytes, name->bytes, name->size) == 0);
}

static void check_person(const struct person *person)
{
    struct identity_input input;
    identity_from_person(person, &input);
    must(input.size <= IDENTITY_INPUT_MAXIMUM);
    const size_t prefix = sizeof(PSEUDONYM_PREFIX_PERSON) - 1;
    const size_t tail = PERSON_DATE_LENGTH + 3;
    must(input.size == prefix + person->family_name.size + tail);
    must(input.bytes[input.size - 2] == '|' && input.bytes[input.size - tail] == '|');
    must(strchr("MVO", input.bytes[input.size - 1]) != NULL);
}

static void check_address(const struct identity_input *input)
{
    struct identity_input again;
    const size_t prefix = sizeof(PSEUDONYM_PREFIX_ADDRESS) - 1;
    must(input->size > prefix && input->size <= IDENTITY_INPUT_MAXIMUM);
    must(identity_from_address((const char *)input->bytes + prefix, input->size - prefix, &again) ==
         FOLD_OK);
    must(again.size == input->size && memcmp(again.bytes, input->bytes, again.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part parts[PARTS];
    struct person person;
    struct identity_input address;

    split(data, size, parts);
    int name = person_parse_family_name(parts[0].text, parts[0].length, &person.family_name);
    int date = person_parse_birth_date(parts[1].text, parts[1].length, person.birth_date);
    int sex = person_parse_sex(parts[2].text, parts[2].length, &person.sex);
    must(person_condition_text(name) != NULL);
    if (name == PERSON_OK) {
        check_name(&person.family_name);
    }
    if (name == PERSON_OK && date == PERSON_OK && sex == PERSON_OK) {
        check_person(&person);
    }
    if (identity_from_address(parts[3].text, parts[3].length, &address) == FOLD_OK) {
        check_address(&address);
    }
    return 0;
}
