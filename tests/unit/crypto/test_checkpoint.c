/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/checkpoint.h"

#define ORIGIN "verwijsindex.example.nl/auditlog"
#define DASH "\xE2\x80\x94 "

/* The published example, and what is needed to make others like it. */
static json_t *vectors;
static const json_t *example;
static struct checkpoint_signer log_signer;
static struct checkpoint_vkey witness;
static uint8_t witness_secret[64];

static int load(void **state)
{
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    uint8_t public_key[CHECKPOINT_PUBLIC_BYTES];
    if (support_init(state) != 0) {
        return -1;
    }
    vectors = support_load_vectors("tlog.json");
    example = json_object_get(vectors, "checkpoint_example");
    support_from_hex(support_string(example, "log_seed"), seed, sizeof(seed));
    assert_int_equal(checkpoint_signer_init(&log_signer, ORIGIN, seed), CHECKPOINT_OK);
    support_from_hex(support_string(example, "witness_seed"), seed, sizeof(seed));
    crypto_sign_seed_keypair(public_key, witness_secret, seed);
    assert_int_equal(checkpoint_vkey_parse(support_string(example, "witness_vkey"), &witness),
                     CHECKPOINT_OK);
    assert_memory_equal(witness.public_key, public_key, sizeof(public_key));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static struct merkle_hash example_root(void)
{
    struct merkle_hash root;
    support_from_hex(support_string(json_object_get(vectors, "roots"), "8"), root.bytes,
                     sizeof(root.bytes));
    return root;
}

static int open_as(const char *note, const struct checkpoint_vkey *vkey)
{
    struct checkpoint checkpoint;
    uint64_t time;
    return checkpoint_open(note, strlen(note), vkey, &checkpoint, &time);
}

static int parse(const char *note)
{
    struct checkpoint checkpoint;
    return checkpoint_parse(note, strlen(note), &checkpoint);
}

/* Appends `— name base64(id || payload)`. */
static void append_line(char *note, const char *name, const uint8_t *id, const uint8_t *payload,
                        size_t size)
{
    uint8_t bytes[256];
    char base64[400];
    memcpy(bytes, id, 4);
    memcpy(bytes + 4, payload, size);
    sodium_bin2base64(base64, sizeof(base64), bytes, 4 + size, sodium_base64_VARIANT_ORIGINAL);
    sprintf(note + strlen(note), DASH "%s %s\n", name, base64);
}

/* A note of any text, signed by the log's key. */
static void sign_text(const char *text, char *note)
{
    uint8_t signature[64];
    crypto_sign_detached(signature, NULL, (const uint8_t *)text, strlen(text),
                         log_signer.secret_key);
    sprintf(note, "%s\n", text);
    append_line(note, ORIGIN, log_signer.vkey.id, signature, sizeof(signature));
}

static void cosign(const char *text, uint64_t time, char *note)
{
    char message[CHECKPOINT_NOTE_MAXIMUM];
    uint8_t payload[8 + 64];
    int length =
        snprintf(message, sizeof(message), "cosignature/v1\ntime %" PRIu64 "\n%s", time, text);
    assert_in_range(length, 1, sizeof(message) - 1);
    put_be64(payload, time);
    crypto_sign_detached(payload + 8, NULL, (const uint8_t *)message, strlen(message),
                         witness_secret);
    append_line(note, witness.name, witness.id, payload, sizeof(payload));
}

static void test_example_is_made_byte_for_byte(void **state)
{
    (void)state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    char text[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = example_root();
    size_t length = checkpoint_sign(&log_signer, 8, &root, note);
    assert_int_equal(length, strlen(note));
    size_t text_length = (size_t)(strstr(note, "\n\n") + 1 - note);
    memcpy(text, note, text_length);
    text[text_length] = '\0';
    cosign(text, support_integer(example, "witness_time"), note);
    assert_string_equal(note, support_string(example, "checkpoint"));
}

static void test_example_opens_for_both(void **state)
{
    (void)state;
    const char *note = support_string(example, "checkpoint");
    const struct merkle_hash root = example_root();
    const struct checkpoint_vkey *vkeys[] = {&log_signer.vkey, &witness};
    const uint64_t times[] = {0, support_integer(example, "witness_time")};
    for (size_t i = 0; i < 2; i++) {
        struct checkpoint checkpoint;
        uint64_t time = 77;
        assert_int_equal(checkpoint_open(note, strlen(note), vkeys[i], &checkpoint, &time),
                         CHECKPOINT_OK);
        assert_string_equal(checkpoint.origin, ORIGIN);
        assert_int_equal(checkpoint.size, 8);
        assert_memory_equal(checkpoint.root.bytes, root.bytes, sizeof(root.bytes));
        assert_int_equal(time, times[i]);
    }
    assert_int_equal(parse(note), CHECKPOINT_OK);
}

static void test_vkeys(void **state)
{
    (void)state;
    char text[CHECKPOINT_VKEY_MAXIMUM];
    struct checkpoint_vkey vkey;
    checkpoint_vkey_format(&log_signer.vkey, text);
    assert_string_equal(text, support_string(example, "log_vkey"));
    assert_int_equal(checkpoint_vkey_parse(text, &vkey), CHECKPOINT_OK);
    assert_int_equal(vkey.type, CHECKPOINT_ED25519);
    assert_string_equal(vkey.name, ORIGIN);
    assert_memory_equal(vkey.id, log_signer.vkey.id, 4);
    assert_memory_equal(vkey.public_key, log_signer.vkey.public_key, CHECKPOINT_PUBLIC_BYTES);

    assert_int_equal(witness.type, CHECKPOINT_COSIGNATURE);
    checkpoint_vkey_format(&witness, text);
    assert_string_equal(text, support_string(example, "witness_vkey"));
}

static void test_every_changed_byte_of_a_vkey_is_refused(void **state)
{
    (void)state;
    const char *good = support_string(example, "log_vkey");
    for (size_t i = 0; i < strlen(good); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char text[CHECKPOINT_VKEY_MAXIMUM];
            struct checkpoint_vkey vkey = {.type = 77};
            strcpy(text, good);
            text[i] = (char)(text[i] ^ (1 << bit));
            assert_int_equal(checkpoint_vkey_parse(text, &vkey), CHECKPOINT_MALFORMED);
            assert_int_equal(vkey.type, 77);
        }
    }
}

static void test_malformed_vkeys(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "+",
        "++",
        "name",
        "name+2e004c99",
        "name+2e004c99+",
        "+2e004c99+AYqI",
        /* capitals in the id; a space; a line's end; padding where none belongs; base64url */
        ORIGIN "+2E004C99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        " " ORIGIN "+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        ORIGIN "+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n",
        ORIGIN "+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c====",
        ORIGIN "+2e004c99+AYqI4910CfGV_VLbLTy6XXLKZwm_HZQSG_N0iAG0D29c",
        /* a byte too few */
        ORIGIN "+2e004c99+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D28=",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct checkpoint_vkey vkey;
        assert_int_equal(checkpoint_vkey_parse(bad[i], &vkey), CHECKPOINT_MALFORMED);
    }
    /* Another type, with the id that would belong to it. */
    struct checkpoint_vkey vkey = witness;
    char text[CHECKPOINT_VKEY_MAXIMUM];
    uint8_t hash[crypto_hash_sha256_BYTES];
    uint8_t input[512];
    vkey.type = (enum checkpoint_key_type)2;
    size_t length = (size_t)sprintf((char *)input, "%s\n%c", vkey.name, 2);
    memcpy(input + length, vkey.public_key, sizeof(vkey.public_key));
    crypto_hash_sha256(hash, input, length + sizeof(vkey.public_key));
    memcpy(vkey.id, hash, sizeof(vkey.id));
    checkpoint_vkey_format(&vkey, text);
    assert_int_equal(checkpoint_vkey_parse(text, &vkey), CHECKPOINT_MALFORMED);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "a b",   "a+b",   "a\nb",       "a\tb",
                                      " a", "a\x7f", "a\x01", "a\xC2\xA0-", "caf\xC3\xA9"};
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    struct checkpoint_signer signer;
    char name[CHECKPOINT_NAME_MAXIMUM + 2];
    char text[CHECKPOINT_VKEY_MAXIMUM];
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = example_root();

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(checkpoint_signer_init(&signer, bad[i], seed), CHECKPOINT_MALFORMED);
    }
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(checkpoint_signer_init(&signer, name, seed), CHECKPOINT_MALFORMED);
    name[CHECKPOINT_NAME_MAXIMUM] = '\0';
    assert_int_equal(checkpoint_signer_init(&signer, name, seed), CHECKPOINT_OK);
    checkpoint_vkey_format(&signer.vkey, text);
    assert_int_equal(checkpoint_vkey_parse(text, &signer.vkey), CHECKPOINT_OK);
    checkpoint_sign(&signer, INT64_MAX, &root, note);
    assert_int_equal(open_as(note, &signer.vkey), CHECKPOINT_OK);
}

