/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/blinding.h"

#include <string.h>

#include "crypto/pseudonym.h"

#define SUITE "ristretto255-SHA512"

/* What one request needs in secret; wiped as one. */
struct batch {
    size_t count;
    struct oprf_scalar blinds[BLINDING_BATCH];
    struct oprf_element blinded[BLINDING_BATCH];
};

struct published_key {
    struct oprf_element public_key;
    int64_t id;
};

static void batch_wipe(struct batch *batch)
{
    secret_wipe(batch, sizeof(*batch));
}

void blinding_elements_wipe(struct blinding_elements *elements)
{
    secret_wipe(elements, sizeof(*elements));
}

void blinding_encode(const struct oprf_element *element, char out[static BLINDING_ENCODED_SIZE])
{
    secret_to_base64url(element->bytes, OPRF_ELEMENT_BYTES, out);
}

static int complain(const char *what)
{
    fprintf(stderr, "vix: the index cannot be trusted: %s\n", what);
    return VIX_REFUSED;
}

/* base64url of exactly `size` bytes. */
static bool read_bytes(const struct answer *value, uint8_t *out, size_t size)
{
    const char *text = answer_string(value);
    return text != NULL && secret_from_base64url(text, strlen(text), out, size) == 0;
}

static int fetch_key(struct session *session, struct published_key *ret_key)
{
    CLEANUP(answer_freep) struct answer *key = NULL;
    int result = session_call(session, "GET", "/v1/pseudonyms/key", NULL, &key);
    if (result != VIX_DONE) {
        return result;
    }
    const char *suite = answer_string(answer_at(key, "suite"));
    const char *prefix = answer_string(answer_at(key, "inputPrefix"));
    int64_t mode = -1;
    if (suite == NULL || strcmp(suite, SUITE) != 0 || prefix == NULL ||
        strcmp(prefix, PSEUDONYM_PREFIX_BSN) != 0 ||
        !answer_integer(answer_at(key, "mode"), &mode) || mode != OPRF_VERIFIABLE) {
        return complain("it blinds in another way than this version of vix");
    }
    if (!answer_integer(answer_at(key, "keyId"), &ret_key->id) ||
        !read_bytes(answer_at(key, "publicKey"), ret_key->public_key.bytes, OPRF_ELEMENT_BYTES) ||
        oprf_check_element(&ret_key->public_key) != 0) {
        return complain("its public key is not one");
    }
    return VIX_DONE;
}

/* `position` counts from 1, of several. */
static int complain_of_bsn(const struct command *command, const char *option, size_t position,
                           int condition)
{
    return position == 0
               ? options_complain(command, "--%s: %s", option, bsn_condition_text(condition))
               : options_complain(command, "--%s: number %zu: %s", option, position,
                                  bsn_condition_text(condition));
}

static int blind(const struct bsn *bsn, struct batch *batch)
{
    uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
    size_t place = batch->count++;
    pseudonym_bsn_input(bsn, input);
    oprf_random_scalar(&batch->blinds[place]);
    int result = oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &batch->blinds[place],
                            &batch->blinded[place]);
    secret_wipe(input, sizeof(input));
    return result == OPRF_OK ? VIX_DONE : complain("blinding failed");
}

static int ask(struct session *session, const struct batch *batch, struct answer **ret_answer)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_open_list_member(&body, "elements");
    for (size_t i = 0; i < batch->count; i++) {
        char encoded[BLINDING_ENCODED_SIZE];
        blinding_encode(&batch->blinded[i], encoded);
        text_add_item(&body, encoded, strlen(encoded));
    }
    text_close_list(&body);
    text_close_object(&body);
    return session_call(session, "POST", "/v1/pseudonyms/_evaluate", &body, ret_answer);
}

static int check_and_unblind(const struct published_key *key, const struct batch *batch,
                             const struct answer *answer, struct blinding_elements *elements)
{
    struct oprf_element evaluated[BLINDING_BATCH];
    uint8_t proof[OPRF_PROOF_BYTES];
    int64_t key_id = -1;
    const struct answer *list = answer_at(answer, "elements");
    bool is_good = answer_count(list) == batch->count &&
                   read_bytes(answer_at(answer, "proof"), proof, sizeof(proof)) &&
                   answer_integer(answer_at(answer, "keyId"), &key_id);
    for (size_t i = 0; is_good && i < batch->count; i++) {
        is_good = read_bytes(answer_item(list, i), evaluated[i].bytes, OPRF_ELEMENT_BYTES);
    }
    if (!is_good) {
        return complain("it did not answer with as many elements and a proof");
    }
    if (key_id != key->id) {
        return complain("it evaluated under another key than it published; try again");
    }
    if (oprf_verify(&key->public_key, batch->blinded, evaluated, batch->count, proof) != OPRF_OK) {
        return complain("its proof is wrong: it did not use the key that it published");
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (oprf_unblind(&batch->blinds[i], &evaluated[i],
                         &elements->elements[elements->count++]) != OPRF_OK) {
            return complain("it answered with an element that is none");
        }
    }
    return VIX_DONE;
}

/* All numbers are looked at before the index is asked anything. */
static int check_numbers(const struct command *command, const char *option,
                         const struct bsn_text *numbers, size_t count)
{
    CLEANUP(bsn_wipe) struct bsn bsn = {0};
    for (size_t i = 0; i < count; i++) {
        int condition = bsn_parse(numbers[i].digits, strlen(numbers[i].digits), &bsn);
        if (condition != BSN_OK) {
            return complain_of_bsn(command, option, count > 1 ? i + 1 : 0, condition);
        }
    }
    return VIX_DONE;
}

static int evaluate_batch(struct session *session, const struct published_key *key,
                          const struct bsn_text *numbers, size_t count,
                          struct blinding_elements *elements)
{
    CLEANUP(batch_wipe) struct batch batch = {0};
    CLEANUP(bsn_wipe) struct bsn bsn = {0};
    CLEANUP(answer_freep) struct answer *answer = NULL;
    int result = VIX_DONE;
    for (size_t i = 0; i < count && result == VIX_DONE; i++) {
        result = bsn_parse(numbers[i].digits, strlen(numbers[i].digits), &bsn) == BSN_OK
                     ? blind(&bsn, &batch)
                     : VIX_USAGE;
    }
    if (result == VIX_DONE) {
        result = ask(session, &batch, &answer);
    }
    return result == VIX_DONE ? check_and_unblind(key, &batch, answer, elements) : result;
}

int blinding_evaluate(struct session *session, const struct command *command, const char *option,
                      const struct bsn_text *numbers, size_t count,
                      struct blinding_elements *ret_elements)
{
    CLEANUP(blinding_elements_wipe) struct blinding_elements elements = {0};
    struct published_key key;
    int result = check_numbers(command, option, numbers, count);
    if (result == VIX_DONE) {
        result = fetch_key(session, &key);
    }
    for (size_t done = 0; done < count && result == VIX_DONE; done += BLINDING_BATCH) {
        size_t left = count - done;
        result = evaluate_batch(session, &key, numbers + done,
                                left < BLINDING_BATCH ? left : BLINDING_BATCH, &elements);
    }
    if (result == VIX_DONE) {
        elements.key_id = key.id;
        *ret_elements = elements;
    }
    return result;
}
