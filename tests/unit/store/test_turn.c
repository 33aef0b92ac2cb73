/* SPDX-License-Identifier: EUPL-1.2 */
/* The turn of the epoch key: by itself, as the operator asks, and what stands in its way. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/base/clock.h"
#include "tests/unit/store/turning.h"
#include "tests/unit/store/verify.h"

static struct turning turning;
static struct office *const office = &turning.office;

static int setup(void **state)
{
    (void)state;
    turning_open(&turning, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turning_finish(&turning);
    return 0;
}

static bool has_key_file(uint32_t epoch)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/epoch-%u.key", turning.keys, epoch);
    return access(path, F_OK) == 0;
}

static void test_the_operator_turns_it(void **state)
{
    (void)state;
    enum { CHILDREN = 50 };
    struct store_epoch_turn op;
    turning_fill(&turning, CHILDREN);
    size_t rows = turning_check_rows(&turning, 1);
    assert_int_equal(turning_turn(&turning, &op), 0);
    assert_int_equal(op.epoch, 2);
    assert_int_equal(op.rows, rows);
    assert_int_equal(turning_check_rows(&turning, 2), rows);
    assert_false(has_key_file(1));
    assert_true(has_key_file(2));
    struct store_status status = office_status(office);
    assert_int_equal(status.epoch, 2);
    assert_false(status.epoch_turning);
    assert_false(status.epoch_overdue);
    assert_true(status.epoch_turned_at > 0);
    turning_check_content(&turning, CHILDREN);
    struct log_query query = office_any_entry();
    query.event = LOG_EPOCH_TURNED;
    struct log_page page = office_log(office, &query);
    assert_int_equal(page.count, 1);
    assert_non_null(strstr(page.entries[0].public_part, "\"verwijsindex.operator_uid\":0"));
    char count[64];
    snprintf(count, sizeof(count), "\"verwijsindex.count\":%zu", rows);
    assert_non_null(strstr(page.entries[0].public_part, count));
    turning_reopen(&turning);
    turning_check_content(&turning, CHILDREN);
    assert_int_equal(office_status(office).epoch, 2);
    assert_true(office_status(office).epoch_turned_at == status.epoch_turned_at);
}

/* Once a month by itself, and not more often. */
static void test_a_year(void **state)
{
    (void)state;
    enum { CHILDREN = 10 };
    turning_fill(&turning, CHILDREN);
    uint32_t month = calendar_month_number(clock_now());
    uint32_t turns = 0;
    for (int day = 0; day < 366; day += 3) {
        office_advance_days(3);
        if (calendar_month_number(clock_now()) != month) {
            month = calendar_month_number(clock_now());
            turns++;
        }
        struct store_status status;
        do {
            turning_settle(&turning);
            status = office_status(office);
        } while (status.epoch != 1 + turns);
        turning_settle(&turning); /* it may have begun only just now */
        turning_check_rows(&turning, 1 + turns);
    }
    assert_in_range(turns, 12, 13);
    turning_check_content(&turning, CHILDREN);
    assert_int_equal(office_count_events(office, LOG_EPOCH_TURNED), turns);
    struct log_query query = office_any_entry();
    query.event = LOG_EPOCH_TURNED;
    assert_null(strstr(office_log(office, &query).entries[0].public_part, "operator_uid"));
}

/* What the log calls a child goes when all its entries are as old as the log gets. */
static void test_subjects_end(void **state)
{
    (void)state;
    struct checkpoint_vkey vkey = verify_key(office->keys, OFFICE_ORIGIN);
    struct store_policy policy;
    store_policy_default(&policy);
    struct uuid id = office_post(office, turning.school, "ann", 1);
    assert_int_equal(office_withdraw(office, turning.school, &id, WITHDRAW_WRONGFUL), 0);
    office_advance_days(100);
    office_post(office, turning.school, "ann", 2);
    assert_int_equal(turning_count_children(&turning, CHILD_SUBJECT), 2);
    office_advance(
        calendar_dutch_midnight(calendar_add_years(office_today(), policy.log_years) - 60) -
        clock_now());
    office_settle(office);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    assert_int_equal(turning_count_children(&turning, CHILD_SUBJECT), 1);
    turning_check_rows(&turning, office_status(office).epoch);
    verify_log(office->store, &vkey);
    office_post(office, turning.school, "ann", 1); /* a child like any other */
    assert_int_equal(turning_count_children(&turning, CHILD_SUBJECT), 2);
}

