/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Input: an element, then a scalar. Nothing may be computed with an element or scalar that its
 * check refuses, nothing may come out that the check refuses (the identity above all), and what
 * is blinded must unblind to itself: so an element has one spelling.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/oprf.h"
#include "crypto/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_proof(const struct oprf_scalar *scalar, const struct oprf_element *element,
                        const struct oprf_element *evaluated)
{
    struct oprf_element public_key;
    struct oprf_scalar r;
    uint8_t proof[OPRF_PROOF_BYTES];
    oprf_random_scalar(&r);
    demand(oprf_public_key(scalar, &public_key) == OPRF_OK);
    demand(oprf_prove(scalar, &public_key, element, evaluated, 1, &r, proof) == OPRF_OK);
    demand(oprf_verify(&public_key, element, evaluated, 1, proof) == OPRF_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oprf_element element = {{0}};
    struct oprf_scalar scalar = {{1}};
    struct oprf_element out;
    uint8_t proof[OPRF_PROOF_BYTES] = {1};
    demand(secret_init() == 0);

    memcpy(element.bytes, data, size < sizeof(element.bytes) ? size : sizeof(element.bytes));
    if (size > sizeof(element.bytes)) {
        size_t left = size - sizeof(element.bytes);
        memcpy(scalar.bytes, data + sizeof(element.bytes),
               left < sizeof(scalar.bytes) ? left : sizeof(scalar.bytes));
    }
    int element_good = oprf_check_element(&element) == OPRF_OK;
    int scalar_good = oprf_check_scalar(&scalar) == OPRF_OK;

    int expected = !scalar_good ? OPRF_BAD_SCALAR : !element_good ? OPRF_BAD_ELEMENT : OPRF_OK;
    demand(oprf_unblind(&scalar, &element, &out) == expected);
    demand(expected != OPRF_OK || oprf_check_element(&out) == OPRF_OK);
    demand(oprf_evaluate(&scalar, &element, &out) == expected);
    if (expected == OPRF_OK) {
        demand(oprf_check_element(&out) == OPRF_OK);
        check_proof(&scalar, &element, &out);
        demand(oprf_unblind(&scalar, &out, &out) == OPRF_OK);
        demand(memcmp(out.bytes, element.bytes, sizeof(out.bytes)) == 0);
    }
    demand(oprf_verify(&element, &element, &element, 1, proof) != OPRF_OK);
    return 0;
}
