/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From what a client sends to the element of a child, or of what ties children together, and to
 * the key under which it is kept. The results are secret.
 *
 * All of these expect text that its format has accepted (crypto/bsn.h, crypto/oprf.h,
 * crypto/person.h, crypto/identity.h say what that is); anything else is a fault: -EINVAL. Only of
 * an element nothing but the spelling is looked at again, so that it must come out of a field of
 * format_element. About 130 us each, but for an element.
 */
#ifndef PROTO_CHILD_H
#define PROTO_CHILD_H

#include "crypto/keyring.h"
#include "crypto/pseudonym.h"
#include "proto/shape.h"

/* A youth without BSN. */
struct child_person {
    struct text_input family_name;
    struct text_input birth_date;
    struct text_input sex;
};

int child_from_bsn(const struct keyring *keys, const struct text_input *bsn,
                   struct oprf_element *ret_element, struct child_key *ret_child) MUST_CHECK;
int child_from_element(const struct keyring *keys, const struct text_input *element,
                       struct oprf_element *ret_element, struct child_key *ret_child) MUST_CHECK;
int child_from_person(const struct keyring *keys, const struct child_person *person,
                      struct oprf_element *ret_element, struct child_key *ret_child) MUST_CHECK;

/* A tie: the parent with that BSN, and the home address. Neither is ever the key of a child. */
int child_parent(const struct keyring *keys, const struct text_input *bsn,
                 struct oprf_element *ret_element, struct child_key *ret_tie) MUST_CHECK;
int child_address(const struct keyring *keys, const struct text_input *address,
                  struct oprf_element *ret_element, struct child_key *ret_tie) MUST_CHECK;

/* The evaluation key in use; -EINVAL when there is none. */
int child_find_evaluation_key(const struct keyring *keys, uint32_t *ret_id,
                              struct oprf_scalar *ret_key) MUST_CHECK;

#endif