static void test_sizes_round_trip(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 9, 10, 1234567890123456789, INT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        char note[CHECKPOINT_NOTE_MAXIMUM];
        struct checkpoint checkpoint;
        struct merkle_hash root;
        uint64_t time;
        randombytes_buf(root.bytes, sizeof(root.bytes));
        size_t length = checkpoint_sign(&log_signer, sizes[i], &root, note);
        assert_int_equal(checkpoint_open(note, length, &log_signer.vkey, &checkpoint, &time),
                         CHECKPOINT_OK);
        assert_int_equal(checkpoint.size, sizes[i]);
        assert_memory_equal(checkpoint.root.bytes, root.bytes, sizeof(root.bytes));
    }
}

/* The log's note without the witness: whatever bit is changed, it does not open. */
static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = example_root();
    size_t length = checkpoint_sign(&log_signer, 8, &root, note);
    for (size_t bit = 0; bit < length * 8; bit++) {
        struct checkpoint checkpoint = {.size = 77};
        uint64_t time = 77;
        note[bit / 8] = (char)(note[bit / 8] ^ (1 << bit % 8));
        assert_in_range(checkpoint_open(note, length, &log_signer.vkey, &checkpoint, &time),
                        CHECKPOINT_MALFORMED, CHECKPOINT_BAD_SIGNATURE);
        assert_int_equal(checkpoint.size, 77);
        assert_int_equal(time, 77);
        note[bit / 8] = (char)(note[bit / 8] ^ (1 << bit % 8));
    }
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
}

