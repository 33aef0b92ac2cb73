/* SPDX-License-Identifier: EUPL-1.2 */
/* Every field of every published vector of modes 0 and 1 (RFC 9497 appendix A.1). */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/oprf.h"
#include "crypto/secret.h"

#define VECTOR_BATCH_MAXIMUM 2
#define VECTOR_INPUT_MAXIMUM 64

static json_t *vectors;

static int load(void **state)
{
    vectors = support_load_vectors("rfc9497-ristretto255-sha512.json");
    return support_init(state);
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

/* The i-th of the comma-separated values of a batch. */
static const char *nth(const char *list, size_t i, size_t *ret_length)
{
    for (; i > 0; i--) {
        list = strchr(list, ',');
        assert_non_null(list);
        list++;
    }
    *ret_length = strcspn(list, ",");
    return list;
}

static void nth_bytes(const json_t *vector, const char *field, size_t i, void *out, size_t size)
{
    size_t length;
    const char *hex = nth(support_string(vector, field), i, &length);
    support_from_hex_part(hex, length, out, size);
}

struct key_pair {
    enum oprf_mode mode;
    struct oprf_scalar secret;
    struct oprf_element public_key;
};

static struct key_pair derive(const json_t *suite)
{
    struct key_pair pair = {.mode = (enum oprf_mode)support_integer(suite, "mode")};
    uint8_t seed[OPRF_SEED_BYTES];
    uint8_t info[64];
    const char *info_hex = support_string(suite, "keyInfo");
    size_t info_size = strlen(info_hex) / 2;
    support_from_hex(support_string(suite, "seed"), seed, sizeof(seed));
    support_from_hex(info_hex, info, info_size);
    assert_int_equal(
        oprf_derive_key_pair(pair.mode, seed, info, info_size, &pair.secret, &pair.public_key),
        OPRF_OK);
    return pair;
}

static void check_vector_element(const struct key_pair *pair, const json_t *vector, size_t i)
{
    uint8_t input[VECTOR_INPUT_MAXIMUM];
    uint8_t expected_output[OPRF_OUTPUT_BYTES];
    uint8_t output[OPRF_OUTPUT_BYTES];
    struct oprf_scalar blind;
    struct oprf_element expected;
    struct oprf_element element;
    struct oprf_element hashed;
    size_t length;

    const char *input_hex = nth(support_string(vector, "Input"), i, &length);
    size_t input_size = length / 2;
    support_from_hex_part(input_hex, length, input, input_size);
    nth_bytes(vector, "Blind", i, blind.bytes, sizeof(blind.bytes));

    assert_int_equal(oprf_blind(pair->mode, input, input_size, &blind, &element), OPRF_OK);
    nth_bytes(vector, "BlindedElement", i, expected.bytes, sizeof(expected.bytes));
    assert_memory_equal(element.bytes, expected.bytes, sizeof(expected.bytes));

    assert_int_equal(oprf_evaluate(&pair->secret, &element, &element), OPRF_OK);
    nth_bytes(vector, "EvaluationElement", i, expected.bytes, sizeof(expected.bytes));
    assert_memory_equal(element.bytes, expected.bytes, sizeof(expected.bytes));

    assert_int_equal(oprf_unblind(&blind, &element, &element), OPRF_OK);
    assert_int_equal(oprf_finalize(input, input_size, &element, output), OPRF_OK);
    nth_bytes(vector, "Output", i, expected_output, sizeof(expected_output));
    assert_memory_equal(output, expected_output, sizeof(output));

    /* Direct evaluation, without any blind, comes to the same. */
    assert_int_equal(oprf_hash_to_group(pair->mode, input, input_size, &hashed), OPRF_OK);
    assert_int_equal(oprf_evaluate(&pair->secret, &hashed, &hashed), OPRF_OK);
    assert_memory_equal(hashed.bytes, element.bytes, sizeof(hashed.bytes));
}

static void check_vector_proof(const struct key_pair *pair, const json_t *vector, size_t batch)
{
    struct oprf_element blinded[VECTOR_BATCH_MAXIMUM];
    struct oprf_element evaluated[VECTOR_BATCH_MAXIMUM];
    struct oprf_scalar r;
    uint8_t proof[OPRF_PROOF_BYTES];
    const json_t *published = json_object_get(vector, "Proof");

    for (size_t i = 0; i < batch; i++) {
        nth_bytes(vector, "BlindedElement", i, blinded[i].bytes, OPRF_ELEMENT_BYTES);
        nth_bytes(vector, "EvaluationElement", i, evaluated[i].bytes, OPRF_ELEMENT_BYTES);
    }
    support_from_hex(support_string(published, "r"), r.bytes, sizeof(r.bytes));
    assert_int_equal(
        oprf_prove(&pair->secret, &pair->public_key, blinded, evaluated, batch, &r, proof),
        OPRF_OK);
    support_assert_hex(proof, sizeof(proof), support_string(published, "proof"));
    assert_int_equal(oprf_verify(&pair->public_key, blinded, evaluated, batch, proof), OPRF_OK);
}

static void test_published_vectors(void **state)
{
    (void)state;
    const json_t *suites = json_object_get(vectors, "suites");
    size_t elements = 0;
    size_t proofs = 0;
    assert_int_equal(json_array_size(suites), 2);
    for (size_t s = 0; s < json_array_size(suites); s++) {
        const json_t *suite = json_array_get(suites, s);
        const json_t *list = json_object_get(suite, "vectors");
        struct key_pair pair = derive(suite);
        support_assert_hex(pair.secret.bytes, OPRF_SCALAR_BYTES, support_string(suite, "skSm"));
        if (pair.mode == OPRF_VERIFIABLE) { /* appendix A.1.1 gives no public key */
            support_assert_hex(pair.public_key.bytes, OPRF_ELEMENT_BYTES,
                               support_string(suite, "pkSm"));
        }
        for (size_t v = 0; v < json_array_size(list); v++) {
            const json_t *vector = json_array_get(list, v);
            size_t batch = support_integer(vector, "Batch");
            assert_in_range(batch, 1, VECTOR_BATCH_MAXIMUM);
            for (size_t i = 0; i < batch; i++, elements++) {
                check_vector_element(&pair, vector, i);
            }
            if (pair.mode == OPRF_VERIFIABLE) {
                check_vector_proof(&pair, vector, batch);
                proofs++;
            }
        }
    }
    assert_int_equal(elements, 6);
    assert_int_equal(proofs, 3);
}

static void test_modes_differ(void **state)
{
    (void)state;
    struct oprf_element base;
    struct oprf_element verifiable;
    const uint8_t input[] = "same input";
    assert_int_equal(oprf_hash_to_group(OPRF_BASE, input, sizeof(input), &base), OPRF_OK);
    assert_int_equal(oprf_hash_to_group(OPRF_VERIFIABLE, input, sizeof(input), &verifiable),
                     OPRF_OK);
    assert_memory_not_equal(base.bytes, verifiable.bytes, sizeof(base.bytes));
}

/* RFC 9496 appendix A.3 (encodings that are not canonical or not of an element), and the identity.
 */
static const char *const bad_elements[] = {
    /* the identity */
    "0000000000000000000000000000000000000000000000000000000000000000",
    /* not below the field's modulus */
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* negative field elements */
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* the base point with the top bit set */
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6",
    /* the identity with the top bit set */
    "0000000000000000000000000000000000000000000000000000000000000080",
    /* s = -1, which would make y = 0 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static const char base_point[] = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";

static const char *const bad_scalars[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    /* the order of the group, and what lies around and above it */
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
    "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000011",
    "daa7ebb934c624b0ac39ef45bdf3bd2900000000000000000000000000000020",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    /* one, with the top bit set */
    "0100000000000000000000000000000000000000000000000000000000000080",
};

static void test_bad_elements_are_refused(void **state)
{
    (void)state;
    struct oprf_scalar scalar;
    oprf_random_scalar(&scalar);
    for (size_t i = 0; i < ARRAY_LENGTH(bad_elements); i++) {
        struct oprf_element element;
        struct oprf_element out;
        uint8_t proof[OPRF_PROOF_BYTES] = {1};
        memset(&out, 0x5a, sizeof(out));
        support_from_hex(bad_elements[i], element.bytes, sizeof(element.bytes));
        assert_int_equal(oprf_check_element(&element), OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_evaluate(&scalar, &element, &out), OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_unblind(&scalar, &element, &out), OPRF_BAD_ELEMENT);
        for (size_t j = 0; j < sizeof(out.bytes); j++) {
            assert_int_equal(out.bytes[j], 0x5a);
        }

        struct oprf_element good;
        support_from_hex(base_point, good.bytes, sizeof(good.bytes));
        assert_int_equal(oprf_verify(&element, &good, &good, 1, proof), OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_verify(&good, &element, &good, 1, proof), OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_verify(&good, &good, &element, 1, proof), OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_prove(&scalar, &element, &good, &good, 1, &scalar, proof),
                         OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_prove(&scalar, &good, &element, &good, 1, &scalar, proof),
                         OPRF_BAD_ELEMENT);
        assert_int_equal(oprf_prove(&scalar, &good, &good, &element, 1, &scalar, proof),
                         OPRF_BAD_ELEMENT);
    }
    struct oprf_element base;
    support_from_hex(base_point, base.bytes, sizeof(base.bytes));
    assert_int_equal(oprf_check_element(&base), OPRF_OK);
}

/* All field elements from the modulus 2^255 - 19 up to 2^255 - 1, with and without the top bit. */
static void test_elements_beyond_the_modulus_are_refused(void **state)
{
    (void)state;
    struct oprf_scalar scalar;
    oprf_random_scalar(&scalar);
    for (unsigned top = 0x7f; top <= 0xff; top += 0x80) {
        for (unsigned low = 0xed; low <= 0xff; low++) {
            struct oprf_element element;
            memset(element.bytes, 0xff, sizeof(element.bytes));
            element.bytes[0] = (uint8_t)low;
            element.bytes[OPRF_ELEMENT_BYTES - 1] = (uint8_t)top;
            assert_int_equal(oprf_check_element(&element), OPRF_BAD_ELEMENT);
            assert_int_equal(oprf_evaluate(&scalar, &element, &element), OPRF_BAD_ELEMENT);
        }
    }
}

static void test_bad_scalars_are_refused(void **state)
{
    (void)state;
    struct oprf_element base;
    struct oprf_scalar good;
    oprf_random_scalar(&good);
    support_from_hex(base_point, base.bytes, sizeof(base.bytes));
    for (size_t i = 0; i < ARRAY_LENGTH(bad_scalars); i++) {
        struct oprf_scalar scalar;
        struct oprf_element out;
        uint8_t proof[OPRF_PROOF_BYTES];
        support_from_hex(bad_scalars[i], scalar.bytes, sizeof(scalar.bytes));
        assert_int_equal(oprf_check_scalar(&scalar), OPRF_BAD_SCALAR);
        assert_int_equal(oprf_public_key(&scalar, &out), OPRF_BAD_SCALAR);
        assert_int_equal(oprf_evaluate(&scalar, &base, &out), OPRF_BAD_SCALAR);
        assert_int_equal(oprf_unblind(&scalar, &base, &out), OPRF_BAD_SCALAR);
        assert_int_equal(oprf_blind(OPRF_VERIFIABLE, (const uint8_t *)"x", 1, &scalar, &out),
                         OPRF_BAD_SCALAR);
        assert_int_equal(oprf_prove(&scalar, &base, &base, &base, 1, &good, proof),
                         OPRF_BAD_SCALAR);
        assert_int_equal(oprf_prove(&good, &base, &base, &base, 1, &scalar, proof),
                         OPRF_BAD_SCALAR);
    }
    /* The largest scalar, order - 1, is one. */
    struct oprf_scalar largest;
    support_from_hex("ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
                     largest.bytes, sizeof(largest.bytes));
    assert_int_equal(oprf_check_scalar(&largest), OPRF_OK);
}

static void test_random_scalars_are_good_and_differ(void **state)
{
    (void)state;
    struct oprf_scalar previous = {{0}};
    for (int i = 0; i < 100; i++) {
        struct oprf_scalar scalar;
        oprf_random_scalar(&scalar);
        assert_int_equal(oprf_check_scalar(&scalar), OPRF_OK);
        assert_memory_not_equal(scalar.bytes, previous.bytes, sizeof(scalar.bytes));
        previous = scalar;
    }
}

static void test_input_lengths(void **state)
{
    (void)state;
    uint8_t *input = calloc(1, OPRF_INPUT_MAXIMUM + 1);
    struct oprf_element element;
    struct oprf_scalar scalar;
    uint8_t seed[OPRF_SEED_BYTES] = {1};
    uint8_t output[OPRF_OUTPUT_BYTES];
    assert_non_null(input);
    for (size_t over = 0; over <= 1; over++) {
        size_t size = OPRF_INPUT_MAXIMUM + over;
        int expected = over ? OPRF_BAD_INPUT : OPRF_OK;
        assert_int_equal(oprf_hash_to_group(OPRF_VERIFIABLE, input, size, &element), expected);
        assert_int_equal(
            oprf_derive_key_pair(OPRF_VERIFIABLE, seed, input, size, &scalar, &element), expected);
        assert_int_equal(oprf_blind(OPRF_VERIFIABLE, input, size, &scalar, &element), expected);
        assert_int_equal(oprf_finalize(input, size, &element, output), expected);
    }
    assert_int_equal(oprf_hash_to_group(OPRF_VERIFIABLE, input, 0, &element), OPRF_OK);
    free(input);
}

/* A key pair, and a batch evaluated under it. */
struct batch {
    struct key_pair pair;
    struct oprf_element blinded[OPRF_BATCH_MAXIMUM + 1];
    struct oprf_element evaluated[OPRF_BATCH_MAXIMUM + 1];
};

static void make_batch(struct batch *batch, size_t count)
{
    oprf_random_scalar(&batch->pair.secret);
    assert_int_equal(oprf_public_key(&batch->pair.secret, &batch->pair.public_key), OPRF_OK);
    for (size_t i = 0; i < count; i++) {
        const uint8_t input[] = {(uint8_t)i};
        struct oprf_scalar blind;
        oprf_random_scalar(&blind);
        assert_int_equal(
            oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &blind, &batch->blinded[i]), OPRF_OK);
        assert_int_equal(
            oprf_evaluate(&batch->pair.secret, &batch->blinded[i], &batch->evaluated[i]), OPRF_OK);
    }
}

