/* SPDX-License-Identifier: EUPL-1.2 */
/* What is said to a witness, byte for byte, and what each of its answers is taken for. */
#include "daemon/witness/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"

static char note[CHECKPOINT_NOTE_MAXIMUM];
static struct checkpoint_signer witness;
static char line[COSIGNATURE_LINE_SIZE];

static int setup(void **state)
{
    struct checkpoint_signer signer;
    const struct merkle_hash root = {{5}};
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    (void)state;
    assert_int_equal(secret_init(), 0);
    assert_int_equal(checkpoint_signer_init(&signer, "log.example/log", seed), 0);
    assert_int_equal(cosignature_signer_init(&witness, "w.example/w", seed), 0);
    checkpoint_sign(&signer, 300, &root, note);
    assert_int_equal(cosignature_sign(&witness, note, strlen(note), 77, line), 0);
    return 0;
}

static void test_requests(void **state)
{
    (void)state;
    char out[WITNESS_TALK_REQUEST_SIZE];
    char expected[WITNESS_TALK_REQUEST_SIZE];
    struct merkle_proof proof = {.count = 0};
    snprintf(expected, sizeof(expected), "old 0\n\n%s", note);
    assert_int_equal(witness_talk_write(0, &proof, note, out), strlen(expected));
    assert_string_equal(out, expected);
    proof.count = 2;
    memset(&proof.hashes[0], 0, sizeof(proof.hashes[0]));
    memset(&proof.hashes[1], 0xff, sizeof(proof.hashes[1]));
    snprintf(expected, sizeof(expected),
             "old 299\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
             "//////////////////////////////////////////8=\n\n%s",
             note);
    assert_int_equal(witness_talk_write(299, &proof, note, out), strlen(expected));
    assert_string_equal(out, expected);
    proof.count = WITNESS_TALK_PROOF_MAXIMUM;
    assert_true(witness_talk_write(INT64_MAX, &proof, note, out) > 0);
    proof.count = WITNESS_TALK_PROOF_MAXIMUM + 1;
    assert_int_equal(witness_talk_write(1, &proof, note, out), 0);
}

static struct witness_meaning read_answer(long status, const char *type, const char *body)
{
    static struct witness_reply reply;
    struct witness_meaning meaning;
    reply = (struct witness_reply){.status = status, .size = strlen(body)};
    assert_in_range(reply.size, 0, WITNESS_TALK_ANSWER_MAXIMUM);
    snprintf(reply.content_type, sizeof(reply.content_type), "%s", type);
    memcpy(reply.body, body, reply.size + 1);
    witness_talk_read(&reply, note, &witness.vkey, &meaning);
    return meaning;
}

static void test_lines(void **state)
{
    (void)state;
    char body[2 * COSIGNATURE_LINE_SIZE];
    struct witness_meaning meaning = read_answer(200, "text/plain", line);
    assert_int_equal(meaning.verdict, WITNESS_COSIGNED);
    assert_string_equal(meaning.line, line);
    snprintf(body, sizeof(body), "\xE2\x80\x94 other.example/w AAAAAAA=\n%s", line);
    meaning = read_answer(200, "", body);
    assert_int_equal(meaning.verdict, WITNESS_COSIGNED);
    assert_string_equal(meaning.line, line);
    static const struct {
        const char *body;
        const char *failure;
    } wrong[] = {
        {"", "malformed-answer"},
        {"hello\n", "malformed-answer"},
        {"\n\n", "malformed-answer"},
        {"\xE2\x80\x94 other.example/w AAAAAAA=\n", "not-signed"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        meaning = read_answer(200, "text/plain", wrong[i].body);
        assert_int_equal(meaning.verdict, WITNESS_FAILED);
        assert_string_equal(meaning.failure, wrong[i].failure);
    }
    snprintf(body, sizeof(body), "%s", line);
    size_t place = strlen(body) - 10;
    body[place] = body[place] == 'x' ? 'y' : 'x';
    meaning = read_answer(200, "text/plain", body);
    assert_int_equal(meaning.verdict, WITNESS_FAILED);
    assert_string_equal(meaning.failure, "bad-signature");
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *body;
        bool good;
        uint64_t size;
    } cases[] = {
        {"text/x.tlog.size", "0\n", true, 0},
        {"Text/X.TLOG.Size", "20852014\n", true, 20852014},
        {"text/x.tlog.size", "9223372036854775807\n", true, INT64_MAX},
        {"text/x.tlog.size", "9223372036854775808\n", false, 0},
        {"text/x.tlog.size", "99999999999999999999\n", false, 0},
        {"text/x.tlog.size", "7", false, 0},
        {"text/x.tlog.size", "07\n", false, 0},
        {"text/x.tlog.size", "-7\n", false, 0},
        {"text/x.tlog.size", "7\n\n", false, 0},
        {"text/x.tlog.size", " 7\n", false, 0},
        {"text/x.tlog.size", "", false, 0},
        {"text/plain", "7\n", false, 0},
        {"", "7\n", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct witness_meaning meaning = read_answer(409, cases[i].type, cases[i].body);
        assert_int_equal(meaning.verdict, cases[i].good ? WITNESS_HAS_SIZE : WITNESS_FAILED);
        if (cases[i].good) {
            assert_true(meaning.size == cases[i].size);
        } else {
            assert_string_equal(meaning.failure, "malformed-answer");
        }
    }
}

static void test_other_answers(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *failure;
    } cases[] = {
        {400, "request-malformed"}, {403, "log-key-not-trusted"}, {404, "log-not-followed"},
        {429, "too-many-requests"}, {301, "redirected"},          {308, "redirected"},
        {500, "server-error"},      {503, "server-error"},        {201, "unexpected-status"},
        {418, "unexpected-status"}, {0, "unexpected-status"},     {999, "unexpected-status"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct witness_meaning meaning = read_answer(cases[i].status, "text/plain", line);
        assert_int_equal(meaning.verdict, WITNESS_FAILED);
        assert_string_equal(meaning.failure, cases[i].failure);
    }
    assert_int_equal(read_answer(422, "text/plain", "no\n").verdict, WITNESS_INCONSISTENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_other_answers),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
