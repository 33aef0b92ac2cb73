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

#include "witness_log.h"

static struct witness_log_world *world;

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

/* And what was refused. */
static char refused[BODY_SIZE];
static size_t refused_count;
static size_t proof_count; /* of those */

static int keep_refused(void *context, const char *origin, bool is_proof, const char *body,
                        size_t size, char ret_name[static WITNESS_FILE_SIZE])
{
    (void)context;
    assert_string_equal(origin, ORIGIN);
    assert_in_range(size, 1, sizeof(refused) - 1);
    if (keep_result != 0) {
        return keep_result;
    }
    memcpy(refused, body, size);
    refused[size] = '\0';
    refused_count++;
    proof_count += is_proof;
    snprintf(ret_name, WITNESS_FILE_SIZE, "refused-%zu", refused_count);
    return 0;
}

static int setup(void **state)
{
    witness_log_set_up(state);
    world = *state;
    return 0;
}

static struct witness *new_witness(void)
{
    struct witness *witness = calloc(1, sizeof(*witness));
    assert_non_null(witness);
    witness->signer = &world->witness;
    witness->keep = keep;
    witness->keep_refused = keep_refused;
    assert_int_equal(witness_add_log(witness, &world->log.vkey), 0);
    kept_count = 0;
    refused_count = 0;
    proof_count = 0;
    keep_result = 0;
    world->forked_at = LEAVES;
    return witness;
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
    return send(witness, witness_log_request(world, old_size, size), now);
}

