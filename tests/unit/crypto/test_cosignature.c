/* SPDX-License-Identifier: EUPL-1.2 */
/* What a witness signs and what comes of its lines; the published example is its own vector. */
#include "crypto/cosignature.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/crypto/support.h"

#define DASH "\xE2\x80\x94 "
#define ORIGIN "example.com/log"

static struct checkpoint_signer log_signer;
static struct checkpoint_signer first;
static struct checkpoint_signer second;
static char note[CHECKPOINT_NOTE_MAXIMUM];

static int setup(void **state)
{
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    struct merkle_hash root;
    memset(&root, 7, sizeof(root));
    memset(seed, 1, sizeof(seed));
    assert_int_equal(support_init(state), 0);
    assert_int_equal(checkpoint_signer_init(&log_signer, ORIGIN, seed), 0);
    memset(seed, 2, sizeof(seed));
    assert_int_equal(cosignature_signer_init(&first, "first.example/w", seed), 0);
    memset(seed, 3, sizeof(seed));
    assert_int_equal(cosignature_signer_init(&second, "second.example/w", seed), 0);
    assert_true(checkpoint_sign(&log_signer, 12, &root, note) > 0);
    return 0;
}

static int find(const char *lines, const struct checkpoint_signer *witness, char *line,
                uint64_t *time)
{
    return cosignature_find(note, strlen(note), lines, strlen(lines), &witness->vkey, line, time);
}

/* Of C2SP tlog-cosignature's key of type 04, as vectors/tlog.json has its example. */
static void test_the_published_example(void **state)
{
    (void)state;
    json_t *vectors = support_load_vectors("tlog.json");
    const json_t *example = json_object_get(vectors, "checkpoint_example");
    uint8_t seed[CHECKPOINT_SEED_BYTES];
    char line[COSIGNATURE_LINE_SIZE];
    struct checkpoint_signer witness;
    struct checkpoint_vkey vkey;
    support_from_hex(support_string(example, "witness_seed"), seed, sizeof(seed));
    assert_int_equal(checkpoint_vkey_parse(support_string(example, "witness_vkey"), &vkey), 0);
    assert_int_equal(cosignature_signer_init(&witness, vkey.name, seed), 0);
    assert_memory_equal(&witness.vkey, &vkey, sizeof(vkey));
    const char *published = support_string(example, "checkpoint");
    uint64_t time = support_integer(example, "witness_time");
    assert_int_equal(cosignature_sign(&witness, published, strlen(published), time, line), 0);
    assert_non_null(strstr(published, line));
    json_decref(vectors);
}

static void test_a_line_is_found_and_verified(void **state)
{
    (void)state;
    char one[COSIGNATURE_LINE_SIZE];
    char other[COSIGNATURE_LINE_SIZE];
    char found[COSIGNATURE_LINE_SIZE];
    char lines[4 * COSIGNATURE_LINE_SIZE];
    uint64_t time = 0;
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 5, one), 0);
    assert_int_equal(cosignature_sign(&second, note, strlen(note), 6, other), 0);
    snprintf(lines, sizeof(lines), "%s%s", other, one);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_OK);
    assert_string_equal(found, one);
    assert_int_equal(time, 5);
    assert_int_equal(find(other, &first, found, &time), CHECKPOINT_NOT_SIGNED);

    /* The last of several. */
    char later[COSIGNATURE_LINE_SIZE];
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 9, later), 0);
    snprintf(lines, sizeof(lines), "%s%s", one, later);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_OK);
    assert_string_equal(found, later);
    assert_int_equal(time, 9);
}

static void test_lines_that_are_none(void **state)
{
    (void)state;
    char line[COSIGNATURE_LINE_SIZE];
    char found[COSIGNATURE_LINE_SIZE];
    char lines[2 * COSIGNATURE_LINE_SIZE];
    static char many[CHECKPOINT_NOTE_MAXIMUM + COSIGNATURE_LINE_SIZE];
    uint64_t time;
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 5, line), 0);
    assert_int_equal(find("", &first, found, &time), CHECKPOINT_MALFORMED);
    snprintf(lines, sizeof(lines), "\n%s", line);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_MALFORMED);
    snprintf(lines, sizeof(lines), "%.*s", (int)strlen(line) - 1, line);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_MALFORMED);
    snprintf(lines, sizeof(lines), "%snonsense\n", line);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_MALFORMED);
    /* Text before an empty line would be another note. */
    snprintf(lines, sizeof(lines), "other\n\n%s", line);
    assert_int_equal(find(lines, &first, found, &time), CHECKPOINT_MALFORMED);
    while (strlen(many) < CHECKPOINT_NOTE_MAXIMUM) {
        strcat(many, line);
    }
    assert_int_equal(find(many, &first, found, &time), CHECKPOINT_MALFORMED);
}

/* Every bit of key id, time and signature counts. */
static void test_a_flipped_bit(void **state)
{
    (void)state;
    char line[COSIGNATURE_LINE_SIZE];
    char found[COSIGNATURE_LINE_SIZE];
    uint64_t time;
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 5, line), 0);
    size_t begin = sizeof(DASH) - 1 + strlen(first.vkey.name) + 1;
    for (size_t i = begin; i < strlen(line) - 2; i++) { /* before the padding */
        char kept = line[i];
        line[i] = kept == 'A' ? 'B' : 'A';
        int condition = find(line, &first, found, &time);
        assert_true(condition != CHECKPOINT_OK);
        line[i] = kept;
    }
    assert_int_equal(find(line, &first, found, &time), CHECKPOINT_OK);
}

