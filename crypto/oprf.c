/* SPDX-License-Identifier: EUPL-1.2 */
/* Names in the formulas (A, B, M, Z, t2, t3, c, s) are those of RFC 9497. */
#include "crypto/oprf.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define SUITE "-ristretto255-SHA512"
#define CONTEXT_BYTES (7 + 1 + sizeof(SUITE) - 1) /* "OPRFV1-", the mode, the suite */
#define LABEL_MAXIMUM 16
#define DST_MAXIMUM (LABEL_MAXIMUM + CONTEXT_BYTES)
#define UNIFORM_BYTES 64 /* what one block of SHA-512 gives, and both hashes need */
#define SHA512_BLOCK_BYTES 128

_Static_assert(OPRF_ELEMENT_BYTES == crypto_core_ristretto255_BYTES, "element size");
_Static_assert(OPRF_SCALAR_BYTES == crypto_core_ristretto255_SCALARBYTES, "scalar size");
_Static_assert(UNIFORM_BYTES == crypto_core_ristretto255_HASHBYTES &&
                   UNIFORM_BYTES == crypto_core_ristretto255_NONREDUCEDSCALARBYTES &&
                   UNIFORM_BYTES == crypto_hash_sha512_BYTES,
               "one block of SHA-512 is enough");

/* A domain separation tag: label || contextString. */
struct dst {
    uint8_t bytes[DST_MAXIMUM];
    size_t size;
};

static struct dst make_dst(const char *label, enum oprf_mode mode)
{
    struct dst dst = {.size = strlen(label)};
    memcpy(dst.bytes, label, dst.size);
    memcpy(dst.bytes + dst.size, "OPRFV1-", 7);
    dst.bytes[dst.size + 7] = (uint8_t)mode;
    memcpy(dst.bytes + dst.size + 8, SUITE, sizeof(SUITE) - 1);
    dst.size += CONTEXT_BYTES;
    return dst;
}

static void scalar_wipe(struct oprf_scalar *scalar)
{
    sodium_memzero(scalar, sizeof(*scalar));
}

static void element_wipe(struct oprf_element *element)
{
    sodium_memzero(element, sizeof(*element));
}

/* I2OSP(size, 2) || bytes. */
static void update_sized(crypto_hash_sha512_state *state, const void *bytes, size_t size)
{
    uint8_t length[2];
    put_be16(length, (uint16_t)size);
    crypto_hash_sha512_update(state, length, sizeof(length));
    crypto_hash_sha512_update(state, bytes, size);
}

/*
 * expand_message_xmd (RFC 9380 section 5.3.1) for 64 bytes, taken apart so that a message can be
 * given in pieces: begin, crypto_hash_sha512_update for each piece, end.
 */
static void expand_begin(crypto_hash_sha512_state *state)
{
    static const uint8_t zeroes[SHA512_BLOCK_BYTES];
    crypto_hash_sha512_init(state);
    crypto_hash_sha512_update(state, zeroes, sizeof(zeroes));
}

static void expand_end(crypto_hash_sha512_state *state, const struct dst *dst,
                       uint8_t ret_uniform[static UNIFORM_BYTES])
{
    static const uint8_t length_and_zero[3] = {0, UNIFORM_BYTES, 0};
    static const uint8_t one = 1;
    const uint8_t dst_size = (uint8_t)dst->size;
    uint8_t b0[crypto_hash_sha512_BYTES];

    crypto_hash_sha512_update(state, length_and_zero, sizeof(length_and_zero));
    crypto_hash_sha512_update(state, dst->bytes, dst->size);
    crypto_hash_sha512_update(state, &dst_size, 1);
    crypto_hash_sha512_final(state, b0);

    crypto_hash_sha512_init(state);
    crypto_hash_sha512_update(state, b0, sizeof(b0));
    crypto_hash_sha512_update(state, &one, 1);
    crypto_hash_sha512_update(state, dst->bytes, dst->size);
    crypto_hash_sha512_update(state, &dst_size, 1);
    crypto_hash_sha512_final(state, ret_uniform);

    sodium_memzero(b0, sizeof(b0));
    sodium_memzero(state, sizeof(*state));
}

/* HashToScalar of the message in `state`, with the given label. */
static void scalar_end(crypto_hash_sha512_state *state, const char *label, enum oprf_mode mode,
                       struct oprf_scalar *ret_scalar)
{
    const struct dst dst = make_dst(label, mode);
    uint8_t uniform[UNIFORM_BYTES];
    expand_end(state, &dst, uniform);
    crypto_core_ristretto255_scalar_reduce(ret_scalar->bytes, uniform);
    sodium_memzero(uniform, sizeof(uniform));
}

/*
 * What libsodium 1.0.18 lets through and RFC 9496 section 4.3.1 or RFC 9497 does not: the top bit,
 * which it ignores, so that each element would have two spellings; and the identity.
 */
