/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Blinded mode, the client's side: has the index compute the elements of BSNs without learning
 * the numbers. Normalising and the elfproef happen here, because the index cannot do them; and the
 * proof is checked that the index used the key it has published, so that it cannot mark a child
 * by answering with another key.
 */
#ifndef TOOLS_BLINDING_H
#define TOOLS_BLINDING_H

#include "crypto/oprf.h"
#include "crypto/secret.h"
#include "tools/bsn_file.h"
#include "tools/session.h"

#define BLINDING_BATCH OPRF_BATCH_MAXIMUM /* the most that the index evaluates in one request */

/* As good as the BSNs within the index: wipe it. */
struct blinding_elements {
    int64_t key_id;
    size_t count;
    struct oprf_element elements[BSN_LIST_MAXIMUM];
};

/*
 * The elements of `count` numbers, at most BSN_LIST_MAXIMUM, which --`option` gave; in their order.
 * An enum vix_exit; a BSN that is none is VIX_USAGE. One request, and one for each batch.
 */
int blinding_evaluate(struct session *session, const struct command *command, const char *option,
                      const struct bsn_text *numbers, size_t count,
                      struct blinding_elements *ret_elements) MUST_CHECK;
void blinding_elements_wipe(struct blinding_elements *elements); /* for CLEANUP */

/* base64url, as a request has it. */
#define BLINDING_ENCODED_SIZE SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)
void blinding_encode(const struct oprf_element *element, char out[static BLINDING_ENCODED_SIZE]);

#endif