static void test_times(void **state)
{
    (void)state;
    char line[COSIGNATURE_LINE_SIZE];
    char found[COSIGNATURE_LINE_SIZE];
    uint64_t time = 0;
    assert_int_equal(
        cosignature_sign(&first, note, strlen(note), COSIGNATURE_TIME_MAXIMUM + 1, line),
        CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_sign(&first, note, strlen(note), COSIGNATURE_TIME_MAXIMUM, line),
                     0);
    assert_int_equal(find(line, &first, found, &time), CHECKPOINT_OK);
    assert_true(time == COSIGNATURE_TIME_MAXIMUM);
    assert_int_equal(cosignature_sign(&first, "no note\n", 8, 5, line), CHECKPOINT_MALFORMED);
}

static void test_lines_add_up(void **state)
{
    (void)state;
    char whole[CHECKPOINT_NOTE_MAXIMUM];
    char more[CHECKPOINT_NOTE_MAXIMUM];
    char line[COSIGNATURE_LINE_SIZE];
    struct checkpoint checkpoint;
    uint64_t time = 0;
    size_t size = 0;
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 5, line), 0);
    assert_int_equal(cosignature_add(note, strlen(note), line, whole, &size), 0);
    assert_int_equal(size, strlen(whole));
    assert_int_equal(size, strlen(note) + strlen(line));
    assert_memory_equal(whole, note, strlen(note));
    assert_int_equal(cosignature_sign(&second, note, strlen(note), 6, line), 0);
    assert_int_equal(cosignature_add(whole, size, line, more, &size), 0);
    for (int i = 0; i < 3; i++) {
        const struct checkpoint_signer *signers[] = {&log_signer, &first, &second};
        const uint64_t times[] = {0, 5, 6};
        assert_int_equal(checkpoint_open(more, size, &signers[i]->vkey, &checkpoint, &time), 0);
        assert_int_equal(time, times[i]);
    }
    /* A later line of the same witness takes the place of the earlier. */
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 8, line), 0);
    size_t before = size;
    assert_int_equal(cosignature_add(more, size, line, whole, &size), 0);
    assert_int_equal(size, before);
    assert_int_equal(checkpoint_open(whole, size, &first.vkey, &checkpoint, &time), 0);
    assert_int_equal(time, 8);
}

static void test_what_cannot_be_added(void **state)
{
    (void)state;
    static char full[CHECKPOINT_NOTE_MAXIMUM + 1];
    char out[CHECKPOINT_NOTE_MAXIMUM];
    char line[COSIGNATURE_LINE_SIZE];
    char wrong[2 * COSIGNATURE_LINE_SIZE];
    size_t size = 0;
    assert_int_equal(cosignature_sign(&first, note, strlen(note), 5, line), 0);
    snprintf(wrong, sizeof(wrong), "%s%s", line, line);
    assert_int_equal(cosignature_add(note, strlen(note), wrong, out, &size), CHECKPOINT_MALFORMED);
    snprintf(wrong, sizeof(wrong), "%.*s", (int)strlen(line) - 1, line);
    assert_int_equal(cosignature_add(note, strlen(note), wrong, out, &size), CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_add(note, strlen(note), "", out, &size), CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_add("no note", 7, line, out, &size), CHECKPOINT_MALFORMED);
    strcpy(full, note);
    while (strlen(full) + 20 < CHECKPOINT_NOTE_MAXIMUM) {
        strcat(full, DASH "a AAAAAAA=\n");
    }
    assert_int_equal(cosignature_add(full, strlen(full), line, out, &size), CHECKPOINT_MALFORMED);
    assert_int_equal(size, 0);
}

static void test_names(void **state)
{
    (void)state;
    uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    struct checkpoint_signer signer;
    char name[CHECKPOINT_NAME_MAXIMUM + 2];
    char line[COSIGNATURE_LINE_SIZE];
    memset(name, 'n', sizeof(name));
    name[CHECKPOINT_NAME_MAXIMUM + 1] = '\0';
    assert_int_equal(cosignature_signer_init(&signer, name, seed), CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_signer_init(&signer, "", seed), CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_signer_init(&signer, "a b", seed), CHECKPOINT_MALFORMED);
    assert_int_equal(cosignature_signer_init(&signer, "a+b", seed), CHECKPOINT_MALFORMED);
    name[CHECKPOINT_NAME_MAXIMUM] = '\0';
    assert_int_equal(cosignature_signer_init(&signer, name, seed), 0);
    assert_int_equal(cosignature_sign(&signer, note, strlen(note), 1, line), 0);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

static void test_hashes_as_text(void **state)
{
    (void)state;
    struct merkle_hash hash;
    struct merkle_hash again;
    char text[CHECKPOINT_HASH_SIZE];
    for (size_t i = 0; i < sizeof(hash.bytes); i++) {
        hash.bytes[i] = (uint8_t)(i * 37 + 200);
    }
    checkpoint_hash_format(&hash, text);
    assert_int_equal(checkpoint_hash_parse(text, strlen(text), &again), 0);
    assert_memory_equal(&hash, &again, sizeof(hash));
    assert_int_equal(checkpoint_hash_parse(text, strlen(text) - 1, &again), CHECKPOINT_MALFORMED);
    text[5] = ' ';
    assert_int_equal(checkpoint_hash_parse(text, strlen(text), &again), CHECKPOINT_MALFORMED);
    /* 44 characters without padding stand for 33 bytes. */
    memset(text, 'A', sizeof(text) - 1);
    assert_int_equal(checkpoint_hash_parse(text, strlen(text), &again), CHECKPOINT_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_example),
        cmocka_unit_test(test_a_line_is_found_and_verified),
        cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_a_flipped_bit),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_lines_add_up),
        cmocka_unit_test(test_what_cannot_be_added),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_hashes_as_text),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
