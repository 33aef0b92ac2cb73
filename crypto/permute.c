/* SPDX-License-Identifier: EUPL-1.2 */
#include "crypto/permute.h"

#define HALF_BITS 20
#define HALF_MASK ((UINT32_C(1) << HALF_BITS) - 1)

struct halves {
    uint32_t left;
    uint32_t right;
};

static struct halves split(const uint8_t bits[static PERMUTE40_BYTES])
{
    uint32_t low = get_be32(bits + 1);
    return (struct halves){(uint32_t)bits[0] << 12 | low >> HALF_BITS, low & HALF_MASK};
}

static void join(const struct halves *halves, uint8_t bits[static PERMUTE40_BYTES])
{
    bits[0] = (uint8_t)(halves->left >> 12);
    put_be32(bits + 1, halves->left << HALF_BITS | halves->right);
}

/* What a round adds to one half, of the other. */
static uint32_t of_round(const uint8_t *key, unsigned round, uint32_t half)
{
    uint8_t input[4];
    uint8_t mac[SHORTMAC_BYTES];
    put_be32(input, round << 24 | half);
    shortmac_make(key, input, sizeof(input), mac);
    return get_be32(mac) >> (32 - HALF_BITS);
}

void permute40(const uint8_t key[static PERMUTE40_KEY_BYTES], uint8_t bits[static PERMUTE40_BYTES])
{
    struct halves halves = split(bits);
    for (unsigned round = 0; round < PERMUTE40_ROUNDS; round++) {
        uint32_t right = halves.left ^ of_round(key, round, halves.right);
        halves = (struct halves){halves.right, right};
    }
    join(&halves, bits);
}

void permute40_back(const uint8_t key[static PERMUTE40_KEY_BYTES],
                    uint8_t bits[static PERMUTE40_BYTES])
{
    struct halves halves = split(bits);
    for (unsigned round = PERMUTE40_ROUNDS; round-- > 0;) {
        uint32_t left = halves.right ^ of_round(key, round, halves.left);
        halves = (struct halves){left, halves.left};
    }
    join(&halves, bits);
}
