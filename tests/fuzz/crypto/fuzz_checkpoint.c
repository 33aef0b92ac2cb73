/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A note, or a verifier key. What opens must also parse, to the same; a verifier key that is
 * taken is written again byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/checkpoint.h"
#include "crypto/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void try_vkey(const uint8_t *data, size_t size)
{
    struct checkpoint_vkey vkey;
    char written[CHECKPOINT_VKEY_MAXIMUM];
    char *text = malloc(size + 1);
    demand(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (checkpoint_vkey_parse(text, &vkey) == CHECKPOINT_OK) {
        checkpoint_vkey_format(&vkey, written);
        demand(strcmp(written, text) == 0);
    }
    free(text);
}

static void try_note(const uint8_t *data, size_t size, const struct checkpoint_vkey *vkey)
{
    struct checkpoint opened;
    struct checkpoint parsed;
    uint64_t time;
    int condition = checkpoint_open((const char *)data, size, vkey, &opened, &time);
    int parse_condition = checkpoint_parse((const char *)data, size, &parsed);
    demand((condition == CHECKPOINT_MALFORMED) == (parse_condition == CHECKPOINT_MALFORMED));
    demand(parse_condition != CHECKPOINT_OK ||
           (parsed.size <= INT64_MAX && strlen(parsed.origin) > 0));
    const char *lines = NULL;
    size_t length = 0;
    int found = checkpoint_extension((const char *)data, size, &lines, &length);
    demand(found == parse_condition);
    demand(length == 0 || (lines >= (const char *)data && lines[length - 1] == '\n' &&
                           lines + length <= (const char *)data + size));
    if (condition == CHECKPOINT_OK) {
        demand(opened.size == parsed.size && strcmp(opened.origin, parsed.origin) == 0 &&
               memcmp(opened.root.bytes, parsed.root.bytes, MERKLE_HASH_BYTES) == 0);
        demand(vkey->type == CHECKPOINT_COSIGNATURE || strcmp(opened.origin, vkey->name) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The keys of the notes in the corpus: seeds of 32 times 01, and of 32 times 02. */
    static const char *const vkeys[] = {
        "verwijsindex.example.nl/auditlog+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "witness.example.nl/w1+6719db7a+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
    };
    demand(secret_init() == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(vkeys); i++) {
        struct checkpoint_vkey vkey;
        demand(checkpoint_vkey_parse(vkeys[i], &vkey) == CHECKPOINT_OK);
        try_note(data, size, &vkey);
    }
    try_vkey(data, size);
    return 0;
}
