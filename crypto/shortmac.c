/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/shortmac.h"

#include <assert.h>
#include <sodium.h>

static_assert(SHORTMAC_KEY_BYTES == crypto_shorthash_siphash24_KEYBYTES &&
                  SHORTMAC_BYTES == crypto_shorthash_siphash24_BYTES,
              "the sizes are SipHash-2-4's");

void shortmac_make(const uint8_t key[static SHORTMAC_KEY_BYTES], const void *data, size_t size,
                   uint8_t ret_mac[static SHORTMAC_BYTES])
{
    crypto_shorthash_siphash24(ret_mac, data, size, key);
}
