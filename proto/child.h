/* SPDX-License-Identifier: EUPL-1.2 */
/* From what a client sends to the key under which a child is kept. */
#ifndef PROTO_CHILD_H
#define PROTO_CHILD_H

#include "crypto/keyring.h"
#include "crypto/pseudonym.h"
#include "proto/shape.h"

/* Both expect text that its format has accepted; anything else is a fault: -EINVAL. About 130 us
 * for a BSN. The results are secret. */
int child_from_bsn(const struct keyring *keys, const struct text_input *bsn,
                   struct oprf_element *ret_element, struct child_key *ret_child) MUST_CHECK;
int child_from_element(const struct keyring *keys, const struct text_input *element,
                       struct oprf_element *ret_element, struct child_key *ret_child) MUST_CHECK;

/* The evaluation key in use; -EINVAL when there is none. */
int child_find_evaluation_key(const struct keyring *keys, uint32_t *ret_id,
                              struct oprf_scalar *ret_key) MUST_CHECK;

#endif