static void test_every_flipped_bit_of_a_cosigned_text_or_cosignature_is_found(void **state)
{
    (void)state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    strcpy(note, support_string(example, "checkpoint"));
    size_t text_end = (size_t)(strstr(note, "\n\n") - note) + 2;
    size_t line_begin = (size_t)(strstr(note, DASH "witness") - note);
    size_t length = strlen(note);
    for (size_t bit = 0; bit < length * 8; bit++) {
        if (bit / 8 >= text_end && bit / 8 < line_begin) {
            continue; /* the log's own line is not the witness's affair */
        }
        note[bit / 8] = (char)(note[bit / 8] ^ (1 << bit % 8));
        struct checkpoint checkpoint;
        uint64_t time;
        assert_in_range(checkpoint_open(note, length, &witness, &checkpoint, &time),
                        CHECKPOINT_MALFORMED, CHECKPOINT_BAD_SIGNATURE);
        note[bit / 8] = (char)(note[bit / 8] ^ (1 << bit % 8));
    }
    assert_int_equal(open_as(note, &witness), CHECKPOINT_OK);
}

static void test_every_cut_note_is_refused(void **state)
{
    (void)state;
    const char *note = support_string(example, "checkpoint");
    for (size_t length = 0; length < strlen(note); length++) {
        char *cut = malloc(length > 0 ? length : 1);
        struct checkpoint checkpoint;
        uint64_t time;
        assert_non_null(cut);
        memcpy(cut, note, length);
        assert_int_not_equal(checkpoint_open(cut, length, &witness, &checkpoint, &time),
                             CHECKPOINT_OK);
        free(cut);
    }
}

