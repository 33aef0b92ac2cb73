/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/nonce.h"

#define KEY_ID_BYTES 4
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(SEAL_OVERHEAD ==
                   KEY_ID_BYTES + NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "layout of a sealed value");

/* key id (4, big-endian) || table (1) || row key: only the last part varies in length. */
struct associated {
    uint8_t bytes[KEY_ID_BYTES + 1 + SEAL_PLACE_MAXIMUM];
    size_t size;
};

static void associated_wipe(struct associated *data)
{
    sodium_memzero(data, sizeof(*data));
}

static void associated_init(struct associated *data, const uint8_t key_id[static KEY_ID_BYTES],
                            struct seal_place place)
{
    memcpy(data->bytes, key_id, KEY_ID_BYTES);
    data->bytes[KEY_ID_BYTES] = place.table;
    if (place.key_size > 0) {
        memcpy(data->bytes + KEY_ID_BYTES + 1, place.key, place.key_size);
    }
    data->size = KEY_ID_BYTES + 1 + place.key_size;
}

void seal_close(uint32_t key_id, const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
                const void *plain, size_t size, uint8_t *out)
{
    if (place.key_size > SEAL_PLACE_MAXIMUM) {
        abort(); /* row keys are made by our own code and are far shorter */
    }
    put_be32(out, key_id);
    uint8_t *nonce = out + KEY_ID_BYTES;
    nonce_make(nonce, NONCE_BYTES);

    CLEANUP(associated_wipe) struct associated data = {.size = 0};
    associated_init(&data, out, place);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, plain, size, data.bytes,
                                               data.size, NULL, nonce, key);
}

int seal_open(const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
              const uint8_t *sealed, size_t sealed_size, void *out)
{
    if (sealed_size < SEAL_OVERHEAD || place.key_size > SEAL_PLACE_MAXIMUM) {
        return SEAL_FORGED;
    }
    CLEANUP(associated_wipe) struct associated data = {.size = 0};
    associated_init(&data, sealed, place);
    const uint8_t *nonce = sealed + KEY_ID_BYTES;
    int r = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + NONCE_BYTES,
                                                       sealed_size - KEY_ID_BYTES - NONCE_BYTES,
                                                       data.bytes, data.size, nonce, key);
    return r == 0 ? 0 : SEAL_FORGED;
}

uint32_t seal_key_id(const uint8_t *sealed, size_t sealed_size)
{
    return sealed_size < SEAL_OVERHEAD ? 0 : get_be32(sealed);
}

void seal_mask(const uint8_t key[static SEAL_KEY_BYTES], struct seal_place place,
               uint8_t ret_mask[static SEAL_MASK_BYTES])
{
    static const uint8_t domain[4] = "mask";
    uint8_t input[sizeof(domain) + 1 + SEAL_PLACE_MAXIMUM];
    size_t size = sizeof(domain) + 1 + place.key_size;
    if (place.key_size > SEAL_PLACE_MAXIMUM) {
        abort(); /* as in seal_close() */
    }
    memcpy(input, domain, sizeof(domain));
    input[sizeof(domain)] = place.table;
    memcpy(input + sizeof(domain) + 1, place.key, place.key_size);
    crypto_generichash(ret_mask, SEAL_MASK_BYTES, input, size, key, SEAL_KEY_BYTES);
    sodium_memzero(input, size);
}

void seal_derive_key(const uint8_t secret[static SEAL_SECRET_BYTES],
                     uint8_t ret_key[static SEAL_KEY_BYTES])
{
    static const char domain[7] = "sealing";
    crypto_generichash(ret_key, SEAL_KEY_BYTES, (const uint8_t *)domain, sizeof(domain), secret,
                       SEAL_SECRET_BYTES);
}
