/* SPDX-License-Identifier: EUPL-1.2 */
/* What the tests of crypto/ share: cmocka's includes, hexadecimal, the published vectors. */
#ifndef TESTS_UNIT_CRYPTO_SUPPORT_H
#define TESTS_UNIT_CRYPTO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

/* For cmocka's group setup: starts the cryptographic library. */
int support_init(void **state);

/* Decodes exactly `size` bytes; a failed assertion otherwise. */
void support_from_hex(const char *hex, void *out, size_t size);
void support_from_hex_part(const char *hex, size_t length, void *out, size_t size);
void support_assert_hex(const void *bytes, size_t size, const char *hex);

/* The named file of the folder in VIX_VECTORS; the caller releases it with json_decref(). */
json_t *support_load_vectors(const char *name);
const char *support_string(const json_t *object, const char *key);
uint64_t support_integer(const json_t *object, const char *key);

#endif