/* It was cosigned at this time, and that was kept. */
static void assert_cosigned(const struct witness_answer *answer, uint64_t size, uint64_t time)
{
    struct checkpoint checkpoint;
    char line[COSIGNATURE_LINE_SIZE];
    uint64_t found = 0;
    const char *note = witness_log_head(world, size);
    assert_int_equal(answer->status, 200);
    assert_int_equal(cosignature_find(note, strlen(note), answer->body, strlen(answer->body),
                                      &world->witness.vkey, line, &found),
                     0);
    assert_true(found == time);
    assert_int_equal(checkpoint_open(kept, strlen(kept), &world->witness.vkey, &checkpoint, &found),
                     0);
    assert_int_equal(checkpoint.size, size);
    assert_int_equal(checkpoint_open(kept, strlen(kept), &world->log.vkey, &checkpoint, &found), 0);
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

/* Refused and kept, as the request came. */
static void assert_kept_refused(const struct witness_answer *answer, const char *body, bool is_fork)
{
    assert_string_not_equal(answer->kept_as, "");
    assert_string_equal(refused, body);
    assert_int_equal(answer->is_fork, is_fork);
    assert_int_equal(strstr(answer->reason, "FORK") != NULL, is_fork);
}

static void test_forks(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    char before[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(before, kept);

    /* Another root of the same size, signed by the log: whatever size it asks to go on from. */
    char fork[CHECKPOINT_NOTE_MAXIMUM];
    struct merkle_hash root = witness_log_root(world, 6);
    const struct merkle_proof none = {.count = 0};
    checkpoint_sign(&world->log, 7, &root, fork);
    for (uint64_t old = 0; old <= 7; old += 7) {
        const char *body = witness_log_body(old, &none, fork);
        answer = send(witness, body, 20);
        assert_refused(&answer, 409, 7);
        assert_kept_refused(&answer, body, true);
    }
    assert_int_equal(proof_count, 2);

    /* A root that no tree has, with every proof of the right tree, and with none. */
    root = witness_log_root(world, 8);
    root.bytes[0] ^= 1;
    checkpoint_sign(&world->log, 9, &root, fork);
    for (uint64_t old = 1; old <= 9; old++) {
        const struct merkle_proof proof = witness_log_proof(world, old, 9);
        const char *body = witness_log_body(7, &proof, fork);
        answer = send(witness, body, 20);
        assert_refused(&answer, 422, 0);
        assert_kept_refused(&answer, body, false);
    }
    assert_int_equal(refused_count, 11);

    /* It is only asked to go on from where it was left: that is nothing to keep. */
    answer = send(witness, witness_log_body(0, &none, fork), 20);
    assert_refused(&answer, 409, 7);
    assert_string_equal(answer.kept_as, "");
    assert_int_equal(refused_count, 11);
    assert_int_equal(proof_count, 2);

    assert_int_equal(kept_count, 1);
    assert_string_equal(kept, before);
    answer = show(witness, 7, 9, 20);
    assert_cosigned(&answer, 9, 20);
    free(witness);
}

/* A log that was rewritten from some entry on, and proves that it comes from there itself. Of a
 * size that is a power of two such a proof does not have the root of the old tree. */
static void test_a_log_that_was_rewritten(void **state)
{
    (void)state;
    for (uint64_t old = 1; old < LEAVES; old++) {
        for (uint64_t forked_at = 0; forked_at < LEAVES; forked_at++) {
            struct witness *witness = new_witness();
            struct witness_answer answer = show(witness, 0, old, 10);
            assert_cosigned(&answer, old, 10);
            world->forked_at = forked_at;
            const char *body = witness_log_request(world, old, LEAVES);
            answer = send(witness, body, 20);
            if (forked_at >= old) {
                assert_cosigned(&answer, LEAVES, 20);
                assert_int_equal(refused_count, 0);
            } else {
                assert_refused(&answer, 422, 0);
                assert_kept_refused(&answer, body, (old & (old - 1)) != 0);
                assert_int_equal(kept_count, 1);
            }
            world->forked_at = LEAVES;
            free(witness);
        }
    }
}

static void test_proofs_that_are_wrong(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct witness_answer answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    struct merkle_proof proof = witness_log_proof(world, 7, 20);
    assert_in_range(proof.count, 2, WITNESS_PROOF_MAXIMUM - 1);
    for (size_t i = 0; i < proof.count; i++) {
        struct merkle_proof flipped = proof;
        flipped.hashes[i].bytes[31] ^= 0x80;
        answer = send(witness, witness_log_body(7, &flipped, witness_log_head(world, 20)), 20);
        assert_refused(&answer, 422, 0);
    }
    proof.count++;
    answer = send(witness, witness_log_body(7, &proof, witness_log_head(world, 20)), 20);
    assert_refused(&answer, 422, 0);
    proof.count -= 2;
    answer = send(witness, witness_log_body(7, &proof, witness_log_head(world, 20)), 20);
    assert_refused(&answer, 422, 0);
    /* Anybody could have sent those. */
    assert_int_equal(refused_count, proof.count + 3);
    assert_int_equal(proof_count, 0);
    /* Of nothing, and of the same, there is nothing to prove. */
    proof.count = 1;
    answer = send(witness, witness_log_body(7, &proof, witness_log_head(world, 7)), 20);
    assert_refused(&answer, 422, 0);
    struct witness *fresh = new_witness();
    answer = send(fresh, witness_log_body(0, &proof, witness_log_head(world, 7)), 20);
    assert_refused(&answer, 422, 0);
    /* An empty tree has one root. */
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = witness_log_root(world, 3);
    checkpoint_sign(&world->log, 0, &root, note);
    proof.count = 0;
    answer = send(fresh, witness_log_body(0, &proof, note), 20);
    assert_refused(&answer, 422, 0);
    assert_int_equal(refused_count, 0);
    free(fresh);
    free(witness);
}

static void test_keys(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct merkle_proof none = {.count = 0};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = witness_log_root(world, 3);
    struct checkpoint_signer stranger;
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&stranger, "stranger.example/log", seed), 0);
    checkpoint_sign(&stranger, 3, &root, note);
    struct witness_answer answer = send(witness, witness_log_body(0, &none, note), 10);
    assert_refused(&answer, 404, 0);
    checkpoint_sign(&world->other_key, 3, &root, note);
    answer = send(witness, witness_log_body(0, &none, note), 10);
    assert_refused(&answer, 403, 0);
    assert_string_equal(answer.asked.origin, ORIGIN);
    assert_int_equal(kept_count, 0);
    /* The signature comes before all that could be learned of the state. */
    answer = send(witness, witness_log_body(5, &none, note), 10);
    assert_refused(&answer, 403, 0);
    answer = send(witness, witness_log_body(5, &none, witness_log_head(world, 3)), 10);
    assert_refused(&answer, 400, 0);
    /* A second key of the same log. */
    assert_int_equal(witness_add_log(witness, &world->other_key.vkey), 0);
    assert_int_equal(witness->log_count, 1);
    answer = send(witness, witness_log_body(0, &none, note), 10);
    assert_int_equal(answer.status, 200);
    assert_int_equal(witness_add_log(witness, &world->witness.vkey), WITNESS_NOT_A_LOG);
    while (witness->logs[0].key_count < WITNESS_KEYS_MAXIMUM) {
        assert_int_equal(witness_add_log(witness, &world->other_key.vkey), 0);
    }
    assert_int_equal(witness_add_log(witness, &world->other_key.vkey), WITNESS_TOO_MANY);
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
    assert_int_equal(
        witness_remember(next, witness_log_head(world, 3), strlen(witness_log_head(world, 3))),
        CHECKPOINT_NOT_SIGNED);
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
    const char *body = witness_log_body(0, &none, witness_log_head(world, 3));
    assert_int_equal(witness_add_checkpoint(witness, body, strlen(body), 10, &answer), -EIO);
    assert_int_equal(witness->logs[0].head.size, 0);
    keep_result = 0;
    answer = show(witness, 0, 7, 10);
    assert_cosigned(&answer, 7, 10);
    world->forked_at = 3;
    keep_result = -ENOSPC;
    body = witness_log_request(world, 7, 9);
    assert_int_equal(witness_add_checkpoint(witness, body, strlen(body), 10, &answer), -ENOSPC);
    free(witness);
}