static bool is_misspelt_or_identity(const struct oprf_element *element)
{
    return (element->bytes[OPRF_ELEMENT_BYTES - 1] & 0x80) != 0 ||
           sodium_is_zero(element->bytes, sizeof(element->bytes));
}

int oprf_check_element(const struct oprf_element *element)
{
    if (is_misspelt_or_identity(element) ||
        !crypto_core_ristretto255_is_valid_point(element->bytes)) {
        return OPRF_BAD_ELEMENT;
    }
    return OPRF_OK;
}

/* A canonical scalar is its own remainder; this way of asking takes the same time for all. */
static bool is_canonical(const struct oprf_scalar *scalar)
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = {0};
    struct oprf_scalar reduced;

    memcpy(wide, scalar->bytes, sizeof(scalar->bytes));
    crypto_core_ristretto255_scalar_reduce(reduced.bytes, wide);
    bool canonical = sodium_memcmp(reduced.bytes, scalar->bytes, sizeof(reduced.bytes)) == 0;
    sodium_memzero(wide, sizeof(wide));
    scalar_wipe(&reduced);
    return canonical;
}

int oprf_check_scalar(const struct oprf_scalar *scalar)
{
    if (!is_canonical(scalar) || sodium_is_zero(scalar->bytes, sizeof(scalar->bytes))) {
        return OPRF_BAD_SCALAR;
    }
    return OPRF_OK;
}

int oprf_public_key(const struct oprf_scalar *secret, struct oprf_element *ret_public)
{
    struct oprf_element public_key;
    if (oprf_check_scalar(secret) != OPRF_OK ||
        crypto_scalarmult_ristretto255_base(public_key.bytes, secret->bytes) != 0) {
        return OPRF_BAD_SCALAR;
    }
    *ret_public = public_key;
    return OPRF_OK;
}

int oprf_derive_key_pair(enum oprf_mode mode, const uint8_t seed[static OPRF_SEED_BYTES],
                         const uint8_t *info, size_t info_size, struct oprf_scalar *ret_secret,
                         struct oprf_element *ret_public)
{
    if (info_size > OPRF_INPUT_MAXIMUM) {
        return OPRF_BAD_INPUT;
    }
    for (unsigned counter = 0; counter <= UINT8_MAX; counter++) {
        CLEANUP(scalar_wipe) struct oprf_scalar secret = {{0}};
        const uint8_t counter_byte = (uint8_t)counter;
        crypto_hash_sha512_state state;

        expand_begin(&state);
        crypto_hash_sha512_update(&state, seed, OPRF_SEED_BYTES);
        update_sized(&state, info, info_size);
        crypto_hash_sha512_update(&state, &counter_byte, 1);
        scalar_end(&state, "DeriveKeyPair", mode, &secret);
        if (oprf_public_key(&secret, ret_public) == OPRF_OK) {
            *ret_secret = secret;
            return OPRF_OK;
        }
    }
    return OPRF_BAD_INPUT;
}

int oprf_hash_to_group(enum oprf_mode mode, const uint8_t *input, size_t input_size,
                       struct oprf_element *ret_element)
{
    if (input_size > OPRF_INPUT_MAXIMUM) {
        return OPRF_BAD_INPUT;
    }
    const struct dst dst = make_dst("HashToGroup-", mode);
    uint8_t uniform[UNIFORM_BYTES];
    CLEANUP(element_wipe) struct oprf_element element = {{0}};
    crypto_hash_sha512_state state;

    expand_begin(&state);
    crypto_hash_sha512_update(&state, input, input_size);
    expand_end(&state, &dst, uniform);
    bool failed = crypto_core_ristretto255_from_hash(element.bytes, uniform) != 0;
    sodium_memzero(uniform, sizeof(uniform));
    if (failed || sodium_is_zero(element.bytes, sizeof(element.bytes))) {
        return OPRF_BAD_INPUT;
    }
    *ret_element = element;
    return OPRF_OK;
}

void oprf_random_scalar(struct oprf_scalar *ret_scalar)
{
    crypto_core_ristretto255_scalar_random(ret_scalar->bytes); /* never zero */
}

/*
 * scalar * element, of a scalar already checked. libsodium decodes the element here as it does in
 * its is_valid_point, so that need not be asked first.
 */
static int multiply(const struct oprf_scalar *scalar, const struct oprf_element *element,
                    struct oprf_element *ret_product)
{
    CLEANUP(element_wipe) struct oprf_element product = {{0}};
    if (is_misspelt_or_identity(element) ||
        crypto_scalarmult_ristretto255(product.bytes, scalar->bytes, element->bytes) != 0) {
        return OPRF_BAD_ELEMENT;
    }
    *ret_product = product;
    return OPRF_OK;
}

