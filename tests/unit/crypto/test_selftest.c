/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The self-test must fail when a primitive does, and say which. The program is linked with
 * --wrap for the functions below, each of which can be made to give a wrong result.
 */
#include "support.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include <utf8proc.h>

#include "crypto/selftest.h"

enum spoilt {
    NOTHING,
    BLAKE2B,
    SHA256,
    SHA256_PORTABLE,
    MERKLE,
    SHA512,
    SEAL,
    OPEN_ACCEPTS,
    SIGN,
    VERIFY_ACCEPTS,
    FROM_HASH,
    SCALARMULT,
    PROOF,
    FOLDING,
};
static enum spoilt spoilt;
static unsigned hashes; /* with SHA-256, of a run of the self-test */

static void spoil(enum spoilt which, unsigned char *out)
{
    if (spoilt == which) {
        out[0] ^= 1;
    }
}

int __real_crypto_generichash_blake2b(unsigned char *out, size_t outlen, const unsigned char *in,
                                      unsigned long long inlen, const unsigned char *key,
                                      size_t keylen);
int __wrap_crypto_generichash_blake2b(unsigned char *out, size_t outlen, const unsigned char *in,
                                      unsigned long long inlen, const unsigned char *key,
                                      size_t keylen);
int __wrap_crypto_generichash_blake2b(unsigned char *out, size_t outlen, const unsigned char *in,
                                      unsigned long long inlen, const unsigned char *key,
                                      size_t keylen)
{
    int r = __real_crypto_generichash_blake2b(out, outlen, in, inlen, key, keylen);
    spoil(BLAKE2B, out);
    return r;
}

int __real_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *size)
{
    int r = __real_EVP_DigestFinal_ex(context, out, size);
    hashes++;
    spoil(SHA256, out);
    if (hashes > 1) { /* the first is that of the known answer */
        spoil(MERKLE, out);
    }
    return r;
}

int __real_crypto_hash_sha256_final(crypto_hash_sha256_state *state, unsigned char *out);
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *state, unsigned char *out);
int __wrap_crypto_hash_sha256_final(crypto_hash_sha256_state *state, unsigned char *out)
{
    int r = __real_crypto_hash_sha256_final(state, out);
    spoil(SHA256_PORTABLE, out);
    return r;
}

int __real_crypto_hash_sha512(unsigned char *out, const unsigned char *in,
                              unsigned long long inlen);
int __wrap_crypto_hash_sha512(unsigned char *out, const unsigned char *in,
                              unsigned long long inlen);
int __wrap_crypto_hash_sha512(unsigned char *out, const unsigned char *in, unsigned long long inlen)
{
    int r = __real_crypto_hash_sha512(out, in, inlen);
    spoil(SHA512, out);
    return r;
}

int __real_crypto_aead_xchacha20poly1305_ietf_encrypt(
    unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
    const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
    const unsigned char *npub, const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt(
    unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
    const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
    const unsigned char *npub, const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt(
    unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
    const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
    const unsigned char *npub, const unsigned char *k)
{
    int r = __real_crypto_aead_xchacha20poly1305_ietf_encrypt(c, clen, m, mlen, ad, adlen, nsec,
                                                              npub, k);
    spoil(SEAL, c);
    return r;
}

int __real_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
    const unsigned char *npub, const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
    const unsigned char *npub, const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
    const unsigned char *npub, const unsigned char *k)
{
    int r = __real_crypto_aead_xchacha20poly1305_ietf_decrypt(m, mlen, nsec, c, clen, ad, adlen,
                                                              npub, k);
    return spoilt == OPEN_ACCEPTS ? 0 : r;
}

int __real_crypto_sign_detached(unsigned char *sig, unsigned long long *siglen,
                                const unsigned char *m, unsigned long long mlen,
                                const unsigned char *sk);
int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *siglen,
                                const unsigned char *m, unsigned long long mlen,
                                const unsigned char *sk);
int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *siglen,
                                const unsigned char *m, unsigned long long mlen,
                                const unsigned char *sk)
{
    int r = __real_crypto_sign_detached(sig, siglen, m, mlen, sk);
    spoil(SIGN, sig);
    return r;
}

