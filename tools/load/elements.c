/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/elements.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "tools/load/call.h"
#include "tools/text.h"

#define MAKERS_MAXIMUM 64
#define EVALUATION_SECONDS 600

static int make_room(struct bench_stock *stock, size_t count)
{
    stock->elements = calloc(count, sizeof(*stock->elements));
    return stock->elements != NULL ? VIX_DONE : bench_report_fault(-ENOMEM);
}

static int next_bsn(struct bench_stock *stock, struct bsn *ret_bsn)
{
    uint32_t number;
    bool known;
    if (bench_stock_draw(stock, &number, &known) != 0) {
        return BENCH_BSNS_EXHAUSTED;
    }
    *ret_bsn = (struct bsn){{0}};
    bench_bsn_write(number, ret_bsn->digits);
    return 0;
}

/* ---- with the key ---- */

struct maker {
    pthread_t thread;
    struct bench_stock *stock;
    const struct oprf_scalar *key;
    atomic_size_t *next; /* element to make; shared */
    size_t count;
    int result;
};

static void *run_maker(void *user)
{
    struct maker *maker = user;
    for (;;) {
        size_t i = atomic_fetch_add(maker->next, 1);
        struct bsn bsn;
        if (i >= maker->count) {
            return NULL;
        }
        if (next_bsn(maker->stock, &bsn) != 0 ||
            pseudonym_from_bsn(maker->key, &bsn, &maker->stock->elements[i]) != OPRF_OK) {
            maker->result = BENCH_BSNS_EXHAUSTED;
            return NULL;
        }
    }
}

static int make_all(struct bench_stock *stock, const struct oprf_scalar *key, size_t count)
{
    struct maker makers[MAKERS_MAXIMUM];
    atomic_size_t next = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = processors < 1 ? 1 : (size_t)processors;
    wanted = wanted < MAKERS_MAXIMUM ? wanted : MAKERS_MAXIMUM;
    size_t started = 0;
    int fault = 0;
    for (; started < wanted && fault == 0; started += fault == 0 ? 1 : 0) {
        makers[started] = (struct maker){.stock = stock, .key = key, .next = &next, .count = count};
        fault = pthread_create(&makers[started].thread, NULL, run_maker, &makers[started]);
    }
    int result = started > 0 ? 0 : -fault;
    for (size_t i = 0; i < started; i++) {
        pthread_join(makers[i].thread, NULL);
        result = result != 0 ? result : makers[i].result;
    }
    return result;
}

int bench_elements_compute(struct bench_stock *stock, size_t count)
{
    CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    char why[KEYRING_WHY_SIZE];
    int result = keyring_load(stock->options->evaluation_key, NULL, &keyring, why);
    if (result != 0) {
        return result < 0 ? bench_report_fault(result) : bench_complain(VIX_REFUSED, "%s", why);
    }
    result = make_room(stock, count);
    if (result != VIX_DONE) {
        return result;
    }
    uint32_t id = keyring_current(keyring, KEYRING_EVALUATION);
    /* In the ring's locked memory; a scalar is nothing but its bytes. */
    const struct oprf_scalar *key =
        (const struct oprf_scalar *)(const void *)keyring_find(keyring, KEYRING_EVALUATION, id);
    result = make_all(stock, key, count);
    if (result != 0) {
        return result < 0 ? bench_report_fault(result)
                          : bench_complain(VIX_REFUSED, "the BSNs from --bsn-from on are used up");
    }
    stock->element_count = count;
    stock->key_id = id;
    return VIX_DONE;
}

/* ---- by the index ---- */

struct batch {
    size_t count;
    struct oprf_scalar blinds[OPRF_BATCH_MAXIMUM];
    struct oprf_element blinded[OPRF_BATCH_MAXIMUM];
};

static int blind_batch(struct bench_stock *stock, size_t count, struct batch *batch)
{
    for (batch->count = 0; batch->count < count; batch->count++) {
        struct bsn bsn;
        uint8_t input[PSEUDONYM_BSN_INPUT_BYTES];
        if (next_bsn(stock, &bsn) != 0) {
            return bench_complain(VIX_REFUSED, "the BSNs from --bsn-from on are used up");
        }
        pseudonym_bsn_input(&bsn, input);
        oprf_random_scalar(&batch->blinds[batch->count]);
        if (oprf_blind(OPRF_VERIFIABLE, input, sizeof(input), &batch->blinds[batch->count],
                       &batch->blinded[batch->count]) != OPRF_OK) {
            return bench_complain(VIX_REFUSED, "blinding failed");
        }
    }
    return VIX_DONE;
}

static bool read_bytes(const struct answer *value, uint8_t *out, size_t size)
{
    const char *text = answer_string(value);
    return text != NULL && secret_from_base64url(text, strlen(text), out, size) == 0;
}

