/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operation is told when the engine fails beneath it, and what is left after. */
#include "tests/unit/store/office.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/store/verify.h"

static struct office office;
static struct checkpoint_vkey vkey;
static uint32_t school;

static int setup_with(size_t queue_maximum)
{
    office = (struct office){.faulty = true, .queue_maximum = queue_maximum};
    office_open(&office);
    vkey = verify_key(office.keys, OFFICE_ORIGIN);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(0);
}

static int teardown(void **state)
{
    (void)state;
    office_finish(&office);
    return 0;
}

/* Holds the committer at its commits, one by one. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool open;
    unsigned waiting;
};
static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true, 0};

static void wait_at_gate(void *context)
{
    (void)context;
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    pthread_cond_broadcast(&gate.moved);
    while (!gate.open) {
        pthread_cond_wait(&gate.moved, &gate.lock);
    }
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
}

/* Nothing is left to be indexed: in a quiet moment that alone would be a commit at the gate. */
static void close_gate(void)
{
    static const struct kv_faulty_plan plan = {.before_commit = wait_at_gate};
    office_index(&office);
    pthread_mutex_lock(&gate.lock);
    gate.open = false;
    pthread_mutex_unlock(&gate.lock);
    kv_faulty_set(office.kv, &plan);
}

static void await_committer(void)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting == 0) {
        pthread_cond_wait(&gate.moved, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

/* The committer stands in a commit of nothing, so that what is submitted now becomes one batch. */
static void hold_committer(struct crowd *crowd, struct store_note_op *op)
{
    close_gate();
    store_note_init(op);
    assert_int_equal(crowd_submit(crowd, office.store, &op->op), 0);
    await_committer();
}

static void test_a_slow_commit_gathers_the_next_batch(void **state)
{
    (void)state;
    enum { SIGNALS = 200 };
    struct store_signal_post *ops = test_calloc(SIGNALS, sizeof(*ops));
    struct crowd crowd;
    struct store_note_op first;
    struct store_status before = office_status(&office);
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    assert_int_equal(office_status(&office).queue_depth, SIGNALS);
    open_gate();
    crowd_finish(&crowd);
    struct store_status after = office_status(&office);
    assert_int_equal(after.operations, before.operations + 1 + SIGNALS);
    assert_int_equal(after.batches, before.batches + 2);
    assert_int_equal(after.queue_depth, 0);
    test_free(ops);
}

/* Nothing is answered, and nothing can be seen, before the commit. */
static void test_no_answer_before_the_commit(void **state)
{
    (void)state;
    struct store_signal_post post;
    struct crowd crowd;
    crowd_init(&crowd);
    close_gate();
    office_fill_post(&office, &post, school, "ann", 1);
    assert_int_equal(crowd_submit(&crowd, office.store, &post.op), 0);
    await_committer();
    assert_int_equal(mailbox_deliver(&crowd.box), 0);
    assert_int_equal(office_signals(&office, school, 0).count, 0);
    assert_int_equal(office_status(&office).signals, 0);
    open_gate();
    crowd_finish(&crowd);
    assert_int_equal(post.op.result, 0);
    assert_int_equal(office_signals(&office, school, 0).count, 1);
}

static void test_the_queue_is_bounded(void **state)
{
    (void)state;
    struct store_note_op ops[12];
    struct store_note_op first;
    struct crowd crowd;
    office_finish(&office);
    setup_with(10);
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (int i = 0; i < 12; i++) {
        store_note_init(&ops[i]);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op),
                         i < 10 ? STORE_OK : STORE_OVERLOADED);
    }
    assert_int_equal(office_status(&office).shed, 2);
    open_gate();
    crowd_finish(&crowd);
    assert_int_equal(office_run(&office, &ops[11].op, school), 0);
}