/* Signed as they stand, so that only the reading can refuse them. */
static void test_texts_that_are_no_checkpoint(void **state)
{
    (void)state;
#define ROOT "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    static const char *const bad[] = {
        "\n",
        ORIGIN "\n",
        ORIGIN "\n8\n",
        "\n8\n" ROOT "\n",
        "two words\n8\n" ROOT "\n",
        ORIGIN "\n\n" ROOT "\n",
        ORIGIN "\n08\n" ROOT "\n",
        ORIGIN "\n00\n" ROOT "\n",
        ORIGIN "\n+8\n" ROOT "\n",
        ORIGIN "\n-8\n" ROOT "\n",
        ORIGIN "\n 8\n" ROOT "\n",
        ORIGIN "\n8 \n" ROOT "\n",
        ORIGIN "\n0x8\n" ROOT "\n",
        ORIGIN "\n8a\n" ROOT "\n",
        ORIGIN "\n9223372036854775808\n" ROOT "\n",
        ORIGIN "\n9999999999999999999\n" ROOT "\n",
        ORIGIN "\n18446744073709551616\n" ROOT "\n",
        ORIGIN "\n8\n\n",
        /* no padding; left-over bits; base64url; 31 and 33 bytes; white space */
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz-Nw7_RgQyg=\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQw==\n",
        ORIGIN "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyhA\n",
        ORIGIN "\n8\n" ROOT " \n",
        ORIGIN "\n8\n" ROOT "=\n",
        /* an empty extension line, a control character, what is not UTF-8 */
        ORIGIN "\n8\n" ROOT "\n\nextension\n",
        ORIGIN "\n8\n" ROOT "\ncarriage return\r\n",
        ORIGIN "\n8\n" ROOT "\ntab\there\n",
        ORIGIN "\n8\n" ROOT "\n\x80\n",
        ORIGIN "\n8\n" ROOT "\n\xC0\xAF\n",
        ORIGIN "\n8\n" ROOT "\n\xE0\x80\xAF\n",
        ORIGIN "\n8\n" ROOT "\n\xED\xA0\x80\n",
        ORIGIN "\n8\n" ROOT "\n\xF0\x80\x80\xAF\n",
        ORIGIN "\n8\n" ROOT "\n\xF4\x90\x80\x80\n",
        ORIGIN "\n8\n" ROOT "\n\xFF\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char note[CHECKPOINT_NOTE_MAXIMUM];
        sign_text(bad[i], note);
        assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_MALFORMED);
        assert_int_equal(parse(note), CHECKPOINT_MALFORMED);
    }
}

static void test_extension_lines_are_passed_over(void **state)
{
    (void)state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    sign_text(ORIGIN "\n8\n" ROOT "\nan extension\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\xB7\n", note);
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
}

static void assert_extension(const char *note, const char *expected)
{
    const char *lines = NULL;
    size_t length = 1;
    assert_int_equal(checkpoint_extension(note, strlen(note), &lines, &length), CHECKPOINT_OK);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(lines, expected, length);
    assert_true(lines >= note && lines + length <= note + strlen(note));
}

static void test_extension_lines_are_signed_and_found(void **state)
{
    (void)state;
    static const char *const extensions[] = {"", "one\n", "one\ntwo \xC3\xA9\xE2\x82\xAC\n"};
    const struct merkle_hash root = example_root();
    for (size_t i = 0; i < ARRAY_LENGTH(extensions); i++) {
        char note[CHECKPOINT_NOTE_MAXIMUM];
        char text[CHECKPOINT_NOTE_MAXIMUM];
        char expected[CHECKPOINT_NOTE_MAXIMUM];
        size_t length = 0;
        assert_int_equal(
            checkpoint_sign_extended(&log_signer, 8, &root, extensions[i], note, &length),
            CHECKPOINT_OK);
        sprintf(text, ORIGIN "\n8\n" ROOT "\n%s", extensions[i]);
        sign_text(text, expected);
        assert_string_equal(note, expected);
        assert_int_equal(length, strlen(note));
        assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
        assert_extension(note, extensions[i]);
        if (extensions[i][0] != '\0') {
            *strstr(note, "one") = 'O';
            assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_BAD_SIGNATURE);
        }
    }
    const char *lines = NULL;
    size_t length = 77;
    assert_int_equal(checkpoint_extension("x", 1, &lines, &length), CHECKPOINT_MALFORMED);
    assert_null(lines);
    assert_int_equal(length, 77);
}

