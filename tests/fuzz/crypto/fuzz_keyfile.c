/* SPDX-License-Identifier: EUPL-1.2 */
/* A key file's text: what is taken is the only spelling of its purpose, id and key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyring.h"
#include "crypto/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum keyring_purpose purpose;
    uint32_t id;
    uint8_t key[KEYRING_KEY_BYTES];
    char base64[SECRET_BASE64URL_SIZE(KEYRING_KEY_BYTES)];
    char line[160];

    if (secret_init() != 0) {
        abort();
    }
    if (keyring_parse_key((const char *)data, size, &purpose, &id, key) != KEYRING_OK) {
        return 0;
    }
    secret_to_base64url(key, sizeof(key), base64);
    int length = snprintf(line, sizeof(line), "verwijsindex-key-1 %s %u %s",
                          keyring_purpose_name(purpose), id, base64);
    size_t without_end = data[size - 1] == '\n' ? size - 1 : size;
    if (id == 0 || (unsigned)purpose >= KEYRING_PURPOSES || without_end != (size_t)length ||
        memcmp(line, data, without_end) != 0) {
        abort();
    }
    return 0;
}