/* A fault at any put of a batch costs nobody anything: each is run again on its own. */
static void test_a_fault_within_a_batch(void **state)
{
    (void)state;
    enum { SIGNALS = 12 };
    static const int faults[] = {-EIO, -ENOMEM, KV_FULL};
    unsigned child = 0;
    unsigned aborted = 0;
    for (unsigned at = 1; at < 70; at += OFFICE_SCALE(1, 5)) {
        struct store_signal_post ops[SIGNALS];
        struct store_note_op first;
        struct crowd crowd;
        struct store_status before = office_status(&office);
        crowd_init(&crowd);
        hold_committer(&crowd, &first);
        for (unsigned i = 0; i < SIGNALS; i++) {
            office_fill_post(&office, &ops[i], school, "ann", child + i / 2); /* each child twice */
            assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
        }
        struct kv_faulty_plan plan = {.fail_put_at = at, .put_result = faults[at % 3]};
        kv_faulty_set(office.kv, &plan);
        open_gate();
        crowd_finish(&crowd);
        struct store_status after = office_status(&office);
        for (unsigned i = 0; i < SIGNALS; i++) {
            assert_int_equal(ops[i].op.result, 0);
            assert_int_equal(ops[i].created, i % 2 == 0);
            assert_true(same_uuid(&ops[i].signal.id, &ops[i & ~1u].signal.id));
        }
        assert_int_equal(after.signals, before.signals + SIGNALS / 2);
        assert_int_equal(after.log_size, before.log_size + SIGNALS);
        aborted += after.aborted_batches > before.aborted_batches ? 1 : 0;
        child += SIGNALS / 2;
    }
    assert_true(aborted > 5);
    assert_int_equal(atomic_load(&office.failures), 0);
    verify_log(office.store, &vkey);
    office_reopen(&office);
    verify_log(office.store, &vkey);
    assert_int_equal(office_signals(&office, school, 0).count, child);
}

/* One that fails always, in the midst of others, fails alone. */
static void test_one_cannot_fail_the_rest(void **state)
{
    (void)state;
    enum { SIGNALS = 9, BAD = 4 };
    struct store_signal_post ops[SIGNALS];
    struct store_note_op first;
    struct crowd crowd;
    char reference[MODEL_REFERENCE_BYTES + 2];
    memset(reference, 'x', sizeof(reference));
    reference[MODEL_REFERENCE_BYTES + 1] = '\0';
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        ops[i].reference = i == BAD ? reference : "";
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    open_gate();
    crowd_finish(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        assert_int_equal(ops[i].op.result, i == BAD ? -EMSGSIZE : 0);
        assert_int_equal(ops[i].op.logged, i != BAD);
    }
    assert_int_equal(office_status(&office).signals, SIGNALS - 1);
    verify_log(office.store, &vkey);
}

/* In the second commit after the batch was given up: the next put finds the map full. */
static void fill_map(void *context)
{
    unsigned *commits = context;
    if (++*commits == 2) {
        struct kv_faulty_plan plan = {.fail_put_at = 1, .put_result = KV_FULL};
        kv_faulty_set(office.kv, &plan);
    }
}

static void test_a_full_map_refuses_that_one_only(void **state)
{
    (void)state;
    enum { SIGNALS = 6 };
    struct store_signal_post ops[SIGNALS];
    struct store_note_op first;
    struct crowd crowd;
    unsigned commits = 0;
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    /* The first few have been logged by the time that the batch is given up. */
    struct kv_faulty_plan plan = {
        .fail_put_at = 30, .put_result = KV_FULL, .before_commit = fill_map, .context = &commits};
    kv_faulty_set(office.kv, &plan);
    open_gate();
    crowd_finish(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        assert_int_equal(ops[i].op.result, i == 2 ? STORE_FULL : 0);
        assert_int_equal(ops[i].op.logged, i != 2);
    }
    assert_int_equal(office_status(&office).signals, SIGNALS - 1);
    assert_false(office_status(&office).failed);
    verify_log(office.store, &vkey);
}

/* ---- a commit of unknown outcome ---- */

struct visitor {
    struct store_waiter waiter;
    unsigned delivered;
};