static int fetch_key(struct bench_caller *caller, struct oprf_element *ret_public, int64_t *ret_id)
{
    CLEANUP(answer_freep) struct answer *key = NULL;
    int result =
        bench_caller_call(caller, &(struct bench_call){"GET", "/v1/pseudonyms/key", NULL, 0}, &key);
    if (result != VIX_DONE) {
        return result;
    }
    if (!answer_integer(answer_at(key, "keyId"), ret_id) || *ret_id < 1 || *ret_id > UINT32_MAX ||
        !read_bytes(answer_at(key, "publicKey"), ret_public->bytes, OPRF_ELEMENT_BYTES)) {
        return bench_complain(VIX_REFUSED, "the index's public key is not one");
    }
    return VIX_DONE;
}

/* Checks the proof, as a client must, and unblinds. */
static int unblind_batch(const struct answer *answer, const struct oprf_element *public_key,
                         const struct batch *batch, struct oprf_element *out)
{
    struct oprf_element evaluated[OPRF_BATCH_MAXIMUM];
    uint8_t proof[OPRF_PROOF_BYTES];
    const struct answer *elements = answer_at(answer, "elements");
    bool good = answer_count(elements) == batch->count &&
                read_bytes(answer_at(answer, "proof"), proof, sizeof(proof));
    for (size_t i = 0; good && i < batch->count; i++) {
        good = read_bytes(answer_item(elements, i), evaluated[i].bytes, OPRF_ELEMENT_BYTES);
    }
    good =
        good && oprf_verify(public_key, batch->blinded, evaluated, batch->count, proof) == OPRF_OK;
    for (size_t i = 0; good && i < batch->count; i++) {
        good = oprf_unblind(&batch->blinds[i], &evaluated[i], &out[i]) == OPRF_OK;
    }
    return good ? VIX_DONE
                : bench_complain(VIX_REFUSED, "the index's evaluation is not proven to be right");
}

static int evaluate_batch(struct bench_caller *caller, const struct oprf_element *public_key,
                          const struct batch *batch, struct oprf_element *out)
{
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(answer_freep) struct answer *answer = NULL;
    text_add_string(&body, "{\"elements\":[");
    for (size_t i = 0; i < batch->count; i++) {
        char encoded[SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)];
        secret_to_base64url(batch->blinded[i].bytes, OPRF_ELEMENT_BYTES, encoded);
        text_add_format(&body, "%s\"%s\"", i > 0 ? "," : "", encoded);
    }
    text_add_string(&body, "]}");
    int result = bench_caller_call(
        caller, &(struct bench_call){"POST", "/v1/pseudonyms/_evaluate", &body, 0}, &answer);
    return result == VIX_DONE ? unblind_batch(answer, public_key, batch, out) : result;
}

/* As one identity, until its limit is used up; with `patient`, waits for the limit. */
static int evaluate_as(struct bench_stock *stock, size_t identity, size_t count, bool patient,
                       int64_t give_up)
{
    CLEANUP(bench_caller_close) struct bench_caller caller = {0};
    struct oprf_element public_key;
    int64_t id;
    int result = bench_caller_open(&caller, stock->options, &stock->identities->items[identity]);
    caller.give_up = give_up;
    result = result == VIX_DONE ? fetch_key(&caller, &public_key, &id) : result;
    caller.never_waits = !patient;
    while (result == VIX_DONE && stock->element_count < count) {
        struct batch batch;
        size_t rest = count - stock->element_count;
        if (stock->element_count > 0 && id != stock->key_id) {
            return bench_complain(VIX_REFUSED, "the evaluation key was changed meanwhile");
        }
        stock->key_id = (uint32_t)id;
        result = blind_batch(stock, rest < OPRF_BATCH_MAXIMUM ? rest : OPRF_BATCH_MAXIMUM, &batch);
        if (result == VIX_DONE) {
            result = evaluate_batch(&caller, &public_key, &batch,
                                    stock->elements + stock->element_count);
        }
        stock->element_count += result == VIX_DONE ? batch.count : 0;
        caller.never_waits = true; /* one wait, then the next identity has its turn */
    }
    return result;
}

int bench_elements_evaluate(struct bench_stock *stock, size_t count)
{
    if (count > BENCH_EVALUATED_MAXIMUM) {
        return bench_complain(VIX_USAGE,
                              "without --evaluation-key at most %d elements can be made "
                              "(--elements, --requests)",
                              BENCH_EVALUATED_MAXIMUM);
    }
    int result = make_room(stock, count);
    if (result != VIX_DONE) {
        return result;
    }
    int64_t give_up = bench_now() + EVALUATION_SECONDS * BENCH_SECOND;
    size_t identities = stock->identities->count;
    for (size_t turn = 0; stock->element_count < count; turn++) {
        /* In the first round nobody's limit is used up yet, unless by an earlier run. */
        result = evaluate_as(stock, turn % identities, count, turn >= identities, give_up);
        if (result != VIX_DONE && result != BENCH_CALL_LIMITED) {
            return result;
        }
        if (bench_now() > give_up) {
            return bench_complain(VIX_REFUSED, "%zu of %zu elements after %d s: too few",
                                  stock->element_count, count, EVALUATION_SECONDS);
        }
    }
    return VIX_DONE;
}
