/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/selftest.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/identity.h"
#include "crypto/merkle.h"
#include "crypto/oprf.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"

#define BYTES_MAXIMUM 128

/* Reads a constant of this file; a length that does not fit fails the test it is used in. */
static bool from_hex(const char *hex, uint8_t *out, size_t size)
{
    return secret_from_hex(hex, strlen(hex), out, size) == 0;
}

static bool is_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    uint8_t expected[BYTES_MAXIMUM];
    return size <= sizeof(expected) && from_hex(hex, expected, size) &&
           memcmp(bytes, expected, size) == 0;
}

static const uint8_t abc[3] = "abc";

/* RFC 7693 appendix A; the keyed value was computed with another implementation (Python's). */
static bool test_blake2b(void)
{
    uint8_t hash[64];
    uint8_t message[32];
    uint8_t key[32];
    uint8_t keyed[32];
    for (unsigned i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)i;
        key[i] = (uint8_t)(32 + i);
    }
    crypto_generichash_blake2b(hash, sizeof(hash), abc, sizeof(abc), NULL, 0);
    crypto_generichash_blake2b(keyed, sizeof(keyed), message, sizeof(message), key, sizeof(key));
    return is_hex(hash, sizeof(hash),
                  "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                  "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923") &&
           is_hex(keyed, sizeof(keyed),
                  "7aba32d6cfc1729ca7eea48bbabeaeb09483b8a4131d9b3f41a425f28ec14f9c");
}

/* FIPS 180-4, example "abc". */
static bool test_sha256(void)
{
    static const char expected[] =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const struct sha256_piece pieces[] = {{abc, 1}, {abc + 1, sizeof(abc) - 1}};
    uint8_t hash[SHA256_BYTES];
    uint8_t portable[SHA256_BYTES];
    sha256_of(pieces, ARRAY_LENGTH(pieces), hash);
    sha256_portable(pieces, ARRAY_LENGTH(pieces), portable);
    return is_hex(hash, sizeof(hash), expected) && is_hex(portable, sizeof(portable), expected);
}

/* FIPS 180-4, example "abc". */
static bool test_sha512(void)
{
    uint8_t hash[crypto_hash_sha512_BYTES];
    crypto_hash_sha512(hash, abc, sizeof(abc));
    return is_hex(hash, sizeof(hash),
                  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* draft-irtf-cfrg-xchacha-03 appendix A.3.1, of libsodium's and as a sealed value, for which its
 * associated data is a key id, a table and a row; and a changed byte must not open. */
static bool test_xchacha20_poly1305(void)
{
    static const char plain[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
                                "only one tip for the future, sunscreen would be it.";
    static const char tag_hex[] = "c0875924c1c7987947deafd8780acf49";
    static const char first_hex[] = "bd6d179d3e83d43b9576579493c0e939";
    enum { SIZE = sizeof(plain) - 1, TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES };
    uint8_t key[32];
    uint8_t nonce[24];
    uint8_t associated[12];
    uint8_t sealed[SIZE + TAG];
    uint8_t opened[SIZE];

    for (unsigned i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)(0x80 + i);
    }
    for (unsigned i = 0; i < sizeof(nonce); i++) {
        nonce[i] = (uint8_t)(0x40 + i);
    }
    if (!from_hex("50515253c0c1c2c3c4c5c6c7", associated, sizeof(associated))) {
        return false;
    }
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, (const uint8_t *)plain, SIZE,
                                               associated, sizeof(associated), NULL, nonce, key);
    if (!is_hex(sealed, 16, first_hex) || !is_hex(sealed + SIZE, TAG, tag_hex) ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, sealed, sizeof(sealed),
                                                   associated, sizeof(associated), nonce,
                                                   key) != 0 ||
        memcmp(opened, plain, SIZE) != 0) {
        return false;
    }
    uint8_t value[SIZE + SEAL_OVERHEAD];
    struct seal_place place = {associated[4], associated + 5, sizeof(associated) - 5};
    memcpy(value, associated, 4);
    memcpy(value + 4, nonce, sizeof(nonce));
    memcpy(value + 4 + sizeof(nonce), sealed, sizeof(sealed));
    memset(opened, 0, sizeof(opened));
    if (seal_open(key, place, value, sizeof(value), opened) != 0 ||
        memcmp(opened, plain, SIZE) != 0) {
        return false;
    }
    sealed[0] ^= 1;
    value[4 + sizeof(nonce)] ^= 1;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, sealed, sizeof(sealed),
                                                      associated, sizeof(associated), nonce,
                                                      key) != 0 &&
           seal_open(key, place, value, sizeof(value), opened) == SEAL_FORGED;
}