static void note_visit(struct mail *mail)
{
    CONTAINER_OF(mail, struct visitor, waiter.mail)->delivered++;
}

static void check_dead(unsigned survivors)
{
    struct store_note_op op;
    struct visitor late = {.waiter.party = school, .waiter.mail.deliver = note_visit};
    struct crowd crowd;
    crowd_init(&crowd);
    assert_true(office_status(&office).failed);
    assert_int_equal(atomic_load(&office.failures), 1);
    store_note_init(&op);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(crowd_submit(&crowd, office.store, &op.op), STORE_STOPPED);
    }
    late.waiter.mailbox = &crowd.box;
    assert_int_equal(store_wait(office.store, &late.waiter), 0);
    crowd.pending = 1;
    crowd_finish(&crowd);
    assert_int_equal(late.delivered, 1);
    office_reopen(&office);
    assert_int_equal(atomic_load(&office.failures), 1);
    assert_int_equal(office_signals(&office, school, 0).count, survivors);
    assert_int_equal(office_status(&office).signals, survivors);
    verify_log(office.store, &vkey);
    office_post(&office, school, "ann", 1000);
}

static void fail_a_commit(bool happens)
{
    enum { SIGNALS = 8 };
    struct store_signal_post ops[2 * SIGNALS];
    struct store_note_op first;
    struct visitor visitor = {.waiter.party = school, .waiter.mail.deliver = note_visit};
    struct crowd crowd;
    crowd_init(&crowd);
    visitor.waiter.mailbox = &crowd.box;
    assert_int_equal(store_wait(office.store, &visitor.waiter), 0);
    crowd.pending++;
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(store_run(office.store, &ops[i].op), 0); /* acknowledged: must stay */
    }
    hold_committer(&crowd, &first);
    for (unsigned i = SIGNALS; i < 2 * SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    struct kv_faulty_plan plan = {
        .fail_commit_at = 1, .commit_result = -EIO, .commit_happens = happens};
    kv_faulty_set(office.kv, &plan);
    open_gate();
    crowd_finish(&crowd);
    for (unsigned i = SIGNALS; i < 2 * SIGNALS; i++) {
        assert_int_equal(ops[i].op.result, STORE_STOPPED);
    }
    assert_int_equal(visitor.delivered, 1);
    check_dead(happens ? 2 * SIGNALS : SIGNALS);
}

static void test_a_failed_commit_that_did_not_happen(void **state)
{
    (void)state;
    fail_a_commit(false);
}

static void test_a_failed_commit_that_happened(void **state)
{
    (void)state;
    fail_a_commit(true);
}

/* The commit that fails is one of those after a batch was given up. */
static void test_a_failed_commit_when_run_alone(void **state)
{
    (void)state;
    enum { SIGNALS = 6 };
    struct store_signal_post ops[SIGNALS];
    struct store_note_op first;
    struct crowd crowd;
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    struct kv_faulty_plan plan = {
        .fail_put_at = 3, .put_result = -EIO, .fail_commit_at = 3, .commit_result = -EIO};
    kv_faulty_set(office.kv, &plan);
    open_gate();
    crowd_finish(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        assert_int_equal(ops[i].op.result, i < 2 ? 0 : STORE_STOPPED);
    }
    check_dead(2);
}

/* The store's own work, when nobody asks for anything: the same end. */
static void test_a_failed_commit_of_its_own(void **state)
{
    (void)state;
    struct visitor visitor = {.waiter.party = school, .waiter.mail.deliver = note_visit};
    struct crowd crowd;
    struct kv_faulty_plan plan = {.fail_commit_at = 2, .commit_result = -EIO};
    struct log_note note = {.event = LOG_SIGNALS_LISTED};
    crowd_init(&crowd);
    visitor.waiter.mailbox = &crowd.box;
    assert_int_equal(store_wait(office.store, &visitor.waiter), 0);
    crowd.pending++;
    office_index(&office);
    kv_faulty_set(office.kv, &plan);
    office_note(&office, school, &note);
    crowd_finish(&crowd); /* its entry is indexed in a quiet moment */
    /* The waiter is woken before the owner is told; closing waits for both. */
    office_reopen(&office);
    assert_int_equal(atomic_load(&office.failures), 1);
    verify_log(office.store, &vkey);
    office_post(&office, school, "ann", 1000);
}