static int prove(const struct batch *batch, size_t count, uint8_t proof[OPRF_PROOF_BYTES])
{
    struct oprf_scalar r;
    oprf_random_scalar(&r);
    return oprf_prove(&batch->pair.secret, &batch->pair.public_key, batch->blinded,
                      batch->evaluated, count, &r, proof);
}

static int verify(const struct batch *batch, size_t count, const uint8_t proof[OPRF_PROOF_BYTES])
{
    return oprf_verify(&batch->pair.public_key, batch->blinded, batch->evaluated, count, proof);
}

static void test_batch_sizes(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 63, OPRF_BATCH_MAXIMUM};
    struct batch batch;
    uint8_t proof[OPRF_PROOF_BYTES];
    make_batch(&batch, OPRF_BATCH_MAXIMUM + 1);
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        assert_int_equal(prove(&batch, counts[i], proof), OPRF_OK);
        assert_int_equal(verify(&batch, counts[i], proof), OPRF_OK);
        assert_int_not_equal(verify(&batch, counts[i] - 1, proof), OPRF_OK);
    }
    assert_int_equal(prove(&batch, 0, proof), OPRF_BAD_ELEMENT);
    assert_int_equal(prove(&batch, OPRF_BATCH_MAXIMUM + 1, proof), OPRF_BAD_ELEMENT);
    assert_int_equal(verify(&batch, 0, proof), OPRF_BAD_ELEMENT);
    assert_int_equal(verify(&batch, OPRF_BATCH_MAXIMUM + 1, proof), OPRF_BAD_ELEMENT);
}