static void test_extension_lines_that_are_not_signed(void **state)
{
    (void)state;
    static const char *const bad[] = {"\n",     "one",   "one\n\ntwo\n", "one\n\n",   "\none\n",
                                      "a\tb\n", "a\r\n", "\x80\n",       "\xC0\xAF\n"};
    const struct merkle_hash root = example_root();
    char note[CHECKPOINT_NOTE_MAXIMUM];
    size_t length = 77;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(checkpoint_sign_extended(&log_signer, 8, &root, bad[i], note, &length),
                         CHECKPOINT_MALFORMED);
    }
    char longest[CHECKPOINT_EXTENSION_MAXIMUM + 2];
    memset(longest, 'x', sizeof(longest));
    longest[CHECKPOINT_EXTENSION_MAXIMUM] = '\n';
    longest[CHECKPOINT_EXTENSION_MAXIMUM + 1] = '\0';
    assert_int_equal(checkpoint_sign_extended(&log_signer, 8, &root, longest, note, &length),
                     CHECKPOINT_MALFORMED);
    assert_int_equal(length, 77);
    assert_int_equal(checkpoint_sign_extended(&log_signer, 8, &root, longest + 1, note, &length),
                     CHECKPOINT_OK);
    assert_extension(note, longest + 1);
}

static void test_longest_note(void **state)
{
    (void)state;
    static const char head[] = ORIGIN "\n8\n" ROOT "\n";
    char note[2 * CHECKPOINT_NOTE_MAXIMUM];
    char text[2 * CHECKPOINT_NOTE_MAXIMUM];
    sign_text(head, note);
    size_t signature = strlen(note) - strlen(head);
    for (size_t over = 0; over <= 1; over++) {
        size_t fill = CHECKPOINT_NOTE_MAXIMUM + over - strlen(head) - signature;
        strcpy(text, head);
        memset(text + strlen(head), 'x', fill);
        strcpy(text + strlen(head) + fill - 1, "\n");
        sign_text(text, note);
        assert_int_equal(strlen(note), CHECKPOINT_NOTE_MAXIMUM + over);
        assert_int_equal(open_as(note, &log_signer.vkey),
                         over ? CHECKPOINT_MALFORMED : CHECKPOINT_OK);
    }
}

static void test_signatures_of_unknown_keys_are_ignored(void **state)
{
    (void)state;
    static const char text[] = ORIGIN "\n8\n" ROOT "\n";
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const uint8_t junk[100] = {1};
    const uint8_t other_id[4] = {1, 2, 3, 4};
    sign_text(text, note);
    append_line(note, "someone.else", other_id, junk, sizeof(junk));
    append_line(note, ORIGIN, other_id, junk, 64);                   /* our name, another id */
    append_line(note, "someone.else", log_signer.vkey.id, junk, 64); /* our id, another name */
    append_line(note, "caf\xC3\xA9", other_id, junk, 1);
    cosign(text, 5, note);
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
    assert_int_equal(open_as(note, &witness), CHECKPOINT_OK);

    struct checkpoint_vkey stranger = log_signer.vkey;
    stranger.id[0] ^= 1;
    assert_int_equal(open_as(note, &stranger), CHECKPOINT_NOT_SIGNED);
}

