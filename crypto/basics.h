/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The few words that every file of the project uses: how results are checked, how things are
 * cleaned up, how integers are laid out in bytes.
 *
 * Results, everywhere: 0 is success; a negative value is an unexpected fault of the machine, an
 * errno with a minus sign, passed up and never matched on; a positive value is one of the
 * function's own expected conditions, which the direct caller must handle. `ret_` parameters come
 * last and are untouched unless the result is 0.
 */
#ifndef CRYPTO_BASICS_H
#define CRYPTO_BASICS_H

#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Runs `function(&variable)` when the variable goes out of scope. Declare it initialised. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Hands a pointer over to a new owner and leaves NULL behind for the cleanup. */
#define TAKE_PTR(pointer)                                                                          \
    ({                                                                                             \
        __auto_type taken_ = (pointer);                                                            \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The structure of which `pointer` is the member `member`. */
#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Integers in files, keys and hashes are big-endian, so that their bytes sort as they do. */
static inline void put_be16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *out, uint32_t value)
{
    put_be16(out, (uint16_t)(value >> 16));
    put_be16(out + 2, (uint16_t)value);
}

static inline void put_be64(uint8_t *out, uint64_t value)
{
    put_be32(out, (uint32_t)(value >> 32));
    put_be32(out + 4, (uint32_t)value);
}

static inline uint16_t get_be16(const uint8_t *in)
{
    return (uint16_t)((unsigned)in[0] << 8 | in[1]);
}

static inline uint32_t get_be32(const uint8_t *in)
{
    return (uint32_t)get_be16(in) << 16 | get_be16(in + 2);
}

static inline uint64_t get_be64(const uint8_t *in)
{
    return (uint64_t)get_be32(in) << 32 | get_be32(in + 4);
}

#define DECIMAL_MAXIMUM 20 /* digits of a uint64_t */

/* Writes the number without a NUL; how many digits it has. */
static inline size_t put_decimal(char *out, uint64_t value)
{
    char digits[DECIMAL_MAXIMUM];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[count - 1 - i];
    }
    return count;
}

#endif