static void test_every_bit_of_a_proof_counts(void **state)
{
    (void)state;
    struct batch batch;
    uint8_t proof[OPRF_PROOF_BYTES];
    make_batch(&batch, 2);
    assert_int_equal(prove(&batch, 2, proof), OPRF_OK);
    for (size_t bit = 0; bit < sizeof(proof) * 8; bit++) {
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(&batch, 2, proof), OPRF_BAD_PROOF);
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(verify(&batch, 2, proof), OPRF_OK);
}

/* c and s are taken below the order only: else one proof could be written in several ways. */
static void test_proofs_have_one_spelling(void **state)
{
    (void)state;
    struct batch batch;
    uint8_t order[OPRF_SCALAR_BYTES];
    uint8_t proof[OPRF_PROOF_BYTES];
    support_from_hex(bad_scalars[1], order, sizeof(order));
    make_batch(&batch, 1);
    assert_int_equal(prove(&batch, 1, proof), OPRF_OK);
    for (size_t half = 0; half < OPRF_PROOF_BYTES; half += OPRF_SCALAR_BYTES) {
        uint8_t other[OPRF_PROOF_BYTES];
        unsigned carry = 0;
        memcpy(other, proof, sizeof(other));
        for (size_t i = 0; i < OPRF_SCALAR_BYTES; i++) {
            carry += (unsigned)other[half + i] + order[i];
            other[half + i] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(verify(&batch, 1, other), OPRF_BAD_PROOF);
    }
    uint8_t nothing[OPRF_PROOF_BYTES] = {0};
    assert_int_equal(verify(&batch, 1, nothing), OPRF_BAD_PROOF);
}

static void test_a_proof_is_of_its_elements_and_key(void **state)
{
    (void)state;
    struct batch batch;
    struct batch other;
    uint8_t proof[OPRF_PROOF_BYTES];
    make_batch(&batch, 3);
    make_batch(&other, 3);
    assert_int_equal(prove(&batch, 3, proof), OPRF_OK);

    struct batch changed = batch;
    changed.pair.public_key = other.pair.public_key;
    assert_int_equal(verify(&changed, 3, proof), OPRF_BAD_PROOF);
    changed = batch;
    changed.evaluated[2] = other.evaluated[2];
    assert_int_equal(verify(&changed, 3, proof), OPRF_BAD_PROOF);
    changed = batch;
    changed.blinded[0] = other.blinded[0];
    assert_int_equal(verify(&changed, 3, proof), OPRF_BAD_PROOF);
    changed = batch; /* right pairs in another order */
    changed.blinded[0] = batch.blinded[1];
    changed.blinded[1] = batch.blinded[0];
    changed.evaluated[0] = batch.evaluated[1];
    changed.evaluated[1] = batch.evaluated[0];
    assert_int_equal(verify(&changed, 3, proof), OPRF_BAD_PROOF);

    /* A server that evaluates with another key than it published cannot prove it. */
    changed = batch;
    changed.evaluated[1] = other.evaluated[1];
    assert_int_equal(prove(&changed, 3, proof), OPRF_OK);
    assert_int_equal(verify(&changed, 3, proof), OPRF_BAD_PROOF);
}

static void test_unblinding_undoes_the_blind(void **state)
{
    (void)state;
    const uint8_t input[] = "NL:BSN:950000012";
    struct oprf_element hashed;
    assert_int_equal(oprf_hash_to_group(OPRF_VERIFIABLE, input, 16, &hashed), OPRF_OK);
    for (int i = 0; i < 20; i++) {
        struct oprf_scalar blind;
        struct oprf_element element;
        oprf_random_scalar(&blind);
        assert_int_equal(oprf_blind(OPRF_VERIFIABLE, input, 16, &blind, &element), OPRF_OK);
        assert_memory_not_equal(element.bytes, hashed.bytes, sizeof(element.bytes));
        assert_int_equal(oprf_unblind(&blind, &element, &element), OPRF_OK);
        assert_memory_equal(element.bytes, hashed.bytes, sizeof(element.bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_modes_differ),
        cmocka_unit_test(test_bad_elements_are_refused),
        cmocka_unit_test(test_elements_beyond_the_modulus_are_refused),
        cmocka_unit_test(test_bad_scalars_are_refused),
        cmocka_unit_test(test_random_scalars_are_good_and_differ),
        cmocka_unit_test(test_input_lengths),
        cmocka_unit_test(test_batch_sizes),
        cmocka_unit_test(test_every_bit_of_a_proof_counts),
        cmocka_unit_test(test_proofs_have_one_spelling),
        cmocka_unit_test(test_a_proof_is_of_its_elements_and_key),
        cmocka_unit_test(test_unblinding_undoes_the_blind),
    };
    return cmocka_run_group_tests_name("oprf", tests, load, unload);
}