int __real_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk)
{
    return spoilt == VERIFY_ACCEPTS ? 0 : __real_crypto_sign_verify_detached(sig, m, mlen, pk);
}

int __real_crypto_core_ristretto255_from_hash(unsigned char *p, const unsigned char *r);
int __wrap_crypto_core_ristretto255_from_hash(unsigned char *p, const unsigned char *r);
int __wrap_crypto_core_ristretto255_from_hash(unsigned char *p, const unsigned char *r)
{
    unsigned char other[64];
    memcpy(other, r, sizeof(other));
    spoil(FROM_HASH, other); /* of another hash: still an element */
    return __real_crypto_core_ristretto255_from_hash(p, other);
}

int __real_crypto_scalarmult_ristretto255(unsigned char *q, const unsigned char *n,
                                          const unsigned char *p);
int __wrap_crypto_scalarmult_ristretto255(unsigned char *q, const unsigned char *n,
                                          const unsigned char *p);
int __wrap_crypto_scalarmult_ristretto255(unsigned char *q, const unsigned char *n,
                                          const unsigned char *p)
{
    int r = __real_crypto_scalarmult_ristretto255(q, n, p);
    spoil(SCALARMULT, q);
    return r;
}

void __real_crypto_core_ristretto255_scalar_sub(unsigned char *z, const unsigned char *x,
                                                const unsigned char *y);
void __wrap_crypto_core_ristretto255_scalar_sub(unsigned char *z, const unsigned char *x,
                                                const unsigned char *y);
void __wrap_crypto_core_ristretto255_scalar_sub(unsigned char *z, const unsigned char *x,
                                                const unsigned char *y)
{
    __real_crypto_core_ristretto255_scalar_sub(z, x, y);
    spoil(PROOF, z);
}

utf8proc_ssize_t __real_utf8proc_decompose(const utf8proc_uint8_t *str, utf8proc_ssize_t length,
                                           utf8proc_int32_t *buffer, utf8proc_ssize_t size,
                                           utf8proc_option_t options);
utf8proc_ssize_t __wrap_utf8proc_decompose(const utf8proc_uint8_t *str, utf8proc_ssize_t length,
                                           utf8proc_int32_t *buffer, utf8proc_ssize_t size,
                                           utf8proc_option_t options);
utf8proc_ssize_t __wrap_utf8proc_decompose(const utf8proc_uint8_t *str, utf8proc_ssize_t length,
                                           utf8proc_int32_t *buffer, utf8proc_ssize_t size,
                                           utf8proc_option_t options)
{
    if (spoilt == FOLDING) {
        options &= ~(unsigned)UTF8PROC_COMPAT;
    }
    return __real_utf8proc_decompose(str, length, buffer, size, options);
}

static void test_all_is_well(void **state)
{
    (void)state;
    spoilt = NOTHING;
    assert_null(selftest_run());
}

static void test_each_fault_is_found_and_named(void **state)
{
    (void)state;
    static const struct {
        enum spoilt what;
        const char *name;
    } faults[] = {
        {BLAKE2B, "BLAKE2b"},
        {SHA256, "SHA-256"},
        {SHA256_PORTABLE, "SHA-256"},
        {MERKLE, "Merkle tree"},
        {SHA512, "SHA-512"},
        {SEAL, "XChaCha20-Poly1305"},
        {OPEN_ACCEPTS, "XChaCha20-Poly1305"},
        {SIGN, "Ed25519"},
        {VERIFY_ACCEPTS, "Ed25519"},
        {FROM_HASH, "ristretto255 hash to group"},
        {SCALARMULT, "ristretto255 hash to group"},
        {PROOF, "ristretto255 evaluation and proof"},
        {FOLDING, "Unicode folding"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        spoilt = faults[i].what;
        hashes = 0;
        const char *found = selftest_run();
        assert_non_null(found);
        assert_string_equal(found, faults[i].name);
    }
    spoilt = NOTHING;
    assert_null(selftest_run());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_each_fault_is_found_and_named),
    };
    return cmocka_run_group_tests_name("selftest", tests, support_init, NULL);
}
