/* SPDX-License-Identifier: EUPL-1.2 */
/* Receipts that are good, and what was changed in one: every byte of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "crypto/commitment.h"
#include "crypto/secret.h"
#include "tools/audit/receipt.h"
#include "tools/base64.h"
#include "tools/text.h"

#define ORIGIN "verwijsindex.example/log"
#define SIZE 11
#define RECEIPT_MAXIMUM 8192
#define RECORD(index)                                                                              \
    "{\"attributes\":{\"verwijsindex.case_reference\":\"a \\\"b\\\" \xc3\xab/\","                  \
    "\"verwijsindex.index\":" index                                                                \
    ",\"verwijsindex.party\":\"00000003123456780000\"},\"end_time\":1000,"                         \
    "\"name\":\"signal-withdrawn\"}"

static struct checkpoint_signer signer;
static struct merkle_hash leaves[SIZE];

static void to_base64(const void *bytes, size_t size, char *out)
{
    sodium_bin2base64(out, sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL), bytes,
                      size, sodium_base64_VARIANT_ORIGINAL);
}

static int read_subtree(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    (void)context;
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = index << level; i < (index + 1) << level; i++) {
        merkle_frontier_append(&frontier, &leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_hash);
    return 0;
}

/* What a receipt is made of, before it was changed. */
struct parts {
    const char *first;
    const char *extra; /* JSON; NULL: what belongs to the record */
    const char *record;
    const char *index;
    uint64_t place;
    const char *more; /* after the proof, without the empty line */
};

static const struct parts good = {
    .first = "c2sp.org/tlog-proof@v1\n",
    .record = RECORD("6"),
    .index = "index 6\n",
    .place = 6,
    .more = "\n",
};

static void make_receipt(const struct parts *parts, struct text *out)
{
    uint8_t salt[32] = {1, 2};
    struct merkle_hash subject = {{3, 4}};
    uint8_t commitment[COMMITMENT_BYTES];
    char salts[2][SECRET_BASE64URL_SIZE(32)];
    char note[CHECKPOINT_NOTE_MAXIMUM];
    char base64[4096];
    struct merkle_frontier frontier;
    struct merkle_hash root;
    struct merkle_proof proof;
    CLEANUP(text_finish) struct text extra = {0};
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < SIZE; i++) {
        merkle_leaf(&i, sizeof(i), &leaves[i]);
    }
    commitment_make(salt, parts->record, strlen(parts->record), &subject, commitment);
    merkle_leaf(commitment, sizeof(commitment), &leaves[parts->place]);
    for (uint64_t i = 0; i < SIZE; i++) {
        merkle_frontier_append(&frontier, &leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, &root);
    checkpoint_sign(&signer, SIZE, &root, note);
    assert_int_equal(merkle_prove_inclusion(parts->place, SIZE, read_subtree, NULL, &proof), 0);
    secret_to_base64url(salt, 32, salts[0]);
    secret_to_base64url(subject.bytes, 32, salts[1]);
    text_add_format(&extra, "{\"record\":%s,\"salt\":\"%s\",\"subjectHash\":\"%s\"}", parts->record,
                    salts[0], salts[1]);
    const char *json = parts->extra != NULL ? parts->extra : extra.bytes;
    to_base64(json, strlen(json), base64);
    text_add_format(out, "%sextra %s\n%s", parts->first, base64, parts->index);
    for (size_t i = 0; i < proof.count; i++) {
        to_base64(proof.hashes[i].bytes, MERKLE_HASH_BYTES, base64);
        text_add_format(out, "%s\n", base64);
    }
    text_add_format(out, "%s%s", parts->more, note);
    assert_int_equal(out->fault, 0);
}

/* What a command finds out of it: whether all checks that need no other key are good. */
static bool is_proven(const char *bytes, size_t length)
{
    CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {0};
    char why[AUDIT_RECEIPT_WHY_SIZE] = "";
    struct checkpoint head;
    uint64_t time;
    int result = audit_receipt_read(bytes, length, &receipt, why);
    assert_true(result == 0 || result == AUDIT_RECEIPT_MALFORMED);
    if (result != 0) {
        assert_true(why[0] != '\0');
        assert_null(receipt.extra);
        return false;
    }
    return checkpoint_open(receipt.note, receipt.note_length, &signer.vkey, &head, &time) ==
               CHECKPOINT_OK &&
           audit_receipt_is_included(&receipt, &head);
}

static void test_a_good_receipt(void **state)
{
    (void)state;
    static const char *const records[] = {RECORD("0"), RECORD("6"), RECORD("10")};
    static const char *const lines[] = {"index 0\n", "index 6\n", "index 10\n"};
    static const uint64_t places[] = {0, 6, 10};
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        CLEANUP(text_finish) struct text text = {0};
        CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {0};
        char why[AUDIT_RECEIPT_WHY_SIZE];
        struct parts parts = good;
        parts.record = records[i];
        parts.index = lines[i];
        parts.place = places[i];
        make_receipt(&parts, &text);
        assert_true(is_proven(text.bytes, text.length));
        assert_int_equal(audit_receipt_read(text.bytes, text.length, &receipt, why), 0);
        assert_int_equal(receipt.index, places[i]);
        assert_string_equal(answer_string(answer_at(receipt.record, "name")), "signal-withdrawn");
    }
}

static void test_no_byte_can_be_changed(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    make_receipt(&good, &text);
    for (size_t i = 0; i < text.length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text.bytes[i] ^= (char)(1 << bit);
            if (is_proven(text.bytes, text.length)) {
                fail_msg("bit %u of byte %zu can be changed", bit, i);
            }
            text.bytes[i] ^= (char)(1 << bit);
        }
    }
    assert_true(is_proven(text.bytes, text.length));
}

