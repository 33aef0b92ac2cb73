/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What comes in on a witness's connection. Whatever it is, it is taken off piece by piece, and only
 * what the log has signed and what follows from the last head changes what the witness knows.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "tools/witness/http.h"
#include "tools/witness/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct memory {
    const struct checkpoint_vkey *log;
    const struct checkpoint_vkey *witness;
    uint64_t size;
};

static int keep(void *context, const char *origin, const char *note, size_t size)
{
    struct memory *memory = context;
    struct checkpoint checkpoint;
    uint64_t time;
    demand(strcmp(origin, memory->log->name) == 0);
    demand(checkpoint_open(note, size, memory->log, &checkpoint, &time) == CHECKPOINT_OK);
    demand(checkpoint_open(note, size, memory->witness, &checkpoint, &time) == CHECKPOINT_OK);
    demand(checkpoint.size >= memory->size);
    memory->size = checkpoint.size;
    return 0;
}

/* The same for what was refused: only what the log has signed, and with what it contradicts. */
static int keep_refused(void *context, const char *origin, bool is_proof, const char *body,
                        size_t size, char ret_name[static WITNESS_FILE_SIZE])
{
    struct memory *memory = context;
    struct witness_request request;
    struct checkpoint checkpoint;
    uint64_t time;
    (void)is_proof;
    demand(strcmp(origin, memory->log->name) == 0 && memory->size > 0);
    demand(witness_request_parse(body, size, &request) == 0);
    demand(checkpoint_open(request.note, request.note_size, memory->log, &checkpoint, &time) ==
           CHECKPOINT_OK);
    demand(checkpoint.size >= memory->size);
    strcpy(ret_name, "refused");
    return 0;
}

static void try_body(const uint8_t *data, size_t size)
{
    struct witness_request request;
    if (witness_request_parse((const char *)data, size, &request) == 0) {
        demand(request.proof.count <= WITNESS_PROOF_MAXIMUM && request.old_size <= INT64_MAX);
        demand((const uint8_t *)request.note + request.note_size == data + size);
    }
}

static void try_connection(struct witness *witness, const uint8_t *data, size_t size)
{
    struct witness_turn turn = {.has_head = false};
    size_t at = 0;
    for (;;) {
        struct witness_output output;
        size_t used = 0;
        bool had_head = turn.has_head;
        int step = witness_http_step(witness, &turn, data + at, size - at, 5, &output, &used);
        demand(step > 0 && used <= size - at && output.size < sizeof(output.bytes));
        demand((step == WITNESS_MORE) == (output.size == 0));
        at += used;
        if (step == WITNESS_MORE || output.close || at == size) {
            return;
        }
        demand(step != WITNESS_CONTINUE || !had_head);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The log of the notes in the corpus: a seed of 32 times 01. */
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    struct checkpoint_signer log_signer;
    struct checkpoint_signer signer;
    demand(secret_init() == 0);
    memset(seed, 1, sizeof(seed));
    demand(checkpoint_signer_init(&log_signer, "log.example/log", seed) == 0);
    demand(cosignature_signer_init(&signer, "w.example/w", seed) == 0);
    struct memory memory = {.log = &log_signer.vkey, .witness = &signer.vkey};
    struct witness *witness = calloc(1, sizeof(*witness));
    demand(witness != NULL);
    witness->signer = &signer;
    witness->keep = keep;
    witness->keep_refused = keep_refused;
    witness->context = &memory;
    demand(witness_add_log(witness, &log_signer.vkey) == 0);
    try_body(data, size);
    try_connection(witness, data, size);
    demand(witness->logs[0].head.size == memory.size);
    free(witness);
    return 0;
}
