/* SPDX-License-Identifier: EUPL-1.2 */
/* What a witness decides, over a log of which every tree is at hand. */
#include "tools/witness/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/witness/request.h"

#define ORIGIN "log.example/log"
#define LEAVES 20
#define BODY_SIZE 16384

static struct checkpoint_signer log_signer;
static struct checkpoint_signer other_signer; /* another key of the same log */
static struct checkpoint_signer signer;       /* the witness's */
static struct merkle_hash leaves[LEAVES];

/* What was kept, as a folder would. */
static char kept[CHECKPOINT_NOTE_MAXIMUM];
static size_t kept_count;
static int keep_result;

static int keep(void *context, const char *origin, const char *note, size_t size)
{
    (void)context;
    assert_string_equal(origin, ORIGIN);
    assert_in_range(size, 1, sizeof(kept) - 1);
    if (keep_result != 0) {
        return keep_result;
    }
    memcpy(kept, note, size);
    kept[size] = '\0';
    kept_count++;
    return 0;
}

static int setup(void **state)
{
    uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    (void)state;
    assert_int_equal(secret_init(), 0);
    assert_int_equal(checkpoint_signer_init(&log_signer, ORIGIN, seed), 0);
    seed[0] = 2;
    assert_int_equal(checkpoint_signer_init(&other_signer, ORIGIN, seed), 0);
    seed[0] = 3;
    assert_int_equal(cosignature_signer_init(&signer, "w.example/w", seed), 0);
    for (size_t i = 0; i < LEAVES; i++) {
        merkle_leaf(&i, sizeof(i), &leaves[i]);
    }
    return 0;
}

static struct witness *new_witness(void)
{
    struct witness *witness = calloc(1, sizeof(*witness));
    assert_non_null(witness);
    witness->signer = &signer;
    witness->keep = keep;
    assert_int_equal(witness_add_log(witness, &log_signer.vkey), 0);
    kept_count = 0;
    keep_result = 0;
    return witness;
}

/* ---- the log ---- */

static int read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    struct merkle_frontier frontier;
    (void)context;
    merkle_frontier_init(&frontier);
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        merkle_frontier_append(&frontier, &leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_hash);
    return 0;
}

static struct merkle_hash root_of(uint64_t size)
{
    struct merkle_frontier frontier;
    struct merkle_hash root;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        merkle_frontier_append(&frontier, &leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, &root);
    return root;
}

static const char *head_of(uint64_t size)
{
    static char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = root_of(size);
    checkpoint_sign(&log_signer, size, &root, note);
    return note;
}

static const char *body_of(uint64_t old_size, const struct merkle_proof *proof, const char *note)
{
    static char body[BODY_SIZE];
    int size = snprintf(body, sizeof(body), "old %" PRIu64 "\n", old_size);
    for (size_t i = 0; i < proof->count; i++) {
        checkpoint_hash_format(&proof->hashes[i], body + size);
        size += CHECKPOINT_HASH_SIZE;
        body[size - 1] = '\n';
    }
    snprintf(body + size, sizeof(body) - (size_t)size, "\n%s", note);
    return body;
}

static struct merkle_proof proof_of(uint64_t old_size, uint64_t size)
{
    struct merkle_proof proof = {.count = 0};
    if (old_size > 0 && old_size < size) {
        assert_int_equal(merkle_prove_consistency(old_size, size, read_node, NULL, &proof), 0);
    }
    return proof;
}

static struct witness_answer send(struct witness *witness, const char *body, uint64_t now)
{
    struct witness_answer answer;
    assert_int_equal(witness_add_checkpoint(witness, body, strlen(body), now, &answer), 0);
    assert_non_null(answer.content_type);
    assert_true((answer.status == 200) == (answer.reason == NULL));
    return answer;
}

/* As an honest log does. */
static struct witness_answer show(struct witness *witness, uint64_t old_size, uint64_t size,
                                  uint64_t now)
{
    const struct merkle_proof proof = proof_of(old_size, size);
    return send(witness, body_of(old_size, &proof, head_of(size)), now);
}

