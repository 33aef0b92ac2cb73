/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the population register tells of a person. The answer is the same whether the index knows
 * the person or not: the register never learns on whom there are signals.
 */
#include <errno.h>
#include <string.h>

#include "crypto/bsn.h"
#include "crypto/fold.h"
#include "crypto/secret.h"
#include "proto/handlers.h"
#include "proto/who.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)

struct person_event_input {
    struct who_input who;
    struct text_input type;
    struct text_input municipality;
    struct text_input replaced_by;
    struct texts_input parents;
    struct text_input address;
    struct boolean_input institution;
};
static const char *const types[] = {"died",      "moved",        "bsn-replaced",
                                    "relations", "bsn-assigned", NULL};
static const struct format format_type = {.values = types};
static const struct field event_fields[] = {
    {.name = "type",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_type,
     .offset = offsetof(struct person_event_input, type)},
    WHO_BSN_FIELD(struct person_event_input),
    WHO_PERSON_FIELD(struct person_event_input),
    {.name = "municipality",
     .type = FIELD_TEXT,
     .format = &format_municipality,
     .offset = offsetof(struct person_event_input, municipality),
     .description = "moved: where the person lives now (CBS code)."},
    {.name = "replacedBy",
     .type = FIELD_TEXT,
     .secret = true,
     .format = &format_bsn,
     .offset = offsetof(struct person_event_input, replaced_by),
     .description = "bsn-replaced: the number that takes the place of `bsn`."},
    {.name = "parents",
     .type = FIELD_TEXTS,
     .secret = true,
     .maximum = STORE_PARENTS_MAXIMUM,
     .item_maximum = BSN_DIGITS,
     .format = &format_bsn,
     .offset = offsetof(struct person_event_input, parents),
     .description = "relations: BSNs of all parents; left out: none are known any more."},
    {.name = "address",
     .type = FIELD_TEXT,
     .secret = true,
     .minimum = 1,
     .maximum = FOLD_TEXT_MAXIMUM,
     .format = &format_address,
     .offset = offsetof(struct person_event_input, address),
     .description = "relations: the home, in whatever way the register always writes it; left "
                    "out: none is known any more."},
    {.name = "institution",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct person_event_input, institution),
     .description = "relations: the address is that of an institution, and ties nobody."},
};
const struct shape shape_person_event = {
    .name = "PersonEvent",
    FIELDS(event_fields),
    .size = sizeof(struct person_event_input),
    .description = "died and moved: `bsn` or `person`. relations: the same, and all relations that "
                   "there are. bsn-replaced: `bsn` and `replacedBy`. bsn-assigned: `person`, and "
                   "the `bsn` that was assigned. Members that do not belong to the type are "
                   "faults."};

/* ---- what belongs to what ---- */

enum member {
    MEMBER_BSN = 1,
    MEMBER_PERSON = 2,
    MEMBER_MUNICIPALITY = 4,
    MEMBER_REPLACED_BY = 8,
    MEMBER_PARENTS = 16,
    MEMBER_ADDRESS = 32,
    MEMBER_INSTITUTION = 64,
};
static const char *const member_pointers[] = {"#/bsn",        "#/person",  "#/municipality",
                                              "#/replacedBy", "#/parents", "#/address",
                                              "#/institution"};

static const struct event_kind {
    enum person_event event;
    unsigned required;
    unsigned allowed; /* besides; but of `bsn` and `person` exactly one, where both are */
} kinds[] = {
    {PERSON_DIED, 0, MEMBER_BSN | MEMBER_PERSON},
    {PERSON_MOVED, MEMBER_MUNICIPALITY, MEMBER_BSN | MEMBER_PERSON},
    {PERSON_REPLACED, MEMBER_BSN | MEMBER_REPLACED_BY, 0},
    {PERSON_RELATIONS, 0,
     MEMBER_BSN | MEMBER_PERSON | MEMBER_PARENTS | MEMBER_ADDRESS | MEMBER_INSTITUTION},
    {PERSON_ASSIGNED, MEMBER_BSN | MEMBER_PERSON, 0},
};

/* In the order of their pointers. */
static unsigned given_members(const struct person_event_input *in)
{
    return (in->who.bsn.given ? MEMBER_BSN : 0u) |
           (in->who.person.object.given ? MEMBER_PERSON : 0u) |
           (in->municipality.given ? MEMBER_MUNICIPALITY : 0u) |
           (in->replaced_by.given ? MEMBER_REPLACED_BY : 0u) |
           (in->parents.given ? MEMBER_PARENTS : 0u) | (in->address.given ? MEMBER_ADDRESS : 0u) |
           (in->institution.given ? MEMBER_INSTITUTION : 0u);
}

