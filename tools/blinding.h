/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Blinded mode, the client's side: has the index compute the element of a BSN without learning
 * the number. Normalising and the elfproef happen here, because the index cannot do them; and the
 * proof is checked that the index used the key it has published, so that it cannot mark a child
 * by answering with another key.
 */
#ifndef TOOLS_BLINDING_H
#define TOOLS_BLINDING_H

#include "crypto/oprf.h"
#include "tools/bsn_file.h"
#include "tools/session.h"

/* As good as the BSN within the index: wipe it. */
struct blinding_element {
    struct oprf_element element;
    int64_t key_id;
};

/* An enum vix_exit; a BSN that is none is VIX_USAGE. Two requests. */
int blinding_evaluate(struct session *session, const struct command *command,
                      const struct bsn_text *text, struct blinding_element *ret_element) MUST_CHECK;
void blinding_element_wipe(struct blinding_element *element); /* for CLEANUP */

#endif