/* It was cosigned at this time, and that was kept. */
static void assert_cosigned(const struct witness_answer *answer, uint64_t size, uint64_t time)
{
    struct checkpoint checkpoint;
    char line[COSIGNATURE_LINE_SIZE];
    uint64_t found = 0;
    const char *note = head_of(size);
    assert_int_equal(answer->status, 200);
    assert_int_equal(cosignature_find(note, strlen(note), answer->body, strlen(answer->body),
                                      &signer.vkey, line, &found),
                     0);
    assert_true(found == time);
    assert_int_equal(checkpoint_open(kept, strlen(kept), &signer.vkey, &checkpoint, &found), 0);
    assert_int_equal(checkpoint.size, size);
    assert_int_equal(checkpoint_open(kept, strlen(kept), &log_signer.vkey, &checkpoint, &found), 0);
}

static void assert_refused(const struct witness_answer *answer, int status, uint64_t size)
{
    char told[32];
    assert_int_equal(answer->status, status);
    snprintf(told, sizeof(told), "%" PRIu64 "\n", size);
    if (status == 409) {
        assert_string_equal(answer->content_type, WITNESS_SIZE);
        assert_string_equal(answer->body, told);
    } else {
        assert_string_equal(answer->content_type, WITNESS_TEXT);
    }
}

/* ---- tests ---- */

static void test_every_step_of_a_log(void **state)
{
    (void)state;
    for (uint64_t old = 0; old <= LEAVES; old++) {
        for (uint64_t size = old; size <= LEAVES; size++) {
            struct witness *witness = new_witness();
            struct witness_answer answer = show(witness, 0, old, 10);
            assert_cosigned(&answer, old, 10);
            answer = show(witness, old, size, 20);
            assert_cosigned(&answer, size, 20);
            assert_int_equal(kept_count, 2);
            /* Back it does not go. */
            answer = show(witness, 0, old, 30);
            if (old == 0 && size == 0) {
                assert_cosigned(&answer, 0, 30);
            } else if (size > 0) {
                assert_refused(&answer, 409, size);
            }
            free(witness);
        }
    }
}

static void test_times_never_go_back(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 3, 1000);
    assert_cosigned(&answer, 3, 1000);
    answer = show(witness, 3, 4, 900);
    assert_cosigned(&answer, 4, 1000);
    answer = show(witness, 4, 4, 1001);
    assert_cosigned(&answer, 4, 1001);
    free(witness);
}

