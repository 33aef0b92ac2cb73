/* SPDX-License-Identifier: EUPL-1.2 */
/* A witness's connection as bytes: requests in pieces, in a row, and such as end it. */
#include "tools/witness/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/witness/request.h"

static struct checkpoint_signer log_signer;
static struct checkpoint_signer signer;
static struct witness *witness;
static char body[CHECKPOINT_NOTE_MAXIMUM + 16];

static int keep(void *context, const char *origin, const char *note, size_t size)
{
    (void)context;
    (void)origin;
    return note[size - 1] == '\n' ? 0 : -1;
}

static int setup(void **state)
{
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    const struct merkle_hash root = {{5}};
    char note[CHECKPOINT_NOTE_MAXIMUM];
    (void)state;
    assert_int_equal(secret_init(), 0);
    assert_int_equal(checkpoint_signer_init(&log_signer, "log.example/log", seed), 0);
    assert_int_equal(cosignature_signer_init(&signer, "w.example/w", seed), 0);
    checkpoint_sign(&log_signer, 3, &root, note);
    snprintf(body, sizeof(body), "old 0\n\n%s", note);
    witness = calloc(1, sizeof(*witness));
    assert_non_null(witness);
    witness->signer = &signer;
    witness->keep = keep;
    assert_int_equal(witness_add_log(witness, &log_signer.vkey), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(witness);
    return 0;
}

static int step(struct witness_turn *turn, const char *input, size_t size,
                struct witness_output *output, size_t *used)
{
    return witness_http_step(witness, turn, (const uint8_t *)input, size, 10, output, used);
}

static void forget(void)
{
    witness->logs[0].head.size = 0;
}

static const char *request_of(const char *line, const char *fields, const char *content)
{
    static char request[2 * CHECKPOINT_NOTE_MAXIMUM];
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: w\r\n%sContent-Length: %zu\r\n\r\n%s",
             line, fields, strlen(content), content);
    return request;
}

static void assert_status(const struct witness_output *output, int status)
{
    char begin[32];
    snprintf(begin, sizeof(begin), "HTTP/1.1 %d ", status);
    assert_int_equal(strncmp(output->bytes, begin, strlen(begin)), 0);
    assert_int_equal(strlen(output->bytes), output->size);
}

/* However it is cut up, it is answered at its last byte, and in the same way. */
static void test_in_pieces(void **state)
{
    (void)state;
    const char *request = request_of("POST /w1/add-checkpoint", "", body);
    for (size_t piece = 1; piece < 50; piece += 6) {
        struct witness_turn turn = {.has_head = false};
        struct witness_output output;
        const char *at = request;
        size_t have = 0;
        size_t used;
        int result = WITNESS_MORE;
        forget();
        while (at + have < request + strlen(request)) {
            size_t left = strlen(at) - have;
            assert_int_equal(result, WITNESS_MORE);
            have += left < piece ? left : piece;
            result = step(&turn, at, have, &output, &used);
            at += used;
            have -= used;
        }
        assert_int_equal(result, WITNESS_ANSWERED);
        assert_int_equal(have, 0);
        assert_status(&output, 200);
        assert_false(output.close);
        assert_non_null(strstr(output.bytes, "\r\n\r\n\xE2\x80\x94 w.example/w "));
        assert_non_null(strstr(output.bytes, "Content-Type: " WITNESS_TEXT "\r\n"));
        assert_int_equal(output.answer.status, 200);
    }
}

static void test_in_a_row(void **state)
{
    (void)state;
    static char input[4 * CHECKPOINT_NOTE_MAXIMUM];
    struct witness_turn turn = {.has_head = false};
    struct witness_output output;
    size_t used;
    forget();
    snprintf(input, sizeof(input), "%s", request_of("POST /add-checkpoint", "", body));
    size_t first = strlen(input);
    strcat(input, request_of("POST /add-checkpoint", "Connection: close\r\n", body));
    assert_int_equal(step(&turn, input, strlen(input), &output, &used), WITNESS_ANSWERED);
    assert_int_equal(used, first);
    assert_status(&output, 200);
    assert_int_equal(step(&turn, input + first, strlen(input) - first, &output, &used),
                     WITNESS_ANSWERED);
    assert_status(&output, 409);
    assert_non_null(strstr(output.bytes, "Content-Type: text/x.tlog.size\r\n"));
    assert_non_null(strstr(output.bytes, "\r\n\r\n3\n"));
    assert_true(output.close);
    assert_non_null(strstr(output.bytes, "Connection: close\r\n"));
}

static void test_continue(void **state)
{
    (void)state;
    struct witness_turn turn = {.has_head = false};
    struct witness_output output;
    size_t used;
    forget();
    const char *request = request_of("POST /add-checkpoint", "Expect: 100-continue\r\n", body);
    size_t head = strlen(request) - strlen(body);
    assert_int_equal(step(&turn, request, head, &output, &used), WITNESS_CONTINUE);
    assert_int_equal(used, head);
    assert_status(&output, 100);
    assert_int_equal(step(&turn, request + head, 1, &output, &used), WITNESS_MORE);
    assert_int_equal(used, 0);
    assert_int_equal(step(&turn, request + head, strlen(body), &output, &used), WITNESS_ANSWERED);
    assert_status(&output, 200);
}

static void test_what_ends_a_connection(void **state)
{
    (void)state;
    static char long_head[HTTP1_HEAD_MAXIMUM + 64];
    memset(long_head, 'a', sizeof(long_head) - 1);
    memcpy(long_head, "GET /", 5);
    const struct {
        const char *input;
        int status;
    } cases[] = {
        {"\x16\x03\x01", 400},
        {"POST /add-checkpoint HTTP/1.1\n\n", 400},
        {"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 20000\r\n\r\n", 413},
        {"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 411},
        {"POST /add-checkpoint HTTP/1.0\r\nHost: w\r\nContent-Length: 1\r\n\r\n", 505},
        {long_head, 431},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct witness_turn turn = {.has_head = false};
        struct witness_output output;
        size_t used;
        assert_int_equal(step(&turn, cases[i].input, strlen(cases[i].input), &output, &used),
                         WITNESS_ANSWERED);
        assert_status(&output, cases[i].status);
        assert_true(output.close);
        assert_int_equal(output.answer.status, 0);
    }
}

static void test_other_places(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        {"POST /", 404},
        {"POST /add-checkpoint/", 404},
        {"POST /add-checkpoint?x", 404},
        {"POST /add-checkpoints", 404},
        {"PUT /add-checkpoint", 405},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct witness_turn turn = {.has_head = false};
        struct witness_output output;
        size_t used;
        const char *request = request_of(cases[i].line, "", body);
        assert_int_equal(step(&turn, request, strlen(request), &output, &used), WITNESS_ANSWERED);
        assert_status(&output, cases[i].status);
        assert_int_equal(used, strlen(request));
        assert_false(output.close);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_pieces),    cmocka_unit_test(test_in_a_row),
        cmocka_unit_test(test_continue),     cmocka_unit_test(test_what_ends_a_connection),
        cmocka_unit_test(test_other_places),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
