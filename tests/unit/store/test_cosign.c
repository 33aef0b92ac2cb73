/* SPDX-License-Identifier: EUPL-1.2 */
/* Heads that witnesses have cosigned: how their lines add up, and what takes the place of what. */
#include "tests/unit/store/log_fixture.h"

#include <errno.h>
#include <stdio.h>

#include "crypto/cosignature.h"

static struct checkpoint_signer witnesses[3];
static uint32_t party;

static int setup(void **state)
{
    static const char *const names[] = {"one.example/w", "two.example/w", "three.example/w"};
    setup_log(state);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const uint8_t seed[CHECKPOINT_SEED_BYTES] = {(uint8_t)(i + 1)};
        assert_int_equal(cosignature_signer_init(&witnesses[i], names[i], seed), 0);
    }
    party = office_reporter(&office);
    return 0;
}

struct head {
    char note[CHECKPOINT_NOTE_MAXIMUM];
};

static struct head present_head(void)
{
    struct head head;
    const char *note;
    assert_int_equal(store_get_head(office_look(&office), &note), 0);
    snprintf(head.note, sizeof(head.note), "%s", note);
    return head;
}

static int cosign(const struct head *head, size_t witness, uint64_t time)
{
    struct store_cosign_op op;
    char line[COSIGNATURE_LINE_SIZE];
    assert_int_equal(
        cosignature_sign(&witnesses[witness], head->note, strlen(head->note), time, line), 0);
    store_cosign_init(&op);
    op.head = head->note;
    op.line = line;
    uint64_t size = office_status(&office).log_size;
    int result = store_run(office.store, &op.op);
    assert_int_equal(office_status(&office).log_size, size);
    assert_false(op.op.logged);
    return result;
}

static const char *witnessed(void)
{
    const char *note = NULL;
    assert_int_equal(store_get_witnessed_checkpoint(office_look(&office), &note), 0);
    return note;
}

static const char *shown(void)
{
    const char *note = NULL;
    assert_int_equal(store_get_checkpoint(office_look(&office), &note), 0);
    return note;
}

/* The note is of this head, and these witnesses, by bits, have cosigned it at these times. */
static void assert_note(const char *note, const struct head *head, unsigned by, uint64_t time)
{
    struct checkpoint checkpoint;
    uint64_t found;
    assert_memory_equal(note, head->note, strlen(head->note));
    assert_int_equal(checkpoint_open(note, strlen(note), &vkey, &checkpoint, &found), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(witnesses); i++) {
        int condition =
            checkpoint_open(note, strlen(note), &witnesses[i].vkey, &checkpoint, &found);
        assert_int_equal(condition, (by & 1u << i) != 0 ? CHECKPOINT_OK : CHECKPOINT_NOT_SIGNED);
        assert_true(condition != CHECKPOINT_OK || found == time + i);
    }
}

static void test_nobody_has_cosigned(void **state)
{
    (void)state;
    const char *note = NULL;
    assert_int_equal(store_get_witnessed_checkpoint(office_look(&office), &note), STORE_NOT_FOUND);
    assert_null(note);
    const struct head head = present_head();
    assert_string_equal(shown(), head.note);
}

static void test_lines_of_one_head_add_up(void **state)
{
    (void)state;
    const struct head head = present_head();
    assert_int_equal(cosign(&head, 1, 11), 0);
    assert_note(witnessed(), &head, 2, 10);
    assert_note(shown(), &head, 2, 10);
    assert_int_equal(cosign(&head, 0, 10), 0);
    assert_note(witnessed(), &head, 3, 10);
    assert_int_equal(cosign(&head, 2, 12), 0);
    assert_note(shown(), &head, 7, 10);
    /* A later line of each replaces the earlier. */
    for (size_t i = 0; i < ARRAY_LENGTH(witnesses); i++) {
        assert_int_equal(cosign(&head, i, 20 + i), 0);
    }
    assert_note(shown(), &head, 7, 20);
    verify_log(office.store, &vkey);
}

