/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The oblivious pseudorandom function of RFC 9497, ciphersuite ristretto255-SHA512.
 *
 * The mode byte is part of the hash-to-group's domain separation (RFC 9497 section 3.1), so the
 * two modes map one input to different elements. The index uses OPRF_VERIFIABLE everywhere, in
 * direct and in blinded use; OPRF_BASE exists for the published test vectors.
 */
#ifndef CRYPTO_OPRF_H
#define CRYPTO_OPRF_H

#include "crypto/basics.h"

#define OPRF_ELEMENT_BYTES 32
#define OPRF_SCALAR_BYTES 32
#define OPRF_SEED_BYTES 32
#define OPRF_PROOF_BYTES 64 /* c || s */
#define OPRF_OUTPUT_BYTES 64
#define OPRF_BATCH_MAXIMUM 64
#define OPRF_INPUT_MAXIMUM 65535

struct oprf_element {
    uint8_t bytes[OPRF_ELEMENT_BYTES];
};
struct oprf_scalar {
    uint8_t bytes[OPRF_SCALAR_BYTES];
};

enum oprf_mode { OPRF_BASE = 0, OPRF_VERIFIABLE = 1 };

enum oprf_condition {
    OPRF_OK = 0,
    OPRF_BAD_ELEMENT = 1, /* not a canonical encoding, or the identity (RFC 9497 section 2.1) */
    OPRF_BAD_SCALAR,      /* zero, or not below the group's order */
    OPRF_BAD_INPUT,       /* too long, or maps to the identity (InvalidInputError) */
    OPRF_BAD_PROOF,       /* VerifyError */
};

/*
 * Refuses what libsodium 1.0.18 lets through: its is_valid_point accepts the identity, and ignores
 * the top bit, which would give each element a second spelling and so a child a second key.
 * OPRF_OK or OPRF_BAD_ELEMENT. Every function below that computes with an element checks it so.
 */
int oprf_check_element(const struct oprf_element *element) MUST_CHECK;
int oprf_check_scalar(const struct oprf_scalar *scalar) MUST_CHECK;

/* DeriveKeyPair, RFC 9497 section 3.2.1. OPRF_BAD_INPUT when `info` is too long or no key comes. */
int oprf_derive_key_pair(enum oprf_mode mode, const uint8_t seed[static OPRF_SEED_BYTES],
                         const uint8_t *info, size_t info_size, struct oprf_scalar *ret_secret,
                         struct oprf_element *ret_public) MUST_CHECK;
/* public = secret * G. */
int oprf_public_key(const struct oprf_scalar *secret, struct oprf_element *ret_public) MUST_CHECK;

/* HashToGroup(input), RFC 9497 section 4.1. */
int oprf_hash_to_group(enum oprf_mode mode, const uint8_t *input, size_t input_size,
                       struct oprf_element *ret_element) MUST_CHECK;

/* A uniformly random nonzero scalar, for a blind or a proof's r. */
void oprf_random_scalar(struct oprf_scalar *ret_scalar);

/* Blind with a given blind (section 3.3.1): blinded = blind * HashToGroup(input). */
int oprf_blind(enum oprf_mode mode, const uint8_t *input, size_t input_size,
               const struct oprf_scalar *blind, struct oprf_element *ret_blinded) MUST_CHECK;

/* BlindEvaluate without the proof: evaluated = secret * element. Checks both. */
int oprf_evaluate(const struct oprf_scalar *secret, const struct oprf_element *element,
                  struct oprf_element *ret_evaluated) MUST_CHECK;

/* unblinded = (1 / blind) * evaluated. */
int oprf_unblind(const struct oprf_scalar *blind, const struct oprf_element *evaluated,
                 struct oprf_element *ret_unblinded) MUST_CHECK;

/* The last step of Finalize: Hash(len(input) || input || len(element) || element || "Finalize"). */
int oprf_finalize(const uint8_t *input, size_t input_size, const struct oprf_element *unblinded,
                  uint8_t ret_output[static OPRF_OUTPUT_BYTES]) MUST_CHECK;

/*
 * One proof that every evaluated[i] = secret * blinded[i] (GenerateProof, section 2.2.1), for
 * 1..OPRF_BATCH_MAXIMUM elements, always in OPRF_VERIFIABLE. `r` must be fresh and random: with
 * the same r twice the secret is gone. OPRF_BAD_ELEMENT, also for a count out of bounds;
 * OPRF_BAD_SCALAR.
 */
int oprf_prove(const struct oprf_scalar *secret, const struct oprf_element *public_key,
               const struct oprf_element *blinded, const struct oprf_element *evaluated,
               size_t count, const struct oprf_scalar *r,
               uint8_t ret_proof[static OPRF_PROOF_BYTES]) MUST_CHECK;
/*
 * VerifyProof, section 2.2.2. OPRF_OK, OPRF_BAD_ELEMENT (also for a count out of bounds) or
 * OPRF_BAD_PROOF.
 */
int oprf_verify(const struct oprf_element *public_key, const struct oprf_element *blinded,
                const struct oprf_element *evaluated, size_t count,
                const uint8_t proof[static OPRF_PROOF_BYTES]) MUST_CHECK;

#endif