static void test_a_forged_line_is_not_hidden_by_a_good_one(void **state)
{
    (void)state;
    static const char text[] = ORIGIN "\n8\n" ROOT "\n";
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const uint8_t junk[72] = {1};

    sign_text(text, note);
    append_line(note, ORIGIN, log_signer.vkey.id, junk, 64);
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_BAD_SIGNATURE);

    sprintf(note, "%s\n", text);
    append_line(note, ORIGIN, log_signer.vkey.id, junk, 64);
    size_t length = strlen(note);
    sign_text(text, note + length); /* only for its line, which follows the forged one */
    memmove(note + length, strstr(note + length, "\n\n") + 2,
            strlen(strstr(note + length, "\n\n") + 2) + 1);
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_BAD_SIGNATURE);

    /* a payload of another length under a known key */
    static const size_t lengths[] = {1, 63, 65, 71, 72};
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        sign_text(text, note);
        append_line(note, ORIGIN, log_signer.vkey.id, junk, lengths[i]);
        assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_BAD_SIGNATURE);
    }
    sign_text(text, note);
    append_line(note, witness.name, witness.id, junk, 64);
    assert_int_equal(open_as(note, &witness), CHECKPOINT_BAD_SIGNATURE);
}

static void test_malformed_lines(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\n",
        "x\n",
        "- " ORIGIN " LgBMmQ==\n",
        DASH "\n",
        DASH "name\n",
        DASH "name \n",
        DASH "name LgBMmQ==\n", /* an id without a signature */
        DASH "name LgBMmQE\n",
        DASH "name LgBMmQF=\n",
        DASH "na+me LgBMmQE=\n",
        DASH " LgBMmQE=\n",
        DASH "name  LgBMmQE=\n",
        DASH "name LgBMmQE= \n",
        "\xE2\x80\x94\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char note[CHECKPOINT_NOTE_MAXIMUM];
        sign_text(ORIGIN "\n8\n" ROOT "\n", note);
        strcat(note, bad[i]);
        assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_MALFORMED);
        assert_int_equal(parse(note), CHECKPOINT_MALFORMED);
    }
    /* With one byte behind the id it is a line. */
    char note[CHECKPOINT_NOTE_MAXIMUM];
    sign_text(ORIGIN "\n8\n" ROOT "\n", note);
    strcat(note, DASH "name LgBMmQE=\n");
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
}

static void test_too_many_lines(void **state)
{
    (void)state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    const struct merkle_hash root = example_root();
    size_t length = checkpoint_sign(&log_signer, 8, &root, note);
    for (unsigned lines = 1; lines < 128; lines++) {
        length += (size_t)sprintf(note + length, DASH "name LgBMmQE=\n");
    }
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_OK);
    sprintf(note + length, DASH "name LgBMmQE=\n");
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_MALFORMED);
}

/* A log's key cannot speak for another log; a witness's can be on every log's checkpoint. */
static void test_a_log_signs_for_itself(void **state)
{
    (void)state;
    static const char text[] = "another.example/log\n8\n" ROOT "\n";
    char note[CHECKPOINT_NOTE_MAXIMUM];
    sign_text(text, note);
    cosign(text, 6, note);
    assert_int_equal(open_as(note, &log_signer.vkey), CHECKPOINT_NOT_SIGNED);
    assert_int_equal(open_as(note, &witness), CHECKPOINT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_is_made_byte_for_byte),
        cmocka_unit_test(test_example_opens_for_both),
        cmocka_unit_test(test_vkeys),
        cmocka_unit_test(test_every_changed_byte_of_a_vkey_is_refused),
        cmocka_unit_test(test_malformed_vkeys),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sizes_round_trip),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_every_flipped_bit_of_a_cosigned_text_or_cosignature_is_found),
        cmocka_unit_test(test_every_cut_note_is_refused),
        cmocka_unit_test(test_texts_that_are_no_checkpoint),
        cmocka_unit_test(test_extension_lines_are_passed_over),
        cmocka_unit_test(test_extension_lines_are_signed_and_found),
        cmocka_unit_test(test_extension_lines_that_are_not_signed),
        cmocka_unit_test(test_longest_note),
        cmocka_unit_test(test_signatures_of_unknown_keys_are_ignored),
        cmocka_unit_test(test_a_forged_line_is_not_hidden_by_a_good_one),
        cmocka_unit_test(test_malformed_lines),
        cmocka_unit_test(test_too_many_lines),
        cmocka_unit_test(test_a_log_signs_for_itself),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, load, unload);
}
