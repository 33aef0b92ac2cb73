/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/blinding.h"

#include <string.h>

#include "crypto/pseudonym.h"
#include "crypto/secret.h"

#define SUITE "ristretto255-SHA512"

/* All that one evaluation needs in secret; wiped as one. */
struct evaluation {
    struct bsn bsn;
    uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
    struct oprf_scalar blind;
    struct oprf_element blinded;
    struct oprf_element public_key;
    int64_t key_id;
};

static void evaluation_wipe(struct evaluation *evaluation)
{
    secret_wipe(evaluation, sizeof(*evaluation));
}

void blinding_element_wipe(struct blinding_element *element)
{
    secret_wipe(element, sizeof(*element));
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

static int fetch_key(struct session *session, struct evaluation *evaluation)
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
    if (!answer_integer(answer_at(key, "keyId"), &evaluation->key_id) ||
        !read_bytes(answer_at(key, "publicKey"), evaluation->public_key.bytes,
                    OPRF_ELEMENT_BYTES) ||
        oprf_check_element(&evaluation->public_key) != 0) {
        return complain("its public key is not one");
    }
    return VIX_DONE;
}

static int blind(const struct command *command, const struct bsn_text *text,
                 struct evaluation *evaluation)
{
    int result = bsn_parse(text->digits, strlen(text->digits), &evaluation->bsn);
    if (result != BSN_OK) {
        return options_complain(command, "--bsn-file: %s", bsn_condition_text(result));
    }
    pseudonym_bsn_input(&evaluation->bsn, evaluation->input);
    oprf_random_scalar(&evaluation->blind);
    result = oprf_blind(OPRF_VERIFIABLE, evaluation->input, sizeof(evaluation->input),
                        &evaluation->blind, &evaluation->blinded);
    return result == OPRF_OK ? VIX_DONE : complain("blinding failed");
}

static int ask(struct session *session, const struct evaluation *evaluation,
               struct answer **ret_answer)
{
    CLEANUP(text_finish) struct text body = {0};
    char encoded[SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)];
    secret_to_base64url(evaluation->blinded.bytes, OPRF_ELEMENT_BYTES, encoded);
    text_add_format(&body, "{\"elements\":[\"%s\"]}", encoded);
    return session_call(session, "POST", "/v1/pseudonyms/_evaluate", &body, ret_answer);
}

static int check_and_unblind(const struct evaluation *evaluation, const struct answer *answer,
                             struct blinding_element *ret_element)
{
    CLEANUP(blinding_element_wipe) struct blinding_element element = {0};
    struct oprf_element evaluated;
    uint8_t proof[OPRF_PROOF_BYTES];
    const struct answer *elements = answer_at(answer, "elements");
    if (answer_count(elements) != 1 ||
        !read_bytes(answer_item(elements, 0), evaluated.bytes, OPRF_ELEMENT_BYTES) ||
        !read_bytes(answer_at(answer, "proof"), proof, sizeof(proof)) ||
        !answer_integer(answer_at(answer, "keyId"), &element.key_id)) {
        return complain("it did not answer with one element and a proof");
    }
    if (element.key_id != evaluation->key_id) {
        return complain("it evaluated under another key than it published; try again");
    }
    if (oprf_verify(&evaluation->public_key, &evaluation->blinded, &evaluated, 1, proof) !=
        OPRF_OK) {
        return complain("its proof is wrong: it did not use the key that it published");
    }
    if (oprf_unblind(&evaluation->blind, &evaluated, &element.element) != OPRF_OK) {
        return complain("it answered with an element that is none");
    }
    *ret_element = element;
    return VIX_DONE;
}

int blinding_evaluate(struct session *session, const struct command *command,
                      const struct bsn_text *text, struct blinding_element *ret_element)
{
    CLEANUP(evaluation_wipe) struct evaluation evaluation = {0};
    CLEANUP(answer_freep) struct answer *answer = NULL;
    int result = blind(command, text, &evaluation);
    if (result == VIX_DONE) {
        result = fetch_key(session, &evaluation);
    }
    if (result == VIX_DONE) {
        result = ask(session, &evaluation, &answer);
    }
    if (result == VIX_DONE) {
        result = check_and_unblind(&evaluation, answer, ret_element);
    }
    return result;
}