/* A note so full of lines that it could not be opened any more is not taken. */
static void test_a_note_full_of_lines(void **state)
{
    (void)state;
    struct witness *witness = new_witness();
    struct merkle_proof none = {.count = 0};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(note, witness_log_head(world, 3));
    for (int lines = 1; lines < 128; lines++) {
        strcat(note, "\xE2\x80\x94 a AAAAAAA=\n");
    }
    struct witness_answer answer = send(witness, witness_log_body(0, &none, note), 10);
    assert_refused(&answer, 400, 0);
    assert_int_equal(kept_count, 0);
    /* One that claims to be of this witness is replaced. */
    char forged[COSIGNATURE_LINE_SIZE];
    strcpy(note, witness_log_head(world, 3));
    assert_int_equal(cosignature_sign(&world->witness, witness_log_head(world, 4),
                                      strlen(witness_log_head(world, 4)), 5, forged),
                     0);
    strcpy(note, witness_log_head(world, 3));
    strcat(note, forged);
    answer = send(witness, witness_log_body(0, &none, note), 10);
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
        snprintf(body, sizeof(body), "%s%s", heads[i], witness_log_head(world, 3));
        assert_int_equal(witness_request_parse(body, strlen(body), &request),
                         WITNESS_REQUEST_MALFORMED);
    }
    struct merkle_proof proof = {.count = WITNESS_PROOF_MAXIMUM};
    memset(proof.hashes, 0, sizeof(proof.hashes));
    const char *most = witness_log_body(INT64_MAX, &proof, witness_log_head(world, 3));
    assert_int_equal(witness_request_parse(most, strlen(most), &request), 0);
    assert_int_equal(request.proof.count, WITNESS_PROOF_MAXIMUM);
    assert_true(request.old_size == INT64_MAX);
    assert_int_equal(request.checkpoint.size, 3);
    assert_int_equal(witness_request_parse(most, strlen(most) - 1, &request),
                     WITNESS_REQUEST_MALFORMED);
    proof.count++;
    most = witness_log_body(1, &proof, witness_log_head(world, 3));
    assert_int_equal(witness_request_parse(most, strlen(most), &request),
                     WITNESS_REQUEST_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_of_a_log),
        cmocka_unit_test(test_times_never_go_back),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_a_log_that_was_rewritten),
        cmocka_unit_test(test_proofs_that_are_wrong),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_it_remembers),
        cmocka_unit_test(test_what_cannot_be_kept_is_not_answered),
        cmocka_unit_test(test_a_note_full_of_lines),
        cmocka_unit_test(test_requests_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