static void test_a_newer_head_takes_the_place(void **state)
{
    (void)state;
    const struct head old = present_head();
    assert_int_equal(cosign(&old, 0, 5), 0);
    assert_int_equal(cosign(&old, 1, 6), 0);
    office_hire(&office, party, "ann");
    const struct head new = present_head();
    /* The head shown is the present one, of which nobody knows; the other stays to be had. */
    assert_string_equal(shown(), new.note);
    assert_note(witnessed(), &old, 3, 5);
    /* Older heads are cosigned as long as there is no newer one. */
    assert_int_equal(cosign(&old, 2, 7), 0);
    assert_note(witnessed(), &old, 7, 5);
    assert_int_equal(cosign(&new, 2, 9), 0);
    assert_note(witnessed(), &new, 4, 7);
    assert_note(shown(), &new, 4, 7);
    assert_int_equal(cosign(&old, 0, 99), STORE_STALE);
    assert_note(witnessed(), &new, 4, 7);
}

static void test_it_outlives_a_restart(void **state)
{
    (void)state;
    const struct head head = present_head();
    assert_int_equal(cosign(&head, 0, 5), 0);
    assert_int_equal(cosign(&head, 1, 6), 0);
    office_reopen(&office);
    assert_note(witnessed(), &head, 3, 5);
    assert_note(shown(), &head, 3, 5);
    assert_int_equal(cosign(&head, 2, 7), 0);
    assert_note(shown(), &head, 7, 5);
}

/* What is not a head of this log is a fault of the caller, and changes nothing. */
static void test_what_is_none(void **state)
{
    (void)state;
    const struct head head = present_head();
    struct checkpoint_signer own;
    struct merkle_hash root = {{1}};
    struct head beyond;
    struct store_cosign_op op;
    const uint8_t seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&own, OFFICE_ORIGIN, seed), 0);
    checkpoint_sign(&own, office_status(&office).log_size + 1, &root, beyond.note);
    assert_int_equal(cosign(&beyond, 0, 5), -EINVAL);
    static const char *const wrong[] = {"", "\n", "no line\n", "\xE2\x80\x94 a AAAA\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        store_cosign_init(&op);
        op.head = head.note;
        op.line = wrong[i];
        assert_int_equal(store_run(office.store, &op.op), -EINVAL);
    }
    store_cosign_init(&op);
    assert_int_equal(store_run(office.store, &op.op), -EINVAL);
    const char *note = NULL;
    assert_int_equal(store_get_witnessed_checkpoint(office_look(&office), &note), STORE_NOT_FOUND);
}

/* A row that is no note is a damaged store: told as such, and nothing is built on it. */
static void test_a_damaged_row(void **state)
{
    (void)state;
    const struct head head = present_head();
    static const char name[] = "cosigned";
    static const char value[] = "garbage";
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(office.kv, KV_WRITE, &txn), 0);
    kv_put(txn, KV_META, (struct kv_bytes){name, strlen(name)},
           (struct kv_bytes){value, strlen(value)});
    assert_int_equal(kv_commit(txn), 0);
    assert_int_equal(cosign(&head, 0, 5), -EBADMSG);
    assert_string_equal(shown(), head.note);
}

/* A crowd of cosignatures beside ordinary work: each batch may hold several of them. */
static void test_many_at_once(void **state)
{
    (void)state;
    enum { OPS = 64 };
    static struct store_cosign_op ops[OPS];
    static char lines[OPS][COSIGNATURE_LINE_SIZE];
    struct crowd crowd;
    const struct head head = present_head();
    crowd_init(&crowd);
    for (size_t i = 0; i < OPS; i++) {
        assert_int_equal(
            cosignature_sign(&witnesses[i % 3], head.note, strlen(head.note), 100 + i, lines[i]),
            0);
        store_cosign_init(&ops[i]);
        ops[i].head = head.note;
        ops[i].line = lines[i];
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    crowd_wait(&crowd);
    for (size_t i = 0; i < OPS; i++) {
        assert_int_equal(ops[i].op.result, 0);
    }
    crowd_finish(&crowd);
    struct checkpoint checkpoint;
    uint64_t time;
    const char *note = witnessed();
    assert_int_equal(
        checkpoint_open(note, strlen(note), &witnesses[(OPS - 1) % 3].vkey, &checkpoint, &time), 0);
    assert_int_equal(time, 100 + OPS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody_has_cosigned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_of_one_head_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_head_takes_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_outlives_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
