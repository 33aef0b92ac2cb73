/* SPDX-License-Identifier: EUPL-1.2 */
/* Blinded mode (RFC 9497, mode 01): the index evaluates without learning the number, and proves
 * that it used its published key. */
#include <errno.h>
#include <string.h>

#include "crypto/secret.h"
#include "proto/child.h"
#include "proto/handlers.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define ELEMENT_CHARACTERS 43

static const struct field key_fields[] = {
    {.name = "keyId", .type = FIELD_INTEGER, .required = true},
    {.name = "publicKey", .type = FIELD_TEXT, .required = true, .format = &format_element},
    {.name = "suite", .type = FIELD_TEXT, .required = true},
    {.name = "mode", .type = FIELD_INTEGER, .required = true},
    {.name = "inputPrefix",
     .type = FIELD_TEXT,
     .required = true,
     .description = "Stands before the nine digits in the input."},
};
const struct shape shape_pseudonym_key = {.name = "PseudonymKey", FIELDS(key_fields)};

struct evaluation_request {
    struct texts_input elements;
};
static const struct field request_fields[] = {
    {.name = "elements",
     .type = FIELD_TEXTS,
     .required = true,
     .secret = true,
     .minimum = 1,
     .maximum = OPRF_BATCH_MAXIMUM,
     .item_maximum = ELEMENT_CHARACTERS,
     .format = &format_element,
     .offset = offsetof(struct evaluation_request, elements),
     .description = "Blinded elements."},
};
const struct shape shape_evaluation_request = {
    .name = "EvaluationRequest", FIELDS(request_fields), .size = sizeof(struct evaluation_request)};

static const struct field evaluation_fields[] = {
    {.name = "keyId", .type = FIELD_INTEGER, .required = true},
    {.name = "elements",
     .type = FIELD_TEXTS,
     .required = true,
     .format = &format_element,
     .description = "Evaluated elements, in the same order."},
    {.name = "proof",
     .type = FIELD_TEXT,
     .required = true,
     .format = &format_base64url,
     .description = "One proof for the batch: 64 bytes, c and s (RFC 9497 section 2.2)."},
};
const struct shape shape_evaluation = {.name = "Evaluation", FIELDS(evaluation_fields)};

void pseudonyms_key(struct exchange *x)
{
    struct oprf_scalar key;
    struct oprf_element public_key;
    uint32_t id;
    int r = child_find_evaluation_key(x->options.api->options.keys, &id, &key);
    if (r == 0) {
        r = oprf_public_key(&key, &public_key);
    }
    secret_wipe(&key, sizeof(key));
    if (r != 0) {
        exchange_fail(x);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "keyId", id);
    writer_member_base64url(writer, "publicKey", public_key.bytes, sizeof(public_key.bytes));
    writer_member_text(writer, "suite", "ristretto255-SHA512");
    writer_member_integer(writer, "mode", OPRF_VERIFIABLE);
    writer_member_text(writer, "inputPrefix", PSEUDONYM_PREFIX_BSN);
    writer_end_object(writer);
    exchange_finish_json(x, 200);
}

struct batch {
    size_t count;
    uint32_t key_id;
    struct oprf_element blinded[OPRF_BATCH_MAXIMUM];
    struct oprf_element evaluated[OPRF_BATCH_MAXIMUM];
    uint8_t proof[OPRF_PROOF_BYTES];
};

static int evaluate_all(struct batch *batch, const struct oprf_scalar *key)
{
    struct oprf_element public_key;
    struct oprf_scalar r;
    int result = oprf_public_key(key, &public_key);
    for (size_t i = 0; result == 0 && i < batch->count; i++) {
        result = oprf_evaluate(key, &batch->blinded[i], &batch->evaluated[i]);
    }
    if (result == 0) {
        oprf_random_scalar(&r);
        result = oprf_prove(key, &public_key, batch->blinded, batch->evaluated, batch->count, &r,
                            batch->proof);
        secret_wipe(&r, sizeof(r));
    }
    return result;
}

static int evaluate(const struct keyring *keys, const struct texts_input *elements,
                    struct batch *batch)
{
    struct oprf_scalar key;
    batch->count = elements->count;
    for (size_t i = 0; i < batch->count; i++) {
        const struct text_input *item = &elements->items[i];
        if (secret_from_base64url(item->text, item->length, batch->blinded[i].bytes,
                                  OPRF_ELEMENT_BYTES) != 0) {
            return -EINVAL;
        }
    }
    int r = child_find_evaluation_key(keys, &batch->key_id, &key);
    r = r != 0 ? r : evaluate_all(batch, &key);
    secret_wipe(&key, sizeof(key));
    return r;
}

void pseudonyms_evaluate(struct exchange *x)
{
    const struct evaluation_request *in = x->body;
    if (!caller_take_evaluations(x, (unsigned)in->elements.count)) {
        return;
    }
    struct batch *batch = exchange_new_memory(x, sizeof(*batch));
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    if (batch == NULL || note == NULL ||
        evaluate(x->options.api->options.keys, &in->elements, batch) != 0) {
        exchange_fail(x);
        return;
    }
    struct writer *writer = exchange_begin_json(x);
    writer_begin_object(writer);
    writer_member_unsigned(writer, "keyId", batch->key_id);
    writer_name(writer, "elements");
    writer_begin_list(writer);
    for (size_t i = 0; i < batch->count; i++) {
        char text[SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)];
        secret_to_base64url(batch->evaluated[i].bytes, OPRF_ELEMENT_BYTES, text);
        writer_text(writer, text);
    }
    writer_end_list(writer);
    writer_member_base64url(writer, "proof", batch->proof, sizeof(batch->proof));
    writer_end_object(writer);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_PSEUDONYMS_EVALUATED, .count = (uint32_t)batch->count};
    exchange_disclose(x, note, 1);
}