/* A file stands where the key would go: the index works on, says so, and tries again. */
static void test_a_key_that_cannot_be_made(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof(path), "%s/epoch-2.key", turning.keys);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    close(file);
    office_post(office, turning.school, "ann", 1);
    assert_int_equal(turning_turn(&turning, NULL), STORE_IN_USE);
    assert_true(office_status(office).epoch_overdue);
    assert_false(office_status(office).epoch_turning);
    assert_int_equal(office_status(office).epoch, 1);
    office_advance_days(31);
    office_post(office, turning.school, "ann", 2);
    office_settle(office);
    assert_int_equal(office_status(office).epoch, 1);
    turning_check_rows(&turning, 1);
    assert_int_equal(unlink(path), 0);
    office_advance_days(2);
    while (office_status(office).epoch == 1) {
        turning_settle(&turning);
    }
    turning_settle(&turning);
    turning_check_rows(&turning, 2);
    assert_false(office_status(office).epoch_overdue);
    assert_int_equal(office_signals(office, turning.school, 0).count, 2);
}

static void spoil(const struct row_key *key, size_t from_end)
{
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    uint8_t copy[4096];
    assert_int_equal(kv_begin(office->kv, KV_WRITE, &txn), 0);
    assert_int_equal(kv_get(txn, KV_CHILD, row_key_bytes(key), &value), 0);
    assert_true(value.size <= sizeof(copy));
    size_t size = value.size;
    memcpy(copy, value.data, size);
    copy[size - from_end] ^= 1;
    kv_put(txn, KV_CHILD, row_key_bytes(key), (struct kv_bytes){copy, size});
    assert_int_equal(kv_commit(txn), 0);
}

/* The keys that may still open it are not destroyed; all else goes on. */
static void test_a_row_that_cannot_be_read(void **state)
{
    (void)state;
    enum { CHILDREN = 20 };
    turning_fill(&turning, CHILDREN);
    struct row_key key = layout_child(&(struct child_key){{0}}, CHILD_FILE);
    struct office_child child = office_child(office, 7);
    key = layout_child(&child.key, CHILD_FILE);
    spoil(&key, 1);
    assert_true(turning_turn(&turning, NULL) < 0);
    struct store_status status = office_status(office);
    assert_true(status.epoch_overdue);
    assert_true(status.epoch_turning);
    assert_int_equal(status.set_aside, 1);
    assert_true(has_key_file(1));
    struct uuid id = office_post(office, turning.school, "ann", CHILDREN);
    assert_int_equal(office_withdraw(office, turning.school, &id, WITHDRAW_WRONGFUL), 0);
    assert_true(turning_turn(&turning, NULL) < 0); /* tried again, at once */
    spoil(&key, 1);                                /* mended */
    struct store_epoch_turn op;
    assert_int_equal(turning_turn(&turning, &op), 0);
    assert_int_equal(op.epoch, 2); /* it was the same turn all the time */
    turning_check_rows(&turning, 2);
    turning_check_content(&turning, CHILDREN);
    assert_false(office_status(office).epoch_overdue);
    assert_false(has_key_file(1));
}