int oprf_evaluate(const struct oprf_scalar *secret, const struct oprf_element *element,
                  struct oprf_element *ret_evaluated)
{
    if (oprf_check_scalar(secret) != OPRF_OK) {
        return OPRF_BAD_SCALAR;
    }
    return multiply(secret, element, ret_evaluated);
}

int oprf_blind(enum oprf_mode mode, const uint8_t *input, size_t input_size,
               const struct oprf_scalar *blind, struct oprf_element *ret_blinded)
{
    CLEANUP(element_wipe) struct oprf_element hashed = {{0}};
    int r = oprf_hash_to_group(mode, input, input_size, &hashed);
    return r != OPRF_OK ? r : oprf_evaluate(blind, &hashed, ret_blinded);
}

int oprf_unblind(const struct oprf_scalar *blind, const struct oprf_element *evaluated,
                 struct oprf_element *ret_unblinded)
{
    CLEANUP(scalar_wipe) struct oprf_scalar inverse = {{0}};
    if (oprf_check_scalar(blind) != OPRF_OK ||
        crypto_core_ristretto255_scalar_invert(inverse.bytes, blind->bytes) != 0) {
        return OPRF_BAD_SCALAR;
    }
    return multiply(&inverse, evaluated, ret_unblinded);
}

int oprf_finalize(const uint8_t *input, size_t input_size, const struct oprf_element *unblinded,
                  uint8_t ret_output[static OPRF_OUTPUT_BYTES])
{
    static const uint8_t label[8] = "Finalize";
    if (input_size > OPRF_INPUT_MAXIMUM) {
        return OPRF_BAD_INPUT;
    }
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    update_sized(&state, input, input_size);
    update_sized(&state, unblinded->bytes, sizeof(unblinded->bytes));
    crypto_hash_sha512_update(&state, label, sizeof(label));
    crypto_hash_sha512_final(&state, ret_output); /* wipes the state */
    return OPRF_OK;
}

/* The weighted sums M of the blinded and Z of the evaluated elements that a proof is about. */
struct composites {
    struct oprf_element m;
    struct oprf_element z;
};

/* Hash(len(B) || B || len(seedDST) || seedDST), the seed of the weights. */
static void composite_seed(const struct oprf_element *public_key,
                           uint8_t ret_seed[static crypto_hash_sha512_BYTES])
{
    const struct dst dst = make_dst("Seed-", OPRF_VERIFIABLE);
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    update_sized(&state, public_key->bytes, sizeof(public_key->bytes));
    update_sized(&state, dst.bytes, dst.size);
    crypto_hash_sha512_final(&state, ret_seed);
}

/* d_i, the weight of pair i. */
static void composite_weight(const uint8_t seed[static crypto_hash_sha512_BYTES], size_t i,
                             const struct oprf_element *blinded,
                             const struct oprf_element *evaluated, struct oprf_scalar *ret_weight)
{
    static const uint8_t label[9] = "Composite";
    uint8_t index[2];
    put_be16(index, (uint16_t)i);

    crypto_hash_sha512_state state;
    expand_begin(&state);
    update_sized(&state, seed, crypto_hash_sha512_BYTES);
    crypto_hash_sha512_update(&state, index, sizeof(index));
    update_sized(&state, blinded->bytes, sizeof(blinded->bytes));
    update_sized(&state, evaluated->bytes, sizeof(evaluated->bytes));
    crypto_hash_sha512_update(&state, label, sizeof(label));
    scalar_end(&state, "HashToScalar-", OPRF_VERIFIABLE, ret_weight);
}

/* sum = sum + weight * element. */
static int add_weighted(struct oprf_element *sum, const struct oprf_scalar *weight,
                        const struct oprf_element *element)
{
    struct oprf_element term;
    int r = multiply(weight, element, &term);
    if (r != OPRF_OK) {
        return r;
    }
    return crypto_core_ristretto255_add(sum->bytes, sum->bytes, term.bytes) == 0 ? OPRF_OK
                                                                                 : OPRF_BAD_ELEMENT;
}

/*
 * ComputeComposites; with the secret (ComputeCompositesFast) Z comes from M in one multiplication.
 * Checks all elements.
 */
static int compute_composites(const struct oprf_scalar *secret,
                              const struct oprf_element *public_key,
                              const struct oprf_element *blinded,
                              const struct oprf_element *evaluated, size_t count,
                              struct composites *ret_composites)
{
    if (count == 0 || count > OPRF_BATCH_MAXIMUM || oprf_check_element(public_key) != OPRF_OK) {
        return OPRF_BAD_ELEMENT;
    }
    struct composites sums = {.m = {{0}}, .z = {{0}}}; /* the identity, encoded */
    uint8_t seed[crypto_hash_sha512_BYTES];
    composite_seed(public_key, seed);