static void test_nothing_can_be_cut_or_added(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    CLEANUP(text_finish) struct text longer = {0};
    make_receipt(&good, &text);
    for (size_t length = 0; length < text.length; length++) {
        /* Of its own size, so that a read past the end is seen. */
        char *part = malloc(length + 1);
        assert_non_null(part);
        memcpy(part, text.bytes, length);
        assert_false(is_proven(part, length));
        free(part);
    }
    for (size_t i = 0; i <= text.length; i++) {
        static const char added[] = "\nA 0";
        for (size_t k = 0; k < sizeof(added); k++) {
            text_clear(&longer);
            text_add(&longer, text.bytes, i);
            text_add(&longer, &added[k], 1);
            text_add(&longer, text.bytes + i, text.length - i);
            if (is_proven(longer.bytes, longer.length)) {
                fail_msg("character %d can be put in at %zu", added[k], i);
            }
        }
    }
}

#define HASHES                                                                                     \
    "\"salt\":\"AQIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","                                    \
    "\"subjectHash\":\"AwQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

static void test_what_is_no_receipt(void **state)
{
    (void)state;
    static const struct {
        struct parts parts;
        const char *said;
    } cases[] = {
        {{.first = "c2sp.org/tlog-proof@v2\n"}, "does not begin with"},
        {{.first = "c2sp.org/tlog-proof@v1\r\n"}, "does not begin with"},
        {{.first = "c2sp.org/tlog-proof@v1\n\n"}, "no extra line"},
        {{.index = "index 06\n"}, "no index line"},
        {{.index = "index -6\n"}, "no index line"},
        {{.index = "index 9999999999999999999\n"}, "no index line"},
        {{.index = "index 6 \n"}, "no index line"},
        {{.index = "index 7\n"}, "of another entry"},
        {{.record = RECORD("7")}, "of another entry"},
        {{.more = "AAAA\n\n"}, "not a list of hashes"},
        {{.more = ""}, "not a list of hashes"},
        {{.extra = "{}"}, "not record, salt and subject hash"},
        {{.extra = "[]"}, "not record, salt and subject hash"},
        {{.extra = "{\"record\":" RECORD("6") "," HASHES ",\"x\":1}"}, "not record, salt"},
        {{.extra = "{\"record\":{\"a\":1.5}," HASHES "}"}, "not canonical JSON"},
        {{.extra = "{\"record\":{\"b\":1,\"a\":1}," HASHES "}"}, "not canonical JSON"},
        {{.extra = "{\"record\":{}, " HASHES "}"}, "not canonical JSON"},
        {{.extra = "{\"record\":{}," HASHES "}\n"}, "not canonical JSON"},
        {{.extra = "{\"record\":{},\"record\":{}," HASHES "}"}, "not JSON"},
        {{.extra = "\"record\""}, "not record, salt and subject hash"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        CLEANUP(text_finish) struct text text = {0};
        CLEANUP(audit_receipt_finish) struct audit_receipt receipt = {0};
        char why[AUDIT_RECEIPT_WHY_SIZE] = "";
        struct parts parts = good;
        const struct parts *other = &cases[i].parts;
        parts.first = other->first != NULL ? other->first : parts.first;
        parts.index = other->index != NULL ? other->index : parts.index;
        parts.record = other->record != NULL ? other->record : parts.record;
        parts.more = other->more != NULL ? other->more : parts.more;
        parts.extra = other->extra;
        make_receipt(&parts, &text);
        assert_int_equal(audit_receipt_read(text.bytes, text.length, &receipt, why),
                         AUDIT_RECEIPT_MALFORMED);
        if (strstr(why, cases[i].said) == NULL) {
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, why, cases[i].said);
        }
    }
}

static void test_a_proof_is_bounded(void **state)
{
    (void)state;
    CLEANUP(text_finish) struct text text = {0};
    CLEANUP(text_finish) struct text more = {0};
    for (size_t i = 0; i <= MERKLE_PROOF_MAXIMUM; i++) {
        text_add_string(&more, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    }
    text_add_string(&more, "\n");
    struct parts parts = good;
    parts.more = more.bytes;
    make_receipt(&parts, &text);
    assert_false(is_proven(text.bytes, text.length));
}

static void test_base64(void **state)
{
    (void)state;
    uint8_t out[16];
    size_t size = 99;
    assert_int_equal(base64_decode("", 0, out, 0), 0);
    assert_int_equal(base64_decode("+/8=", 4, out, 2), 0);
    assert_memory_equal(out, "\xfb\xff", 2);
    assert_true(base64_decoded_size("+/8=", 4, &size));
    assert_int_equal(size, 2);
    assert_false(base64_decoded_size("+/8", 3, &size));
    static const struct {
        const char *text;
        size_t size;
    } bad[] = {
        {"-_8=", 2},
        {"+/9=", 2},
        {"+/8=", 3},
        {"+/8=", 1},
        {"====", 1},
        {"A===", 0},
        {"=AAA", 3},
        {"AA=A", 3},
        {"AAAA\xaf"
         "AAA",
         6},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(base64_decode(bad[i].text, strlen(bad[i].text), out, bad[i].size),
                         BASE64_MALFORMED);
    }
}

static int set_up(void **state)
{
    static const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1, 2, 3};
    (void)state;
    return checkpoint_signer_init(&signer, ORIGIN, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_receipt),
        cmocka_unit_test(test_no_byte_can_be_changed),
        cmocka_unit_test(test_nothing_can_be_cut_or_added),
        cmocka_unit_test(test_what_is_no_receipt),
        cmocka_unit_test(test_a_proof_is_bounded),
        cmocka_unit_test(test_base64),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, NULL);
}