/* What the machine refuses says nothing about the rows: it is tried again, and none is put off. */
static void test_a_fault_of_the_machine(void **state)
{
    (void)state;
    enum { CHILDREN = 20 };
    static const int faults[] = {KV_FULL, -EIO, -ENOMEM};
    turning_fill(&turning, CHILDREN);
    for (uint32_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        struct kv_faulty_plan plan = {.fail_put_at = 40, .put_result = faults[i]};
        office_index(office); /* no other work of its own */
        struct store_status before = office_status(office);
        kv_faulty_set(office->kv, &plan);
        assert_int_equal(turning_turn(&turning, NULL), 0);
        struct store_status after = office_status(office);
        assert_true(after.aborted_batches > before.aborted_batches);
        assert_int_equal(after.set_aside, 0);
        assert_false(after.epoch_overdue);
        assert_int_equal(after.epoch, i + 2);
        turning_check_rows(&turning, i + 2);
    }
    turning_check_content(&turning, CHILDREN);
}

/* Who drains does not wait for a long turn. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool open;
    bool waiting;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

static void wait_at_gate(void *context)
{
    (void)context;
    pthread_mutex_lock(&gate.lock);
    gate.waiting = true;
    pthread_cond_broadcast(&gate.moved);
    while (!gate.open) {
        pthread_cond_wait(&gate.moved, &gate.lock);
    }
    pthread_mutex_unlock(&gate.lock);
}

static void test_nobody_waits_when_it_is_time_to_go(void **state)
{
    (void)state;
    static const struct kv_faulty_plan plan = {.before_commit = wait_at_gate};
    struct store_epoch_turn op;
    struct crowd crowd;
    turning_fill(&turning, 10);
    crowd_init(&crowd);
    gate.open = gate.waiting = false;
    kv_faulty_set(office->kv, &plan);
    store_epoch_turn_init(&op);
    op.op.by = office_attribution(0);
    assert_int_equal(crowd_submit(&crowd, office->store, &op.op), 0);
    pthread_mutex_lock(&gate.lock);
    while (!gate.waiting) {
        pthread_cond_wait(&gate.moved, &gate.lock);
    }
    store_wake_all(office->store);
    gate.open = true;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, STORE_STOPPED);
    assert_int_equal(turning_turn(&turning, NULL), STORE_STOPPED);
    turning_reopen(&turning);
    turning_settle(&turning);
    turning_check_rows(&turning, office_status(office).epoch);
    turning_check_content(&turning, 10);
}

/* A clock that was years ahead for a while must not keep turns away for years. */
static void test_a_clock_that_goes_back(void **state)
{
    (void)state;
    office_post(office, turning.school, "ann", 1);
    office_advance_days(3 * 366);
    while (office_status(office).epoch < 2) {
        turning_settle(&turning);
    }
    turning_settle(&turning);
    office_advance_days(-3 * 366);
    while (office_status(office).epoch < 3) {
        turning_settle(&turning);
    }
    turning_settle(&turning);
    turning_check_rows(&turning, 3);
}

/* ---- at the same time ---- */

struct crew {
    pthread_t thread;
    unsigned number;
    atomic_bool *stop;
    unsigned rounds;
};

static bool read_all(uint32_t party, unsigned least)
{
    struct arena arena;
    struct store_snapshot *snapshot = NULL;
    struct signal_query query = {.limit = 400};
    struct signal_page signals;
    struct notice_page notices;
    arena_init(&arena);
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    bool good =
        store_snapshot_open(office->store, &arena, &snapshot) == 0 &&
        store_list_signals(snapshot, party, &query, &signals) == 0 && signals.count >= least &&
        store_read_notices(snapshot, party, 0, 400, &notices) == 0 && notices.count >= least;
    store_snapshot_close(snapshot);
    arena_finish(&arena);
    return good;
}

/* Each of a crew signals and retracts on children of its own, and reads what was there before. */
static void *work(void *context)
{
    struct crew *crew = context;
    while (!atomic_load(crew->stop)) {
        struct store_signal_post post;
        struct store_signal_withdraw withdraw;
        office_fill_post(office, &post, turning.school, "ann", 1000 + crew->number);
        if (store_run(office->store, &post.op) != 0) {
            return crew;
        }
        store_signal_withdraw_init(&withdraw);
        withdraw.op.party = turning.school;
        withdraw.op.by = office_attribution(turning.school);
        withdraw.id = post.signal.id;
        withdraw.reason = WITHDRAW_WRONGFUL;
        if (!read_all(turning.school, 100) || store_run(office->store, &withdraw.op) != 0) {
            return crew;
        }
        crew->rounds++;
    }
    return NULL;
}