/* RFC 8032 section 7.1, test 3; and a changed message must not verify. */
static bool test_ed25519(void)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    uint8_t signature[crypto_sign_BYTES];
    uint8_t message[2] = {0xaf, 0x82};

    if (!from_hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", seed,
                  sizeof(seed))) {
        return false;
    }
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    crypto_sign_detached(signature, NULL, message, sizeof(message), secret_key);
    if (!is_hex(public_key, sizeof(public_key),
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025") ||
        !is_hex(signature, sizeof(signature),
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a") ||
        crypto_sign_verify_detached(signature, message, sizeof(message), public_key) != 0) {
        return false;
    }
    message[1] ^= 1;
    return crypto_sign_verify_detached(signature, message, sizeof(message), public_key) != 0;
}

/* The secret key of RFC 9497 appendix A.1.2 (mode 1), and that of test vector 1's blind. */
static const char vector_secret[] =
    "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
static const char vector_blind[] =
    "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
static const char vector_blinded[] =
    "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945";
static const char vector_evaluated[] =
    "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e";

/*
 * Hash to group: RFC 9497 appendix A.1.2, test vector 1, whose blinded element holds the hash, and
 * the index's own use of it: NL:BSN:950000012 under the published key.
 */
static bool test_hash_to_group(void)
{
    static const uint8_t input[1] = {0};
    static const char bsn_input[] = "NL:BSN:950000012";
    struct oprf_scalar blind;
    struct oprf_scalar secret;
    struct oprf_element element;

    return from_hex(vector_blind, blind.bytes, sizeof(blind.bytes)) &&
           oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &blind, &element) == OPRF_OK &&
           is_hex(element.bytes, sizeof(element.bytes), vector_blinded) &&
           from_hex(vector_secret, secret.bytes, sizeof(secret.bytes)) &&
           oprf_blind(OPRF_VERIFIABLE, (const uint8_t *)bsn_input, sizeof(bsn_input) - 1, &secret,
                      &element) == OPRF_OK &&
           is_hex(element.bytes, sizeof(element.bytes),
                  "3406828d9c885cbc9cf4d750ff8689db735c3192853d35a7acc5c0735b989951");
}

/* RFC 9497 appendix A.1.2, test vector 1: evaluation, public key and proof. */
static bool test_evaluation(void)
{
    struct oprf_scalar secret;
    struct oprf_scalar r;
    struct oprf_element public_key;
    struct oprf_element blinded;
    struct oprf_element evaluated;
    uint8_t proof[OPRF_PROOF_BYTES];

    if (!from_hex(vector_secret, secret.bytes, sizeof(secret.bytes)) ||
        !from_hex(vector_blinded, blinded.bytes, sizeof(blinded.bytes)) ||
        !from_hex("222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e", r.bytes,
                  sizeof(r.bytes)) ||
        oprf_evaluate(&secret, &blinded, &evaluated) != OPRF_OK ||
        !is_hex(evaluated.bytes, sizeof(evaluated.bytes), vector_evaluated) ||
        oprf_public_key(&secret, &public_key) != OPRF_OK ||
        !is_hex(public_key.bytes, sizeof(public_key.bytes),
                "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e") ||
        oprf_prove(&secret, &public_key, &blinded, &evaluated, 1, &r, proof) != OPRF_OK ||
        !is_hex(proof, sizeof(proof),
                "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd06"
                "6d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d") ||
        oprf_verify(&public_key, &blinded, &evaluated, 1, proof) != OPRF_OK) {
        return false;
    }
    proof[0] ^= 1;
    return oprf_verify(&public_key, &blinded, &evaluated, 1, proof) == OPRF_BAD_PROOF;
}

/* The eight leaves of Certificate Transparency's reference tests (RFC 6962). */
static bool test_merkle(void)
{
    static const char *const leaves[] = {
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    };
    struct merkle_frontier frontier;
    struct merkle_hash hash;

    merkle_frontier_init(&frontier);
    merkle_frontier_root(&frontier, &hash);
    if (!is_hex(hash.bytes, sizeof(hash.bytes),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(leaves); i++) {
        uint8_t entry[16];
        size_t size = strlen(leaves[i]) / 2;
        if (!from_hex(leaves[i], entry, size)) {
            return false;
        }
        merkle_leaf(entry, size, &hash);
        merkle_frontier_append(&frontier, &hash, NULL, NULL);
    }
    merkle_frontier_root(&frontier, &hash);
    return is_hex(hash.bytes, sizeof(hash.bytes),
                  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

/*
 * Normalisation of what stands in for a number, by the rule of crypto/person.h: a prefix behind a
 * comma, capitals with marks beside them, a ligature, a vowel sign that stays and two marks in the
 * wrong order. Expected values were computed with another implementation (Python's unicodedata).
 */
static bool test_folding(void)
{
    static const char name[] =
        "O\xcc\x88\xc3\x98\xef\xac\x83\xe0\xa4\x95\xe0\xa4\xbf\xc5\x81, v.d.";
    static const char person_input[] = "NL:PERSON:ooffi\xe0\xa4\x95\xe0\xa4\xbfl|2012-05-01|V";
    static const char address[] = " A\xcc\x81\xcc\xa7\xc2\xa0  \xef\xbc\x91 ";
    static const char address_input[] = "NL:ADDRESS:a\xcc\xa7\xcc\x81 1";
    struct person person;
    struct identity_input input;

    if (person_parse_family_name(name, sizeof(name) - 1, &person.family_name) != PERSON_OK ||
        person_parse_birth_date("2012-05-01", PERSON_DATE_LENGTH, person.birth_date) != PERSON_OK ||
        person_parse_sex("Female", 6, &person.sex) != PERSON_OK) {
        return false;
    }
    identity_from_person(&person, &input);
    if (input.size != sizeof(person_input) - 1 ||
        memcmp(input.bytes, person_input, input.size) != 0) {
        return false;
    }
    return identity_from_address(address, sizeof(address) - 1, &input) == FOLD_OK &&
           input.size == sizeof(address_input) - 1 &&
           memcmp(input.bytes, address_input, input.size) == 0;
}

const char *selftest_run(void)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } tests[] = {
        {"BLAKE2b", test_blake2b},
        {"SHA-256", test_sha256},
        {"SHA-512", test_sha512},
        {"XChaCha20-Poly1305", test_xchacha20_poly1305},
        {"Ed25519", test_ed25519},
        {"ristretto255 hash to group", test_hash_to_group},
        {"ristretto255 evaluation and proof", test_evaluation},
        {"Merkle tree", test_merkle},
        {"Unicode folding", test_folding},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(tests); i++) {
        if (!tests[i].run()) {
            return tests[i].name;
        }
    }
    return NULL;
}
