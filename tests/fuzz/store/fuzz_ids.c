/* SPDX-License-Identifier: EUPL-1.2 */
/* Identifiers as they come from outside: what is accepted is spelt as it was given. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/base/ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct uuid uuid;
    struct oin oin;
    uint16_t municipality;
    if (uuid_parse(text, size, &uuid) == 0) {
        char spelt[UUID_TEXT_SIZE];
        uuid_format(&uuid, spelt);
        require(size == UUID_TEXT_SIZE - 1 && strncasecmp(spelt, text, size) == 0);
        char key[MATCH_KEY_TEXT_SIZE];
        match_key_format(uuid.bytes, key);
        require(strlen(key) == MATCH_KEY_TEXT_SIZE - 1 && key[4] == '-');
    }
    if (oin_parse(text, size, &oin) == 0) {
        require(size == OIN_LENGTH && strlen(oin.text) == size &&
                memcmp(oin.text, text, size) == 0);
    }
    if (municipality_parse(text, size, &municipality) == 0) {
        char spelt[MUNICIPALITY_TEXT_SIZE];
        municipality_format(municipality, spelt);
        require(municipality != 0 && size == 4 && memcmp(spelt, text, size) == 0);
    }
    if (professional_id_check(text, size) == 0) {
        require(size >= 1 && size <= PROFESSIONAL_ID_MAXIMUM && memchr(text, '\0', size) == NULL &&
                memchr(text, '/', size) == NULL);
    }
    return 0;
}