static void test_work_goes_on(void **state)
{
    (void)state;
    enum { CHILDREN = 100, CREWS = 3, TURNS = OFFICE_SCALE(12, 4) };
    struct crew crews[CREWS];
    atomic_bool stop = false;
    void *failed = NULL;
    turning_fill(&turning, CHILDREN);
    for (unsigned i = 0; i < CREWS; i++) {
        crews[i] = (struct crew){.number = i, .stop = &stop};
        assert_int_equal(pthread_create(&crews[i].thread, NULL, work, &crews[i]), 0);
    }
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        struct store_epoch_turn op;
        assert_int_equal(turning_turn(&turning, &op), 0);
        assert_int_equal(op.epoch, turn + 2);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < CREWS; i++) {
        pthread_join(crews[i].thread, &failed);
        assert_null(failed);
        assert_true(crews[i].rounds > 0);
    }
    turning_check_rows(&turning, TURNS + 1);
    turning_check_content(&turning, CHILDREN);
    assert_int_equal(office_status(office).aborted_batches, 0);
}

/* A snapshot is readable to its end, with keys that are retired but not yet wiped: the turn after
 * the next waits for it, for a while. */
static void test_an_old_snapshot(void **state)
{
    (void)state;
    enum { CHILDREN = 20 };
    struct store_epoch_turn op;
    struct crowd crowd;
    struct signal_query query = {.limit = 100};
    struct signal_page page;
    memset(&query.up_to, 0xff, sizeof(query.up_to));
    turning_fill(&turning, CHILDREN);
    struct store_snapshot *snapshot = office_look(office);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    crowd_init(&crowd);
    store_epoch_turn_init(&op);
    op.op.by = office_attribution(0);
    assert_int_equal(crowd_submit(&crowd, office->store, &op.op), 0);
    for (int i = 0; i < 20; i++) { /* there were batches enough to begin it */
        struct store_note_op note;
        store_note_init(&note);
        assert_int_equal(office_run(office, &note.op, 0), 0);
    }
    assert_int_equal(office_status(office).epoch, 2);
    assert_int_equal(store_list_signals(snapshot, turning.school, &query, &page), 0);
    assert_int_equal(page.count, CHILDREN);
    office_forget(office);
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, 0);
    assert_int_equal(op.epoch, 3);
    turning_check_rows(&turning, 3);
}

static void test_a_snapshot_that_is_forgotten(void **state)
{
    (void)state;
    struct store_epoch_turn op;
    struct store_note_op note;
    struct crowd crowd;
    office_post(office, turning.school, "ann", 1);
    office_look(office);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    crowd_init(&crowd);
    store_epoch_turn_init(&op);
    op.op.by = office_attribution(0);
    assert_int_equal(crowd_submit(&crowd, office->store, &op.op), 0);
    for (int i = 0; i < 2; i++) { /* it is found to be in the way */
        store_note_init(&note);
        assert_int_equal(office_run(office, &note.op, 0), 0);
    }
    office_advance(CLOCK_MINUTE);
    crowd_finish(&crowd);
    assert_int_equal(op.op.result, STORE_IN_USE);
    assert_true(office_status(office).epoch_overdue);
    office_forget(office);
    assert_int_equal(turning_turn(&turning, NULL), 0);
    assert_int_equal(office_status(office).epoch, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_operator_turns_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_year, setup, teardown),
        cmocka_unit_test_setup_teardown(test_subjects_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_cannot_be_made, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_fault_of_the_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_waits_when_it_is_time_to_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_goes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_work_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_old_snapshot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_snapshot_that_is_forgotten, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