/* ---- room ---- */

static void set_room(uint64_t bytes)
{
    struct kv_faulty_plan plan = {.free_bytes = bytes};
    struct store_note_op op;
    kv_faulty_set(office.kv, &plan);
    store_note_init(&op);
    (void)office_run(&office, &op.op, school); /* room is looked at before a batch */
}

static void test_low_water(void **state)
{
    (void)state;
    struct store_signal_post post;
    struct store_party_change change;
    struct store_professional_put put;
    struct log_note note = {.event = LOG_MATCH_READ};
    office_hire(&office, school, "eve");
    struct uuid first = office_post(&office, school, "ann", 1);
    struct uuid second = office_post(&office, school, "eve", 1);
    set_room((uint64_t)8 << 20);
    assert_int_equal(office_try_post(&office, &post, school, "ann", 2), STORE_FULL);
    store_professional_put_init(&put);
    put.id = "new";
    assert_int_equal(office_run(&office, &put.op, school), STORE_FULL);
    office_change(&change, school, PARTY_CHANGE);
    assert_int_equal(office_run(&office, &change.op, 0), 0); /* as suspending must */
    /* Logged reads, withdrawals, receipts and erasures go on. */
    office_note(&office, school, &note);
    assert_int_equal(office_acknowledge(&office, school, 2), 0);
    assert_int_equal(office_withdraw(&office, school, &first, WITHDRAW_ENDED), 0);
    assert_int_equal(office_withdraw(&office, school, &second, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_dismiss(&office, school, "eve"), 0);

    set_room(1000); /* the hard end */
    struct store_note_op op;
    store_note_init(&op);
    op.count = 1;
    op.notes = &note;
    uint64_t before = office_status(&office).log_size;
    assert_int_equal(office_run(&office, &op.op, school), STORE_FULL);
    assert_false(op.op.logged);
    assert_int_equal(office_withdraw(&office, school, &first, WITHDRAW_WRONGFUL), STORE_FULL);
    assert_int_equal(office_status(&office).log_size, before);

    set_room(0); /* there is room again */
    assert_int_equal(office_try_post(&office, &post, school, "ann", 2), 0);
    assert_int_equal(office_withdraw(&office, school, &first, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(atomic_load(&office.failures), 0);
    verify_log(office.store, &vkey);
}

/* Posts that were taken before room was low get nothing of the reserve; what else there is does. */
static void test_room_is_looked_at_again(void **state)
{
    (void)state;
    struct kv_faulty_plan low = {.free_bytes = (uint64_t)8 << 20};
    struct store_signal_post ops[2];
    struct store_note_op first;
    struct store_note_op note;
    struct crowd crowd;
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    office_fill_post(&office, &ops[0], school, "ann", 0);
    office_fill_post(&office, &ops[1], school, "ann", 1);
    store_note_init(&note);
    assert_int_equal(crowd_submit(&crowd, office.store, &ops[0].op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &note.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &ops[1].op), 0);
    kv_faulty_set(office.kv, &low);
    open_gate();
    crowd_finish(&crowd);
    assert_int_equal(ops[0].op.result, STORE_FULL);
    assert_int_equal(note.op.result, 0);
    assert_int_equal(ops[1].op.result, STORE_FULL);
    assert_int_equal(office_status(&office).signals, 0);
    assert_int_equal(office_status(&office).shed, 2);
}

static void lower_room(void *context)
{
    (void)context;
    struct kv_faulty_plan low = {.free_bytes = (uint64_t)8 << 20};
    kv_faulty_set(office.kv, &low);
}

/* Nor when the batch did not fit and each is run on its own: the first takes what was left. */
static void test_room_is_looked_at_for_each(void **state)
{
    (void)state;
    enum { SIGNALS = 3 };
    struct store_signal_post ops[SIGNALS];
    struct store_note_op first;
    struct crowd crowd;
    struct kv_faulty_plan plan = {
        .fail_put_at = 1, .put_result = KV_FULL, .before_commit = lower_room};
    crowd_init(&crowd);
    hold_committer(&crowd, &first);
    for (unsigned i = 0; i < SIGNALS; i++) {
        office_fill_post(&office, &ops[i], school, "ann", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), 0);
    }
    kv_faulty_set(office.kv, &plan);
    open_gate();
    crowd_finish(&crowd);
    for (unsigned i = 0; i < SIGNALS; i++) {
        assert_int_equal(ops[i].op.result, i == 0 ? 0 : STORE_FULL);
        assert_int_equal(ops[i].op.logged, i == 0);
    }
    assert_int_equal(office_status(&office).signals, 1);
    assert_int_equal(office_status(&office).aborted_batches, 1);
    verify_log(office.store, &vkey);
}

/* A map that is really full. */
static void test_until_the_map_is_full(void **state)
{
    (void)state;
    enum { AT_ONCE = 300 };
    struct store_signal_post *ops = test_calloc(AT_ONCE, sizeof(*ops));
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    struct uuid ids[20];
    unsigned count = 0;
    bool full = false;
    office_finish(&office);
    office =
        (struct office){.map_bytes = (uint64_t)24 << 20}; /* its reserve is more than a batch */
    office_open(&office);
    school = office_reporter(&office);
    office_hire(&office, school, "ann");
    for (unsigned child = 0; !full; child += AT_ONCE) {
        struct crowd crowd;
        crowd_init(&crowd);
        for (unsigned i = 0; i < AT_ONCE; i++) {
            office_fill_post(&office, &ops[i], school, "ann", child + i);
            int result = crowd_submit(&crowd, office.store, &ops[i].op);
            if (result != 0) {
                ops[i].op.result = result; /* not taken: it is ours */
            }
        }
        crowd_finish(&crowd);
        for (unsigned i = 0; i < AT_ONCE; i++) {
            full = full || ops[i].op.result == STORE_FULL;
            assert_true(ops[i].op.result == 0 || ops[i].op.result == STORE_FULL);
            if (ops[i].op.result == 0) {
                ids[count++ % ARRAY_LENGTH(ids)] = ops[i].signal.id;
            }
        }
    }
    assert_true(count > 1000);
    assert_int_equal(office_status(&office).signals, count);
    for (unsigned i = 0; i < ARRAY_LENGTH(ids); i++) { /* from the reserve */
        assert_int_equal(office_withdraw(&office, school, &ids[i], WITHDRAW_WRONGFUL), 0);
    }
    for (int i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_MATCH_READ;
    }
    int result;
    do {
        struct store_note_op op;
        uint64_t before = office_status(&office).log_size;
        store_note_init(&op);
        op.count = STORE_NOTES_MAXIMUM;
        op.notes = notes;
        result = office_run(&office, &op.op, school);
        assert_int_equal(office_status(&office).log_size - before,
                         result == 0 ? STORE_NOTES_MAXIMUM : 0);
    } while (result == 0);
    assert_int_equal(result, STORE_FULL);
    assert_false(office_status(&office).failed);
    assert_int_equal(office_status(&office).signals, count - ARRAY_LENGTH(ids));
    verify_log(office.store, &vkey);
    office_reopen(&office);
    verify_log(office.store, &vkey);
    assert_int_equal(office_status(&office).signals, count - ARRAY_LENGTH(ids));
    test_free(notes);
    test_free(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_slow_commit_gathers_the_next_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_before_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_queue_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_fault_within_a_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_cannot_fail_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_map_refuses_that_one_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_commit_that_did_not_happen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_commit_that_happened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_commit_when_run_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_commit_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_low_water, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room_is_looked_at_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room_is_looked_at_for_each, setup, teardown),
        cmocka_unit_test_setup_teardown(test_until_the_map_is_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
