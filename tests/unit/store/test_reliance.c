/* SPDX-License-Identifier: EUPL-1.2 */
/* A reading that is logged is checked again: nothing erased or forbidden meanwhile is answered. */
#include "tests/unit/store/pair_fixture.h"

#include "store/base/clock.h"

static uint32_t stranger;
static struct uuid mine;
static struct uuid theirs;
static struct uuid match;

static int setup(void **state)
{
    setup_pair(state);
    stranger = office_reporter(&office);
    office_hire(&office, care, "colleague");
    office_hire(&office, stranger, "zoe");
    mine = office_post(&office, school, "ann", 1);
    theirs = office_post(&office, care, "bob", 1);
    match = office_inbox(&office, school, 0).notices[0].match.id;
    return 0;
}

/* A reading: what it looked at is kept until it is logged. */
struct reading {
    struct arena arena;
    struct store_snapshot *snapshot;
    struct store_note_op op;
    struct log_note note;
};

static void begin_reading(struct reading *reading, enum log_event event)
{
    *reading = (struct reading){.note.event = event};
    arena_init(&reading->arena);
    assert_int_equal(store_snapshot_open(office.store, &reading->arena, &reading->snapshot), 0);
}

static int finish_reading(struct reading *reading)
{
    uint64_t before = office_status(&office).log_size;
    store_note_init(&reading->op);
    reading->op.count = 1;
    reading->op.notes = &reading->note;
    store_op_rely(&reading->op.op, reading->snapshot);
    store_snapshot_close(reading->snapshot); /* what it has seen outlives it */
    int result = office_run(&office, &reading->op.op, school);
    assert_int_equal(office_status(&office).log_size, before + (result == 0 ? 1 : 0));
    assert_int_equal(reading->op.op.logged, result == 0);
    arena_finish(&reading->arena);
    return result;
}

static void read_match(struct reading *reading)
{
    struct match_view view;
    begin_reading(reading, LOG_MATCH_READ);
    assert_int_equal(store_get_match(reading->snapshot, school, &match, &view), 0);
}

static void read_notices(struct reading *reading)
{
    struct notice_page page;
    begin_reading(reading, LOG_NOTICE_OFFERED);
    assert_int_equal(store_read_notices(reading->snapshot, school, 0, 10, &page), 0);
    assert_true(page.count > 0);
    reading->note.object_kind = LOG_OBJECT_NOTICE;
    put_be64(reading->note.object, page.notices[0].sequence);
}

static void read_party(struct reading *reading)
{
    struct party party;
    struct oin oin = office_oin(school);
    begin_reading(reading, LOG_SIGNALS_LISTED);
    assert_int_equal(store_find_party(reading->snapshot, &oin, &party), 0);
}

static void read_signal(struct reading *reading)
{
    struct signal signal;
    begin_reading(reading, LOG_SIGNAL_READ);
    assert_int_equal(store_get_signal(reading->snapshot, school, &mine, &signal), 0);
}

static void suspend(uint32_t party)
{
    struct store_party_change change;
    office_change(&change, party, PARTY_SUSPEND);
    assert_int_equal(office_run(&office, &change.op, 0), 0);
}

/* ---- what may happen in between ---- */

static void nothing(void)
{
}

static void suspend_reader(void)
{
    suspend(school);
}

static void suspend_other(void)
{
    suspend(care);
}

static void suspend_stranger(void)
{
    suspend(stranger);
}

static void change_their_telephone(void)
{
    struct store_professional_put put;
    store_professional_put_init(&put);
    put.id = "bob";
    put.contact = (struct contact){"Bob", "", "", "112"};
    assert_int_equal(office_run(&office, &put.op, care), 0);
}

static void they_hire(void)
{
    office_hire(&office, care, "newcomer");
}

static void change_a_colleague(void)
{
    struct store_professional_put put;
    store_professional_put_init(&put);
    put.id = "colleague";
    put.contact = (struct contact){"Colleague", "", "", "113"};
    assert_int_equal(office_run(&office, &put.op, care), 0);
}

static void put_the_same_again(void)
{
    office_hire(&office, care, "bob");
}

static void strangers_move(void)
{
    office_hire(&office, stranger, "zoe");
    office_post(&office, stranger, "zoe", 2);
}

static void they_withdraw(void)
{
    assert_int_equal(office_withdraw(&office, care, &theirs, WITHDRAW_WRONGFUL), 0);
}

static void everyone_withdraws(void)
{
    they_withdraw();
    assert_int_equal(office_withdraw(&office, school, &mine, WITHDRAW_WRONGFUL), 0);
}

static void a_third_joins(void)
{
    office_post(&office, stranger, "zoe", 1);
}

static void acknowledge(void)
{
    assert_int_equal(office_acknowledge(&office, school, 1), 0);
}

