/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/kv/faulty.h"
#include "tests/unit/store/scratch_fixture.h"

static int setup(void **state)
{
    setup_scratch(state);
    struct kv *inner = scratch.kv;
    return kv_faulty_wrap(inner, &scratch.kv);
}

static struct kv_bytes text(const char *text)
{
    return (struct kv_bytes){.data = text, .size = strlen(text)};
}

static struct kv_txn *begin(enum kv_mode mode)
{
    struct kv_txn *txn = NULL;
    assert_int_equal(kv_begin(scratch.kv, mode, &txn), 0);
    return txn;
}

static int put_one(const char *key)
{
    struct kv_txn *txn = begin(KV_WRITE);
    kv_put(txn, KV_META, text(key), text("value"));
    return kv_commit(txn);
}

static int find(const char *key)
{
    struct kv_bytes value = {0};
    struct kv_txn *txn = begin(KV_READ);
    int r = kv_get(txn, KV_META, text(key), &value);
    kv_abort(txn);
    return r;
}

static void assert_counts(uint64_t expected_puts, uint64_t expected_commits)
{
    uint64_t puts = 0;
    uint64_t commits = 0;
    kv_faulty_counts(scratch.kv, &puts, &commits);
    assert_int_equal(puts, expected_puts);
    assert_int_equal(commits, expected_commits);
}

static void test_without_a_plan_all_passes(void **state)
{
    (void)state;
    struct kv_txn *txn = begin(KV_WRITE);
    kv_append(txn, KV_LOG, text("1"), text("one"));
    kv_append(txn, KV_LOG, text("2"), text("two"));
    kv_put(txn, KV_LOG, text("0"), text("zero"));
    kv_delete(txn, KV_LOG, text("2"));
    kv_delete(txn, KV_LOG, text("none"));
    assert_int_equal(kv_commit(txn), 0);
    assert_counts(5, 1);

    txn = begin(KV_READ);
    struct kv_range *range = NULL;
    struct kv_bytes key = {0};
    struct kv_bytes value = {0};
    assert_int_equal(kv_range_open(txn, KV_LOG, text(""), text(""), KV_DOWN, &range), 0);
    assert_int_equal(kv_range_next(range, &key, &value), 0);
    assert_memory_equal(value.data, "one", 3);
    assert_int_equal(kv_range_next(range, &key, &value), 0);
    assert_memory_equal(value.data, "zero", 4);
    assert_int_equal(kv_range_next(range, &key, &value), KV_END);
    kv_range_close(range);
    assert_int_equal(kv_commit(txn), 0);
    assert_counts(5, 1);

    struct kv_room room = {0};
    assert_int_equal(kv_measure_room(scratch.kv, &room), 0);
    assert_int_equal(room.map_bytes, SCRATCH_MAP_BYTES);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "copy")), 0);
    assert_int_equal(kv_copy(scratch.kv, scratch_path(&scratch, "copy")), -EEXIST);

    /* The inner engine's own faults come through. */
    txn = begin(KV_WRITE);
    kv_append(txn, KV_LOG, text("0"), text("below"));
    assert_int_equal(kv_fault(txn), -EINVAL);
    assert_int_equal(kv_commit(txn), KV_ABORTED);
}

static void test_nth_put_fails(void **state)
{
    (void)state;
    static const struct {
        int result;
        int commit;
    } RESULTS[] = {{KV_FULL, KV_FULL}, {-EIO, KV_ABORTED}};
    for (size_t i = 0; i < ARRAY_LENGTH(RESULTS); i++) {
        struct kv_faulty_plan plan = {.fail_put_at = 3, .put_result = RESULTS[i].result};
        kv_faulty_set(scratch.kv, &plan);
        struct kv_txn *txn = begin(KV_WRITE);
        kv_put(txn, KV_META, text("first"), text("v"));
        kv_delete(txn, KV_META, text("second"));
        assert_int_equal(kv_fault(txn), 0);
        kv_append(txn, KV_LOG, text("third"), text("v"));
        assert_int_equal(kv_fault(txn), RESULTS[i].result);
        assert_int_equal(kv_commit(txn), RESULTS[i].commit);
        assert_int_equal(find("first"), KV_NOT_FOUND);
        assert_counts(3, 0);
        /* Once. */
        assert_int_equal(put_one("later"), 0);
        assert_counts(4, 1);
    }
    struct kv_faulty_plan plan = {.fail_put_at = 1, .put_result = -ENOMEM};
    kv_faulty_set(scratch.kv, &plan);
    struct kv_txn *txn = begin(KV_WRITE);
    kv_delete(txn, KV_META, text("later"));
    assert_int_equal(kv_fault(txn), -ENOMEM);
    kv_abort(txn);
    assert_int_equal(find("later"), 0);
}

static void test_commit_fails_and_nothing_happened(void **state)
{
    (void)state;
    static const int RESULTS[] = {-EIO, KV_FULL};
    for (size_t i = 0; i < ARRAY_LENGTH(RESULTS); i++) {
        struct kv_faulty_plan plan = {.fail_commit_at = 2, .commit_result = RESULTS[i]};
        kv_faulty_set(scratch.kv, &plan);
        assert_int_equal(put_one("first"), 0);
        assert_int_equal(put_one("second"), RESULTS[i]);
        assert_int_equal(find("first"), 0);
        assert_int_equal(find("second"), KV_NOT_FOUND);
        assert_int_equal(put_one("third"), 0);
        assert_int_equal(find("third"), 0);
        assert_counts(3, 3);
    }
}

static void test_commit_fails_and_it_happened(void **state)
{
    (void)state;
    struct kv_faulty_plan plan = {
        .fail_commit_at = 1, .commit_result = -EIO, .commit_happens = true};
    kv_faulty_set(scratch.kv, &plan);
    assert_int_equal(put_one("first"), -EIO);
    assert_int_equal(find("first"), 0);
}

static void test_room_as_planned(void **state)
{
    (void)state;
    struct kv_room truth = {0};
    struct kv_room room = {0};
    struct kv_faulty_plan plan = {.free_bytes = 4711};
    assert_int_equal(kv_measure_room(scratch.kv, &truth), 0);
    kv_faulty_set(scratch.kv, &plan);
    assert_int_equal(kv_measure_room(scratch.kv, &room), 0);
    assert_int_equal(room.free_bytes, 4711);
    assert_int_equal(room.map_bytes, truth.map_bytes);
    kv_faulty_set(scratch.kv, &(struct kv_faulty_plan){0});
    assert_int_equal(kv_measure_room(scratch.kv, &room), 0);
    assert_true(room.free_bytes > 4711);
}

/* While the committer is held, its rows are not seen; snapshots do not wait for it. */
static void look_before_commit(void *context)
{
    unsigned *calls = context;
    assert_int_equal(find("held"), KV_NOT_FOUND);
    (*calls)++;
}

static void test_committer_can_be_held(void **state)
{
    (void)state;
    unsigned calls = 0;
    struct kv_faulty_plan plan = {.before_commit = look_before_commit, .context = &calls};
    kv_faulty_set(scratch.kv, &plan);
    assert_int_equal(put_one("held"), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(find("held"), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_without_a_plan_all_passes),
        CASE(test_nth_put_fails),
        CASE(test_commit_fails_and_nothing_happened),
        CASE(test_commit_fails_and_it_happened),
        CASE(test_room_as_planned),
        CASE(test_committer_can_be_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