static void check_members(struct exchange *x, const struct event_kind *kind, unsigned given)
{
    for (size_t i = 0; i < ARRAY_LENGTH(member_pointers); i++) {
        unsigned member = 1u << i;
        if ((kind->required & member) != 0 && (given & member) == 0) {
            faults_add(&x->faults, member_pointers[i], "This is required.");
        } else if (((kind->required | kind->allowed) & member) == 0 && (given & member) != 0) {
            faults_add(&x->faults, member_pointers[i], "This does not belong to such an event.");
        }
    }
}

/* ---- numbers that stand there twice ---- */

static bool is_same_number(const struct text_input *a, const struct text_input *b)
{
    CLEANUP(bsn_wipe) struct bsn one = {0};
    CLEANUP(bsn_wipe) struct bsn other = {0};
    return a->text != NULL && b->text != NULL && bsn_parse(a->text, a->length, &one) == BSN_OK &&
           bsn_parse(b->text, b->length, &other) == BSN_OK &&
           memcmp(one.digits, other.digits, BSN_DIGITS) == 0;
}

static const char *find_twin(const struct person_event_input *in, size_t i)
{
    if (is_same_number(&in->who.bsn, &in->parents.seen[i])) {
        return "Nobody is their own parent.";
    }
    for (size_t j = 0; j < i; j++) {
        if (is_same_number(&in->parents.seen[j], &in->parents.seen[i])) {
            return "This stands in the list already.";
        }
    }
    return NULL;
}

static void check_numbers(struct exchange *x, const struct person_event_input *in)
{
    if (is_same_number(&in->who.bsn, &in->replaced_by)) {
        faults_add(&x->faults, "#/replacedBy", "A number cannot take its own place.");
    }
    for (size_t i = 0; i < in->parents.seen_count; i++) {
        const char *fault = find_twin(in, i);
        if (fault != NULL) {
            const char *pointer = arena_print(&x->scratch, "#/parents/%zu", i);
            faults_add(&x->faults, pointer != NULL ? pointer : "#", fault);
        }
    }
}

void person_events_check(struct exchange *x)
{
    const struct person_event_input *in = x->body;
    check_numbers(x, in);
    who_check_person(x, &in->who);
    if (in->type.text == NULL) {
        return;
    }
    const struct event_kind *kind = &kinds[format_find_value(types, in->type.text)];
    check_members(x, kind, given_members(in));
    if ((kind->allowed & MEMBER_BSN) != 0) {
        who_check(x, &in->who, false);
    }
}

/* ---- telling the store ---- */

static int find_number(const struct exchange *x, const struct text_input *bsn,
                       struct identity *ret_identity)
{
    const struct who_input who = {.bsn = *bsn};
    return who_find(x, &who, ret_identity);
}

static int find_child(const struct exchange *x, const struct person_event_input *in,
                      struct store_person_event *event)
{
    if (event->event != PERSON_ASSIGNED) {
        return who_find(x, &in->who, &event->child);
    }
    const struct who_input named = {.person = in->who.person};
    int r = who_find(x, &named, &event->child);
    return r != 0 ? r : find_number(x, &in->who.bsn, &event->other);
}

static int find_relations(const struct exchange *x, const struct person_event_input *in,
                          struct store_person_event *event)
{
    const struct keyring *keys = x->options.api->options.keys;
    int r = 0;
    for (size_t i = 0; r == 0 && i < in->parents.count; i++) {
        struct identity *parent = &event->parents[i];
        r = child_parent(keys, &in->parents.items[i], &parent->element, &parent->key);
    }
    event->parent_count = in->parents.count;
    event->has_address = in->address.text != NULL;
    event->institution = in->institution.value;
    if (r == 0 && event->has_address) {
        r = child_address(keys, &in->address, &event->address.element, &event->address.key);
    }
    return r;
}

void person_events_post(struct exchange *x)
{
    const struct person_event_input *in = x->body;
    struct store_person_event *event = &x->work.person_event;
    store_person_event_init(event);
    event->event = kinds[format_find_value(types, in->type.text)].event;
    event->evaluation_key = keyring_current(x->options.api->options.keys, KEYRING_EVALUATION);
    int r = find_child(x, in, event);
    if (r == 0 && in->municipality.text != NULL) {
        r = municipality_parse(in->municipality.text, in->municipality.length,
                               &event->municipality);
    }
    if (r == 0 && event->event == PERSON_REPLACED) {
        r = find_number(x, &in->replaced_by, &event->other);
    }
    if (r == 0 && event->event == PERSON_RELATIONS) {
        r = find_relations(x, in, event);
    }
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    /* Only of a child that is known can there be too many numbers. */
    static const struct exchange_condition conditions[] = {
        {STORE_TOO_MANY, .concealed = true},
        {0},
    };
    exchange_submit(x, exchange_finish_empty, conditions);
}