    for (size_t i = 0; i < count; i++) {
        struct oprf_scalar weight;
        composite_weight(seed, i, &blinded[i], &evaluated[i], &weight);
        int r = add_weighted(&sums.m, &weight, &blinded[i]);
        if (r == OPRF_OK) {
            r = secret == NULL ? add_weighted(&sums.z, &weight, &evaluated[i])
                               : oprf_check_element(&evaluated[i]);
        }
        if (r != OPRF_OK) {
            return r;
        }
    }
    if (secret != NULL && multiply(secret, &sums.m, &sums.z) != OPRF_OK) {
        return OPRF_BAD_ELEMENT;
    }
    *ret_composites = sums;
    return OPRF_OK;
}

/* The challenge c over the public key, the composites and the two commitments. */
static void compute_challenge(const struct oprf_element *public_key,
                              const struct composites *composites, const struct oprf_element *t2,
                              const struct oprf_element *t3, struct oprf_scalar *ret_challenge)
{
    static const uint8_t label[9] = "Challenge";
    crypto_hash_sha512_state state;
    expand_begin(&state);
    update_sized(&state, public_key->bytes, sizeof(public_key->bytes));
    update_sized(&state, composites->m.bytes, sizeof(composites->m.bytes));
    update_sized(&state, composites->z.bytes, sizeof(composites->z.bytes));
    update_sized(&state, t2->bytes, sizeof(t2->bytes));
    update_sized(&state, t3->bytes, sizeof(t3->bytes));
    crypto_hash_sha512_update(&state, label, sizeof(label));
    scalar_end(&state, "HashToScalar-", OPRF_VERIFIABLE, ret_challenge);
}

int oprf_prove(const struct oprf_scalar *secret, const struct oprf_element *public_key,
               const struct oprf_element *blinded, const struct oprf_element *evaluated,
               size_t count, const struct oprf_scalar *r,
               uint8_t ret_proof[static OPRF_PROOF_BYTES])
{
    if (oprf_check_scalar(secret) != OPRF_OK || oprf_check_scalar(r) != OPRF_OK) {
        return OPRF_BAD_SCALAR;
    }
    struct composites composites;
    int condition = compute_composites(secret, public_key, blinded, evaluated, count, &composites);
    if (condition != OPRF_OK) {
        return condition;
    }
    struct oprf_element t2;
    struct oprf_element t3;
    if (crypto_scalarmult_ristretto255_base(t2.bytes, r->bytes) != 0 ||
        multiply(r, &composites.m, &t3) != OPRF_OK) {
        return OPRF_BAD_ELEMENT;
    }
    struct oprf_scalar c;
    CLEANUP(scalar_wipe) struct oprf_scalar product = {{0}};
    compute_challenge(public_key, &composites, &t2, &t3, &c);
    crypto_core_ristretto255_scalar_mul(product.bytes, c.bytes, secret->bytes);

    memcpy(ret_proof, c.bytes, OPRF_SCALAR_BYTES);
    crypto_core_ristretto255_scalar_sub(ret_proof + OPRF_SCALAR_BYTES, r->bytes, product.bytes);
    return OPRF_OK;
}

int oprf_verify(const struct oprf_element *public_key, const struct oprf_element *blinded,
                const struct oprf_element *evaluated, size_t count,
                const uint8_t proof[static OPRF_PROOF_BYTES])
{
    struct composites composites;
    int condition = compute_composites(NULL, public_key, blinded, evaluated, count, &composites);
    if (condition != OPRF_OK) {
        return condition;
    }
    struct oprf_scalar c;
    struct oprf_scalar s;
    memcpy(c.bytes, proof, OPRF_SCALAR_BYTES);
    memcpy(s.bytes, proof + OPRF_SCALAR_BYTES, OPRF_SCALAR_BYTES);
    if (oprf_check_scalar(&c) != OPRF_OK || oprf_check_scalar(&s) != OPRF_OK) {
        return OPRF_BAD_PROOF;
    }
    struct oprf_element t2; /* s * G + c * B */
    struct oprf_element t3; /* s * M + c * Z */
    if (crypto_scalarmult_ristretto255_base(t2.bytes, s.bytes) != 0 ||
        add_weighted(&t2, &c, public_key) != OPRF_OK ||
        multiply(&s, &composites.m, &t3) != OPRF_OK ||
        add_weighted(&t3, &c, &composites.z) != OPRF_OK) {
        return OPRF_BAD_PROOF;
    }
    struct oprf_scalar expected;
    compute_challenge(public_key, &composites, &t2, &t3, &expected);
    return sodium_memcmp(expected.bytes, c.bytes, sizeof(c.bytes)) == 0 ? OPRF_OK : OPRF_BAD_PROOF;
}