static void test_forks(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    char before[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(before, kept);

    /* Another root of the same size, signed by the log. */
    char fork[CHECKPOINT_NOTE_MAXIMUM];
    struct merkle_hash root = root_of(6);
    struct merkle_proof none = {.count = 0};
    checkpoint_sign(&log_signer, 7, &root, fork);
    answer = send(witness, body_of(7, &none, fork), 20);
    assert_refused(&answer, 409, 7);
    assert_non_null(strstr(answer.reason, "FORK"));

    /* A larger tree that does not hold the earlier one, with every proof of the right tree. */
    root = root_of(8);
    root.bytes[0] ^= 1;
    checkpoint_sign(&log_signer, 9, &root, fork);
    for (uint64_t old = 1; old < 9; old++) {
        const struct merkle_proof proof = proof_of(old, 9);
        answer = send(witness, body_of(7, &proof, fork), 20);
        assert_refused(&answer, 422, 0);
    }
    answer = send(witness, body_of(7, &none, fork), 20);
    assert_refused(&answer, 422, 0);
    answer = send(witness, body_of(0, &none, fork), 20);
    assert_refused(&answer, 409, 7);

    assert_int_equal(kept_count, 1);
    assert_string_equal(kept, before);
    answer = show(witness, 7, 9, 20);
    assert_cosigned(&answer, 9, 20);
    free(witness);
}

static void test_proofs_that_are_wrong(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    struct merkle_proof proof = proof_of(7, 20);
    assert_in_range(proof.count, 2, WITNESS_PROOF_MAXIMUM - 1);
    for (size_t i = 0; i < proof.count; i++) {
        struct merkle_proof flipped = proof;
        flipped.hashes[i].bytes[31] ^= 0x80;
        answer = send(witness, body_of(7, &flipped, head_of(20)), 20);
        assert_refused(&answer, 422, 0);
    }
    proof.count++;
    answer = send(witness, body_of(7, &proof, head_of(20)), 20);
    assert_refused(&answer, 422, 0);
    proof.count -= 2;
    answer = send(witness, body_of(7, &proof, head_of(20)), 20);
    assert_refused(&answer, 422, 0);
    /* Of nothing, and of the same, there is nothing to prove. */
    proof.count = 1;
    answer = send(witness, body_of(7, &proof, head_of(7)), 20);
    assert_refused(&answer, 422, 0);
    struct witness *fresh = new_witness();
    answer = send(fresh, body_of(0, &proof, head_of(7)), 20);
    assert_refused(&answer, 422, 0);
    /* An empty tree has one root. */
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = root_of(3);
    checkpoint_sign(&log_signer, 0, &root, note);
    proof.count = 0;
    answer = send(fresh, body_of(0, &proof, note), 20);
    assert_refused(&answer, 422, 0);
    free(fresh);
    free(witness);
}

static void test_keys(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct merkle_proof none = {.count = 0};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = root_of(3);
    struct checkpoint_signer stranger;
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&stranger, "stranger.example/log", seed), 0);
    checkpoint_sign(&stranger, 3, &root, note);
    struct witness_answer answer = send(witness, body_of(0, &none, note), 10);
    assert_refused(&answer, 404, 0);
    checkpoint_sign(&other_signer, 3, &root, note);
    answer = send(witness, body_of(0, &none, note), 10);
    assert_refused(&answer, 403, 0);
    assert_string_equal(answer.asked.origin, ORIGIN);
    assert_int_equal(kept_count, 0);
    /* The signature comes before all that could be learned of the state. */
    answer = send(witness, body_of(5, &none, note), 10);
    assert_refused(&answer, 403, 0);
    answer = send(witness, body_of(5, &none, head_of(3)), 10);
    assert_refused(&answer, 400, 0);
    /* A second key of the same log. */
    assert_int_equal(witness_add_log(witness, &other_signer.vkey), 0);
    assert_int_equal(witness->log_count, 1);
    answer = send(witness, body_of(0, &none, note), 10);
    assert_int_equal(answer.status, 200);
    assert_int_equal(witness_add_log(witness, &signer.vkey), WITNESS_NOT_A_LOG);
    while (witness->logs[0].key_count < WITNESS_KEYS_MAXIMUM) {
        assert_int_equal(witness_add_log(witness, &other_signer.vkey), 0);
    }
    assert_int_equal(witness_add_log(witness, &other_signer.vkey), WITNESS_TOO_MANY);
    for (size_t i = 1; i < WITNESS_LOGS_MAXIMUM; i++) {
        char name[32];
        snprintf(name, sizeof(name), "log-%zu", i);
        assert_int_equal(checkpoint_signer_init(&stranger, name, seed), 0);
        assert_int_equal(witness_add_log(witness, &stranger.vkey), 0);
    }
    assert_int_equal(checkpoint_signer_init(&stranger, "one-more", seed), 0);
    assert_int_equal(witness_add_log(witness, &stranger.vkey), WITNESS_TOO_MANY);
    free(witness);
}

