/* SPDX-License-Identifier: EUPL-1.2 */
/* What the merge of two numbers leaves behind: in the log, and in the bytes of rows. */
#include "tests/unit/store/merge_fixture.h"

#include "store/child/file.h"
#include "store/child/matchplace.h"
#include "store/log/subjects.h"
#include "store/snapshot.h"

static void note_on(unsigned child)
{
    struct log_note note = {.event = LOG_SIGNAL_READ, .has_subject = true};
    note.subject = office_child(&office, child).key;
    office_note(&office, care, &note);
}

/* ---- the log ---- */

static void assert_known(unsigned numbers)
{
    for (unsigned child = 1; child <= numbers; child++) {
        assert_int_equal(registrar_count_log(&office, child, LOG_SIGNAL_READ), numbers);
    }
}

/* The history of the newest number is found by the oldest one, at once. */
static void test_each_number_knows_all(void **state)
{
    (void)state;
    for (unsigned child = 1; child <= 4; child++) {
        note_on(child);
    }
    assert_int_equal(registrar_replaced(&office, 1, 2), 0);
    assert_int_equal(registrar_replaced(&office, 3, 2), 0); /* which has a number already */
    assert_known(3);
    assert_int_equal(registrar_replaced(&office, 2, 4), 0); /* and goes with two */
    assert_known(4);
}

/* Numbers that were one child remain so to the log, when that child is gone too. */
static void join_numbers(unsigned first, unsigned last, unsigned into)
{
    for (unsigned child = first; child <= last; child++) {
        note_on(child);
        assert_int_equal(registrar_replaced(&office, child, into), 0);
        assert_int_equal(registrar_died(&office, into), 0);
    }
}

static void test_no_history_is_lost(void **state)
{
    (void)state;
    enum { INTO = 100, NUMBERS = 2 * CHILDFILE_ALIASES_MAXIMUM };
    note_on(INTO);
    join_numbers(1, NUMBERS, INTO);
    assert_int_equal(registrar_count_log(&office, INTO, LOG_SIGNAL_READ), NUMBERS + 1);
    assert_int_equal(registrar_count_log(&office, NUMBERS, LOG_SIGNAL_READ), NUMBERS + 1);
}

/* Rather than that, the two stay two. */
static void test_more_than_the_log_can_know(void **state)
{
    (void)state;
    enum { INTO = 100, LAST = 101 };
    join_numbers(1, SUBJECTS_MAXIMUM - 1, INTO);
    office_post(&office, school, "ann", LAST);
    office_post(&office, care, "bob", INTO);
    note_on(LAST);
    office_index(&office);
    size_t entries = registrar_count_log(&office, INTO, 0);
    for (unsigned way = 0; way < 2; way++) {
        int result = way == 0 ? registrar_replaced(&office, LAST, INTO)
                              : registrar_replaced(&office, INTO, LAST);
        assert_int_equal(result, STORE_TOO_MANY);
    }
    assert_int_equal(live_matches(school), 0);
    assert_int_equal(registrar_count_log(&office, INTO, 0), entries);
    assert_int_equal(registrar_count_log(&office, LAST, LOG_SIGNAL_READ), 1);
    /* What the log knows as one already is not counted twice. */
    assert_int_equal(registrar_replaced(&office, SUBJECTS_MAXIMUM - 1, INTO), 0);
}

/* ---- rows ---- */

struct bytes {
    size_t size;
    uint8_t data[512];
};

static struct bytes match_row(const struct uuid *match)
{
    struct match_place place = match_place_of_id(&office_look(&office)->view, match);
    struct row_key key = layout_match(&place);
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    struct bytes copy;
    assert_int_equal(kv_begin(office.kv, KV_READ, &txn), 0);
    assert_int_equal(kv_get(txn, KV_MATCH, row_key_bytes(&key), &value), 0);
    assert_true(value.size <= sizeof(copy.data));
    copy.size = value.size;
    memcpy(copy.data, value.data, value.size);
    kv_abort(txn);
    return copy;
}

/* Whether what two keys have in common can be read off the two rows. */
static bool gives_away(const struct bytes *before, const struct bytes *after,
                       const struct child_key *one, const struct child_key *other)
{
    bool found = false;
    assert_int_equal(before->size, after->size);
    for (size_t at = 0; at + sizeof(*one) <= before->size && !found; at++) {
        size_t same = 0;
        for (size_t i = 0; i < sizeof(*one); i++) {
            int of_rows = before->data[at + i] ^ after->data[at + i];
            same += of_rows == (one->bytes[i] ^ other->bytes[i]) ? 1 : 0;
        }
        found = same == sizeof(*one);
    }
    return found;
}

/* The row of a match that goes on leads to another number, within one epoch: a copy of the store
 * from before, and one from after, must not tell the one number by the other. */
static void test_a_match_that_changes_hands(void **state)
{
    (void)state;
    struct office_child old = office_child(&office, OLD);
    struct office_child new = office_child(&office, NEW);
    office_post(&office, school, "ann", OLD);
    office_post(&office, care, "bob", OLD);
    struct uuid match = office_last_notice(&office, care)->match.id;
    struct bytes before = match_row(&match);
    assert_int_equal(registrar_replaced(&office, OLD, NEW), 0);
    struct bytes after = match_row(&match);
    assert_memory_not_equal(before.data, after.data, after.size);
    assert_false(gives_away(&before, &after, &old.key, &new.key));
    assert_matched(town, &match, (const char *const[]){"ann of 1", "bob of 2"}, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_each_number_knows_all),
        TEST(test_no_history_is_lost),
        TEST(test_more_than_the_log_can_know),
        TEST(test_a_match_that_changes_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
