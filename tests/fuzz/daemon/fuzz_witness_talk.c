/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a witness answers: a byte for the status, the rest is the body. What is taken for a
 * cosignature verifies, and can be added to the note.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "daemon/witness/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 409, 422, 400, 403, 404, 301, 500, 204};
    static struct witness_reply reply;
    struct witness_meaning meaning;
    struct checkpoint_signer log_signer;
    struct checkpoint_signer witness;
    const struct merkle_hash root = {{5}};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    if (size == 0 || size - 1 > WITNESS_TALK_ANSWER_MAXIMUM) {
        return 0;
    }
    demand(secret_init() == 0);
    memset(seed, 1, sizeof(seed));
    demand(checkpoint_signer_init(&log_signer, "log.example/log", seed) == 0);
    demand(cosignature_signer_init(&witness, "w.example/w", seed) == 0);
    checkpoint_sign(&log_signer, 3, &root, note);
    reply = (struct witness_reply){.status = statuses[data[0] % ARRAY_LENGTH(statuses)],
                                   .content_type = "text/x.tlog.size",
                                   .size = size - 1};
    memcpy(reply.body, data + 1, size - 1);
    witness_talk_read(&reply, note, &witness.vkey, &meaning);
    demand((meaning.verdict == WITNESS_FAILED) == (meaning.failure != NULL));
    demand(meaning.verdict != WITNESS_HAS_SIZE || meaning.size <= INT64_MAX);
    if (meaning.verdict == WITNESS_COSIGNED) {
        char whole[CHECKPOINT_NOTE_MAXIMUM];
        struct checkpoint checkpoint;
        uint64_t time;
        size_t length = 0;
        demand(cosignature_add(note, strlen(note), meaning.line, whole, &length) == 0);
        demand(checkpoint_open(whole, length, &witness.vkey, &checkpoint, &time) == 0);
        demand(checkpoint.size == 3);
    }
    return 0;
}
