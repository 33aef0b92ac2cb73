/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Log records and actors as they are kept: what decodes can be spelt, and is the same after it was
 * encoded again. The first byte says which of the two.
 */
#include <stdlib.h>
#include <string.h>

#include "store/log/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void try_actor(const uint8_t *data, size_t size)
{
    struct codec_reader in = {.data = data, .left = size};
    uint8_t buffer[LOGRECORD_ACTOR_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct log_actor actor;
    struct log_actor again;
    if (!log_actor_decode(&in, &actor)) {
        return;
    }
    log_actor_encode(&actor, &out);
    require(!out.failed);
    in = (struct codec_reader){.data = buffer, .left = out.size};
    require(log_actor_decode(&in, &again));
    require(strcmp(actor.party.text, again.party.text) == 0 &&
            memcmp(actor.certificate, again.certificate, sizeof(actor.certificate)) == 0 &&
            actor.operator_uid == again.operator_uid);
}

static size_t render(const struct log_record *record, char *out)
{
    static const struct commitment_salts salts;
    uint8_t commitment[COMMITMENT_BYTES];
    size_t size = log_record_render(record, &salts, out);
    if (size > 0) {
        require(out[0] == '{' && out[size - 1] == '}');
        log_record_commit(record, &salts, out, size, commitment);
    }
    return size;
}

static void try_record(struct arena *arena, const uint8_t *data, size_t size)
{
    struct codec_reader in = {.data = data, .left = size};
    uint8_t buffer[LOGRECORD_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    struct log_record record = {.index = 7};
    struct log_record again = {.index = 7};
    char text[ACCESSLOG_PUBLIC_MAXIMUM];
    char text_again[ACCESSLOG_PUBLIC_MAXIMUM];
    if (!log_record_decode(&in, arena, &record)) {
        return;
    }
    size_t length = render(&record, text);
    log_record_encode(&record, &out);
    require(!out.failed);
    in = (struct codec_reader){.data = buffer, .left = out.size};
    require(log_record_decode(&in, arena, &again));
    require(render(&again, text_again) == length && memcmp(text, text_again, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size == 0) {
        return 0;
    }
    arena_init(&arena);
    if (data[0] == 'a') {
        try_actor(data + 1, size - 1);
    } else {
        try_record(&arena, data + 1, size - 1);
    }
    arena_finish(&arena);
    return 0;
}
