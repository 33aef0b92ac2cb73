/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Memory for what must not stay behind: keys, national person numbers, plaintext of requests.
 *
 * Two kinds. Locked memory (`secret_lock_*`) never reaches swap or a core file; it is scarce and
 * meant for keys. Wiping memory (`secret_malloc` and its kin) is ordinary memory that is zeroed
 * before it is given back; libraries that hold requests (libevent, jansson) are told to use it.
 * All functions may be called from any thread.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "crypto/basics.h"

/* Starts libsodium. To be called once, before anything else of crypto/. 0, or -EIO. */
int secret_init(void) MUST_CHECK;

/*
 * `size` zeroed bytes between guard pages, locked in memory: unlike sodium_malloc(), a lock that
 * fails (RLIMIT_MEMLOCK) is a failure, because a key that may be swapped out is no secret.
 * NULL with errno set on failure.
 */
void *secret_lock_new(size_t size) MUST_CHECK;
void secret_lock_free(void *memory); /* wipes; NULL is allowed */

/*
 * As malloc, realloc and free, but what is given back (or moved away from) is zeroed first. A size
 * of 0 frees in secret_realloc(), as libevent expects.
 */
void *secret_malloc(size_t size) MUST_CHECK;
void *secret_realloc(void *memory, size_t size) MUST_CHECK;
void secret_free(void *memory);

/* Zeroes in a way the compiler may not leave out. */
void secret_wipe(void *memory, size_t size);

/* Constant-time comparison of `size` bytes. 1 when equal, 0 when not. */
int secret_equal(const void *a, const void *b, size_t size) MUST_CHECK;

/* Fills with bytes from the system's random generator. */
void secret_random(void *memory, size_t size);

/* Lower-case hexadecimal and unpadded base64url (RFC 4648 section 5), both with a closing NUL. */
#define SECRET_HEX_SIZE(bytes) ((bytes)*2 + 1)
#define SECRET_BASE64URL_SIZE(bytes) (((bytes)*4 + 2) / 3 + 1)
void secret_to_hex(const uint8_t *in, size_t size, char *out);
void secret_to_base64url(const uint8_t *in, size_t size, char *out);

#define SECRET_MALFORMED 1
/*
 * Decodes exactly `size` bytes from `length` characters; canonical input only (no padding, no
 * white space, trailing bits zero, no capitals in hexadecimal), in a time that does not depend on
 * what the characters are. 0, or SECRET_MALFORMED with `out` untouched.
 */
int secret_from_base64url(const char *in, size_t length, uint8_t *out, size_t size) MUST_CHECK;
int secret_from_hex(const char *in, size_t length, uint8_t *out, size_t size) MUST_CHECK;

#endif
