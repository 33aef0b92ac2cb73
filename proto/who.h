/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * On whom a request is: a number, an element of blinded mode, or, for a youth without number,
 * family name, birth date and sex (Besluit Jeugdwet 7.3.1). One table of fields and one set of
 * checks for all requests that name a child.
 */
#ifndef PROTO_WHO_H
#define PROTO_WHO_H

#include "proto/child.h"
#include "proto/exchange.h"

struct person_input {
    struct object_input object;
    struct child_person is;
};
extern const struct shape shape_person;

struct who_input {
    struct text_input bsn;
    struct text_input element; /* with its key; only where the request has such members */
    struct integer_input key_id;
    struct person_input person;
};

/* In requests whose structure has a member `who`. */
#define WHO_BSN_FIELD(type_)                                                                       \
    {                                                                                              \
        .name = "bsn", .type = FIELD_TEXT, .secret = true, .format = &format_bsn,                  \
        .offset = offsetof(type_, who.bsn),                                                        \
        .description = "Eight or nine digits; a leading zero may be left out."                     \
    }
#define WHO_PERSON_FIELD(type_)                                                                    \
    {                                                                                              \
        .name = "person", .type = FIELD_OBJECT, .shape = &shape_person,                            \
        .offset = offsetof(type_, who.person),                                                     \
        .description = "A youth without BSN, in place of one."                                     \
    }
#define WHO_KEY_ID_FIELD(offset_)                                                                  \
    {                                                                                              \
        .name = "keyId", .type = FIELD_INTEGER, .minimum = 1, .maximum = UINT32_MAX,               \
        .offset = offset_, .description = "In blinded mode: the key it was evaluated under."       \
    }

/* Exactly one of them, and a key with an element; adds to the faults. */
void who_check(struct exchange *x, const struct who_input *who, bool may_be_element);
/* A key goes with elements, must be there with them, and be the one in use. */
void who_check_key(struct exchange *x, bool has_element, const struct integer_input *key_id);

/*
 * The birth date, which a request with `person` may leave out beside it: `given` must not differ
 * from it. 0 with the day; 1 when there is none, or it is faulty, which is among the faults then.
 */
int who_check_birth_date(struct exchange *x, const struct who_input *who,
                         const struct text_input *given, int32_t *ret_day) MUST_CHECK;
/* The same, where the checks have passed. */
int who_read_birth_date(const struct who_input *who, const struct text_input *given,
                        int32_t *ret_day) MUST_CHECK;
/* The one in `person` alone, where it serves for nothing else. */
void who_check_person(struct exchange *x, const struct who_input *who);
/* Where the birth date stood. */
const char *who_birth_date_pointer(const struct text_input *given);

/* Secret. What passed the checks can be found, or it is a fault of the machine. */
int who_find(const struct exchange *x, const struct who_input *who,
             struct identity *ret_identity) MUST_CHECK;
void who_wipe(struct identity *identity);

#endif