static void test_what_makes_a_reading_stale(void **state)
{
    (void)state;
    static const struct {
        void (*read)(struct reading *reading);
        void (*happens)(void);
        int result;
    } cases[] = {
        {read_match, nothing, 0},
        {read_match, strangers_move, 0},
        {read_match, suspend_stranger, 0},
        {read_match, they_hire, 0},
        {read_match, change_a_colleague, 0},
        {read_match, put_the_same_again, 0}, /* as a nightly coupling does */
        {read_match, acknowledge, 0},
        {read_match, suspend_reader, STORE_STALE},
        {read_match, suspend_other, STORE_STALE},
        {read_match, change_their_telephone, STORE_STALE},
        {read_match, they_withdraw, STORE_STALE},
        {read_match, everyone_withdraws, STORE_STALE},
        {read_match, a_third_joins, STORE_STALE},
        {read_notices, nothing, 0},
        {read_notices, acknowledge, 0},
        {read_notices, change_their_telephone, STORE_STALE},
        {read_notices, they_withdraw, STORE_STALE},
        {read_notices, everyone_withdraws, STORE_STALE},
        {read_party, nothing, 0},
        {read_party, suspend_other, 0},
        {read_party, change_their_telephone, 0},
        {read_party, a_third_joins, 0},
        {read_party, suspend_reader, STORE_STALE},
        {read_signal, nothing, 0},
        {read_signal, change_their_telephone, 0}, /* it shows nothing of the others */
        {read_signal, everyone_withdraws, STORE_STALE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct reading reading;
        cases[i].read(&reading);
        cases[i].happens();
        int result = finish_reading(&reading);
        if (result != cases[i].result) {
            fail_msg("case %zu: %d, not %d", i, result, cases[i].result);
        }
        teardown(NULL);
        setup(NULL);
    }
}

static size_t count_offers(unsigned child)
{
    struct log_query query = office_any_entry();
    query.event = LOG_NOTICE_OFFERED;
    query.has_subject = true;
    query.subject = office_child(&office, child).key;
    return office_log(&office, &query).count;
}

/* An offer is logged on the child of its notice, whether that was of the page that was read last,
 * or of an earlier one, or of another's. */
static void test_whose_a_notice_is(void **state)
{
    (void)state;
    struct notice_page page;
    office_post(&office, school, "ann", 2);
    office_post(&office, care, "bob", 2);
    for (unsigned turn = 0; turn < 3; turn++) {
        struct reading reading;
        begin_reading(&reading, LOG_NOTICE_OFFERED);
        reading.note.object_kind = LOG_OBJECT_NOTICE;
        put_be64(reading.note.object, 2);
        assert_int_equal(store_read_notices(reading.snapshot, school, 0, 10, &page), 0);
        assert_int_equal(page.count, 2);
        if (turn > 0) {
            uint32_t whose = turn == 1 ? school : care;
            assert_int_equal(store_read_notices(reading.snapshot, whose, 0, 1, &page), 0);
            assert_int_equal(page.count, 1);
        }
        assert_int_equal(finish_reading(&reading), 0);
        assert_int_equal(count_offers(2), turn + 1);
        assert_int_equal(count_offers(1), 0);
    }
}

static void test_reading_again_helps(void **state)
{
    (void)state;
    struct reading reading;
    read_match(&reading);
    change_their_telephone();
    assert_int_equal(finish_reading(&reading), STORE_STALE);
    read_match(&reading);
    assert_int_equal(finish_reading(&reading), 0);
}

/* What an earlier operation of the same batch changed counts too. */
static void test_within_one_batch(void **state)
{
    (void)state;
    struct reading reading;
    struct crowd crowd;
    struct store_signal_withdraw withdraw;
    read_match(&reading);
    store_op_rely(&reading.op.op, reading.snapshot);
    struct store_reliance reliance = reading.op.op.reliance;
    store_note_init(&reading.op);
    reading.op.op.reliance = reliance;
    reading.op.count = 1;
    reading.op.notes = &reading.note;
    reading.op.op.by = office_attribution(school);
    store_signal_withdraw_init(&withdraw);
    withdraw.id = theirs;
    withdraw.reason = WITHDRAW_ENDED;
    withdraw.op.party = care;
    withdraw.op.by = office_attribution(care);
    crowd_init(&crowd);
    assert_int_equal(crowd_submit(&crowd, office.store, &withdraw.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &reading.op.op), 0);
    crowd_finish(&crowd);
    assert_int_equal(withdraw.op.result, 0);
    assert_int_equal(reading.op.op.result, STORE_STALE);
    store_snapshot_close(reading.snapshot);
    arena_finish(&reading.arena);
}

/* An operation that changes something relies on its caller's authority in the same way. */
static void test_a_post_relies_on_the_party(void **state)
{
    (void)state;
    struct reading reading;
    struct store_signal_post post;
    for (int suspended = 0; suspended < 2; suspended++) {
        read_party(&reading);
        if (suspended != 0) {
            suspend(school);
        }
        office_fill_post(&office, &post, school, "ann", 5 + (unsigned)suspended);
        store_op_rely(&post.op, reading.snapshot);
        store_snapshot_close(reading.snapshot);
        assert_int_equal(office_run(&office, &post.op, school), suspended != 0 ? STORE_STALE : 0);
        arena_finish(&reading.arena);
    }
    assert_int_equal(office_signals(&office, school, 0).count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_makes_a_reading_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whose_a_notice_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reading_again_helps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_within_one_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_post_relies_on_the_party, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
