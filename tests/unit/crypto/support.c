/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

int support_init(void **state)
{
    (void)state;
    return secret_init();
}

void support_from_hex_part(const char *hex, size_t length, void *out, size_t size)
{
    assert_int_equal(secret_from_hex(hex, length, out, size), 0);
}

void support_from_hex(const char *hex, void *out, size_t size)
{
    support_from_hex_part(hex, strlen(hex), out, size);
}

void support_assert_hex(const void *bytes, size_t size, const char *hex)
{
    char *got = malloc(SECRET_HEX_SIZE(size));
    assert_non_null(got);
    secret_to_hex(bytes, size, got);
    assert_string_equal(got, hex);
    free(got);
}

json_t *support_load_vectors(const char *name)
{
    char path[4096];
    json_error_t error;
    const char *folder = getenv("VIX_VECTORS");
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    json_t *vectors = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (vectors == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return vectors;
}

const char *support_string(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_string(value));
    return json_string_value(value);
}

uint64_t support_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}
