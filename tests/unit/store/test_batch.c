/* SPDX-License-Identifier: EUPL-1.2 */
/* How much work one transaction takes at most, whatever is asked for at once. */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>

#include "store/committer.h"
#include "tests/unit/store/moves.h"

static uint32_t school;
static uint32_t care;

static int setup(void **state)
{
    (void)state;
    office = (struct office){.faulty = true};
    office_open(&office);
    school = office_reporter(&office);
    care = office_reporter(&office);
    office_hire(&office, school, "ann");
    return 0;
}

/* A post on a child with hundreds of archived signals sends as many notices. */
static void test_posts_with_many_notices(void **state)
{
    (void)state;
    enum { ARCHIVED = OFFICE_SCALE(300, 150), POSTS = 60 };
    struct store_signal_post *ops = test_calloc(POSTS, sizeof(*ops));
    char(*names)[16] = test_calloc(POSTS, sizeof(*names));
    struct crowd crowd;
    for (unsigned i = 0; i < ARCHIVED; i++) {
        struct uuid id = office_post(&office, school, "ann", 1);
        assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    }
    for (unsigned i = 0; i < POSTS; i++) {
        snprintf(names[i], sizeof(names[i]), "p%u", i);
        office_hire(&office, care, names[i]);
    }
    uint64_t before = office_status(&office).batches;
    crowd_init(&crowd);
    moves_hold(&office);
    for (unsigned i = 0; i < POSTS; i++) {
        office_fill_post(&office, &ops[i], care, names[i], 1);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    moves_release(&office);
    crowd_finish(&crowd);
    for (unsigned i = 0; i < POSTS; i++) {
        assert_int_equal(ops[i].op.result, 0);
        assert_true(i == 0 || ops[i].op.log_index > ops[i - 1].op.log_index); /* in their order */
    }
    /* Of the archive, and of the match: each to those before it, and the first to itself too. */
    uint64_t notices = office_inbox_state(&office, care).head;
    assert_int_equal(notices, POSTS * ARCHIVED + POSTS * (POSTS - 1) / 2 + POSTS - 1);
    /* The operation that fills a batch is its last, so it may go over by one operation's worth. */
    uint64_t of_one_batch = TX_NOTICES_MAXIMUM + ARCHIVED + POSTS;
    assert_true(office_status(&office).batches - before >= 1 + notices / of_one_batch);
    test_free(names);
    test_free(ops);
}

/* What is counted of a party in one batch is held until its end: every operation finds what those
 * before it have counted, and all of it is kept. */
static void test_counters_within_a_batch(void **state)
{
    (void)state;
    static struct store_signal_post posts[3];
    struct store_acknowledge acknowledge;
    struct store_professional_put put;
    struct crowd crowd;
    office_hire(&office, care, "bob");
    office_fill_post(&office, &posts[0], care, "bob", 1);
    office_fill_post(&office, &posts[1], school, "ann", 1);
    store_acknowledge_init(&acknowledge);
    acknowledge.up_to = 1;
    acknowledge.op.party = care;
    acknowledge.op.by = office_attribution(care);
    store_professional_put_init(&put);
    put.id = "cleo";
    put.op.party = care;
    put.op.by = office_attribution(care);
    office_fill_post(&office, &posts[2], care, "cleo", 1);
    struct store_op *ops[] = {&posts[0].op, &posts[1].op, &acknowledge.op, &put.op, &posts[2].op};
    uint64_t before = office_status(&office).batches;
    crowd_init(&crowd);
    moves_hold(&office);
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        assert_int_equal(crowd_submit(&crowd, office.store, ops[i]), 0);
    }
    moves_release(&office);
    crowd_finish(&crowd);
    assert_int_equal(office_status(&office).batches, before + 2); /* and that of moves_hold() */
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        assert_int_equal(ops[i]->result, 0);
    }
    for (int again = 0; again < 2; again++) {
        struct inbox_state inbox = office_inbox_state(&office, care);
        assert_int_equal(inbox.head, 3); /* bob of ann; bob of cleo, and she of both */
        assert_int_equal(inbox.acknowledged, 1);
        assert_int_equal(office_inbox(&office, care, 0).count, 3);
        assert_int_equal(office_inbox_state(&office, school).head, 2);
        office_reopen(&office);
    }
    office_hire(&office, care, "dirk");
    office_post(&office, care, "dirk", 1); /* with a number of his own: else it would be there */
}

/* What makes many entries goes in batches by these; what makes few, by the number of operations. */
static void test_many_entries(void **state)
{
    (void)state;
    enum { OPERATIONS = 20, ENTRIES = 400, FEW = 1024 };
    static struct store_note_op ops[FEW];
    struct log_note *notes = test_calloc(ENTRIES, sizeof(*notes));
    for (size_t round = 0; round < 2; round++) {
        size_t count = round == 0 ? OPERATIONS : FEW;
        size_t entries = round == 0 ? ENTRIES : 1;
        uint64_t size = office_status(&office).log_size;
        uint64_t before = office_status(&office).batches;
        struct crowd crowd;
        for (size_t i = 0; i < entries; i++) {
            notes[i] = (struct log_note){.event = LOG_SIGNAL_READ};
        }
        crowd_init(&crowd);
        moves_hold(&office);
        for (size_t i = 0; i < count; i++) {
            store_note_init(&ops[i]);
            ops[i].notes = notes;
            ops[i].count = entries;
            ops[i].op.by = office_attribution(school);
            ops[i].op.party = school;
            assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
        }
        moves_release(&office);
        crowd_finish(&crowd);
        assert_int_equal(office_status(&office).log_size, size + count * entries);
        uint64_t batches = office_status(&office).batches - before;
        size_t least = round == 0 ? count * entries / TX_ENTRIES_MAXIMUM : count / COMMITTER_BATCH;
        assert_true(batches >= 1 + least);
    }
    test_free(notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_posts_with_many_notices, setup, teardown_verified),
        cmocka_unit_test_setup_teardown(test_counters_within_a_batch, setup, teardown_verified),
        cmocka_unit_test_setup_teardown(test_many_entries, setup, teardown_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