/* What it remembers of an earlier run is what it goes on from. */
static void test_it_remembers(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    free(witness);
    struct witness *next = new_witness();
    assert_int_equal(witness_remember(next, kept, strlen(kept)), 0);
    answer = show(next, 0, 9, 20);
    assert_refused(&answer, 409, 7);
    answer = show(next, 7, 9, 5);
    assert_cosigned(&answer, 9, 10);
    /* Not what another has cosigned, nor nobody. */
    assert_int_equal(witness_remember(next, head_of(3), strlen(head_of(3))), CHECKPOINT_NOT_SIGNED);
    assert_int_equal(witness_remember(next, "", 0), CHECKPOINT_MALFORMED);
    char spoilt[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(spoilt, kept);
    spoilt[strlen(ORIGIN) + 1] = '8';
    assert_int_equal(witness_remember(next, spoilt, strlen(spoilt)), CHECKPOINT_BAD_SIGNATURE);
    free(next);
}

static void test_what_cannot_be_kept_is_not_answered(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer;
    struct merkle_proof none = {.count = 0};
    keep_result = -EIO;
    const char *body = body_of(0, &none, head_of(3));
    assert_int_equal(witness_add_checkpoint(witness, body, strlen(body), 10, &answer), -EIO);
    assert_int_equal(witness->logs[0].head.size, 0);
    free(witness);
}

/* A note so full of lines that it could not be opened any more is not taken. */
static void test_a_note_full_of_lines(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct merkle_proof none = {.count = 0};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(note, head_of(3));
    for (int lines = 1; lines < 128; lines++) {
        strcat(note, "\xE2\x80\x94 a AAAAAAA=\n");
    }
    struct witness_answer answer = send(witness, body_of(0, &none, note), 10);
    assert_refused(&answer, 400, 0);
    assert_int_equal(kept_count, 0);
    /* One that claims to be of this witness is replaced. */
    char forged[COSIGNATURE_LINE_SIZE];
    strcpy(note, head_of(3));
    assert_int_equal(cosignature_sign(&signer, head_of(4), strlen(head_of(4)), 5, forged), 0);
    strcpy(note, head_of(3));
    strcat(note, forged);
    answer = send(witness, body_of(0, &none, note), 10);
    assert_cosigned(&answer, 3, 10);
    free(witness);
}

static void test_requests_that_are_none(void **state)
{
    (void)state;
    struct witness_request request;
    static const char *const heads[] = {
        "",
        "old",
        "old 0",
        "old 0\n",
        "old -1\n\n",
        "old 1x\n\n",
        "old \n\n",
        "old  1\n\n",
        "Old 1\n\n",
        "old 01\n\n",
        "old 1 \n\n",
        "old 1\r\n\n",
        "\n",
        " old 1\n\n",
        "old 9223372036854775808\n\n",
        "old 10000000000000000000\n\n",
        "old 1\n!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!=\n\n",
        "old 1\nAAAA\n\n",
        "old 1\n AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
    };
    char body[BODY_SIZE];
    for (size_t i = 0; i < ARRAY_LENGTH(heads); i++) {
        snprintf(body, sizeof(body), "%s%s", heads[i], head_of(3));
        assert_int_equal(witness_request_parse(body, strlen(body), &request),
                         WITNESS_REQUEST_MALFORMED);
    }
    struct merkle_proof proof = {.count = WITNESS_PROOF_MAXIMUM};
    memset(proof.hashes, 0, sizeof(proof.hashes));
    const char *most = body_of(INT64_MAX, &proof, head_of(3));
    assert_int_equal(witness_request_parse(most, strlen(most), &request), 0);
    assert_int_equal(request.proof.count, WITNESS_PROOF_MAXIMUM);
    assert_true(request.old_size == INT64_MAX);
    assert_int_equal(request.checkpoint.size, 3);
    assert_int_equal(witness_request_parse(most, strlen(most) - 1, &request),
                     WITNESS_REQUEST_MALFORMED);
    proof.count++;
    most = body_of(1, &proof, head_of(3));
    assert_int_equal(witness_request_parse(most, strlen(most), &request),
                     WITNESS_REQUEST_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_of_a_log),
        cmocka_unit_test(test_times_never_go_back),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_proofs_that_are_wrong),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_it_remembers),
        cmocka_unit_test(test_what_cannot_be_kept_is_not_answered),
        cmocka_unit_test(test_a_note_full_of_lines),
        cmocka_unit_test(test_requests_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
