/* SPDX-License-Identifier: EUPL-1.2 */
/* Inboxes: sequences, reading, acknowledging, gaps, and who waits for something to come. */
#include "tests/unit/store/pair_fixture.h"

#include <stdio.h>

#include "store/base/layout.h"

/* A notice to both: the school's has the child's number in its reference. */
static void make_match(unsigned child)
{
    office_post(&office, school, "ann", child);
    office_post(&office, care, "bob", child);
}

static void test_sequences_only_grow(void **state)
{
    (void)state;
    struct inbox_state inbox = office_inbox_state(&office, school);
    assert_int_equal(inbox.head, 0);
    assert_int_equal(inbox.acknowledged, 0);
    for (unsigned i = 0; i < 10; i++) {
        make_match(i);
    }
    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 10);
    assert_int_equal(page.next, 10);
    for (unsigned i = 0; i < 10; i++) {
        char reference[32];
        snprintf(reference, sizeof(reference), "ann/%u", i);
        assert_int_equal(page.notices[i].sequence, i + 1);
        assert_string_equal(page.notices[i].own.reference, reference);
        assert_true(i == 0 || page.notices[i].logged_at >= page.notices[i - 1].logged_at);
    }
    assert_int_equal(office_inbox_state(&office, school).head, 10);
}

static void test_paging(void **state)
{
    (void)state;
    struct notice_page page;
    for (unsigned i = 0; i < 5; i++) {
        make_match(i);
    }
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_read_notices(snapshot, school, 0, 2, &page), 0);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.next, 2);
    assert_true(page.more);
    assert_int_equal(store_read_notices(snapshot, school, 3, 2, &page), 0);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.notices[0].sequence, 4);
    assert_int_equal(page.next, 5);
    assert_false(page.more);
    assert_int_equal(store_read_notices(snapshot, school, 5, 2, &page), 0);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next, 5);
    assert_int_equal(store_read_notices(snapshot, school, 77, 2, &page), 0);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next, 77);
    assert_int_equal(store_read_notices(snapshot, school, UINT64_MAX, 2, &page), 0);
    assert_int_equal(page.count, 0);
    assert_true(page.next == UINT64_MAX);
}

static void test_ids_stay_and_differ(void **state)
{
    (void)state;
    make_match(1);
    make_match(2);
    struct notice_page page = office_inbox(&office, school, 0);
    struct uuid ids[4] = {page.notices[0].id, page.notices[1].id};
    page = office_inbox(&office, school, 0);
    assert_true(same_uuid(&ids[0], &page.notices[0].id));
    page = office_inbox(&office, care, 0);
    ids[2] = page.notices[0].id;
    ids[3] = page.notices[1].id;
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < i; j++) {
            assert_false(same_uuid(&ids[i], &ids[j]));
        }
    }
    office_reopen(&office);
    page = office_inbox(&office, school, 0);
    assert_true(same_uuid(&ids[0], &page.notices[0].id));
}

static void test_acknowledging(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        make_match(i);
    }
    uint64_t before = office_status(&office).log_size;
    assert_int_equal(office_acknowledge(&office, school, 4), 0);
    assert_int_equal(office_inbox_state(&office, school).acknowledged, 4);
    assert_int_equal(office_status(&office).log_size, before + 4); /* one entry for each */
    assert_int_equal(office_acknowledge(&office, school, 2), 0);   /* lower: no change */
    assert_int_equal(office_acknowledge(&office, school, 4), 0);
    assert_int_equal(office_inbox_state(&office, school).acknowledged, 4);
    assert_int_equal(office_status(&office).log_size, before + 4);
    assert_int_equal(office_acknowledge(&office, school, 7), STORE_BEYOND_HEAD);
    assert_int_equal(office_inbox_state(&office, school).acknowledged, 4);
    assert_int_equal(office_status(&office).log_size, before + 5);
    assert_int_equal(office_acknowledge(&office, school, UINT64_MAX), STORE_BEYOND_HEAD);
    assert_int_equal(office_acknowledge(&office, school, 6), 0);
    assert_int_equal(office_count_events(&office, LOG_NOTICE_ACKNOWLEDGED), 6);
    assert_int_equal(office_inbox(&office, school, 0).count, 6); /* can be read again */
    /* Nobody else's. */
    assert_int_equal(office_inbox_state(&office, care).acknowledged, 0);
    assert_int_equal(office_acknowledge(&office, 99, 0), 0);
    assert_int_equal(office_acknowledge(&office, 99, 1), STORE_BEYOND_HEAD);
}

/* The entries name sequence and child. */
static void test_an_acknowledgement_is_logged(void **state)
{
    (void)state;
    struct log_query query = office_any_entry();
    make_match(5);
    assert_int_equal(office_acknowledge(&office, school, 1), 0);
    query.event = LOG_NOTICE_ACKNOWLEDGED;
    query.has_subject = true;
    query.subject = office_child(&office, 5).key;
    struct log_page page = office_log(&office, &query);
    assert_int_equal(page.count, 1);
    assert_non_null(strstr(page.entries[0].public_part, "\"verwijsindex.object\":\"notice:1\""));
    assert_non_null(strstr(page.entries[0].public_part, office_oin(school).text));
}

/* More than fits in one batch: in slices, one answer. */
static void test_acknowledging_many(void **state)
{
    (void)state;
    enum { CHILDREN = 600 };
    struct crowd crowd;
    struct store_signal_post *ops = test_calloc(2 * CHILDREN, sizeof(*ops));
    crowd_init(&crowd);
    for (unsigned i = 0; i < CHILDREN; i++) {
        office_fill_post(&office, &ops[2 * i], school, "ann", i);
        office_fill_post(&office, &ops[2 * i + 1], care, "bob", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[2 * i].op), 0);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[2 * i + 1].op), 0);
    }
    crowd_wait(&crowd);
    uint64_t before = office_status(&office).log_size;
    assert_int_equal(office_acknowledge(&office, school, CHILDREN), 0);
    assert_int_equal(office_inbox_state(&office, school).acknowledged, CHILDREN);
    assert_int_equal(office_status(&office).log_size, before + CHILDREN);
    /* Two at once: each notice is logged once. */
    struct store_acknowledge acks[2];
    for (int i = 0; i < 2; i++) {
        store_acknowledge_init(&acks[i]);
        acks[i].op.party = care;
        acks[i].op.by = office_attribution(care);
        acks[i].up_to = CHILDREN - (unsigned)i;
        assert_int_equal(crowd_submit(&crowd, office.store, &acks[i].op), 0);
    }
    crowd_finish(&crowd);
    assert_int_equal(acks[0].op.result, 0);
    assert_int_equal(acks[1].op.result, 0);
    assert_int_equal(office_status(&office).log_size, before + 2 * CHILDREN);
    test_free(ops);
}

static void test_an_erasure_leaves_a_gap(void **state)
{
    (void)state;
    struct uuid signals[3];
    for (unsigned i = 0; i < 3; i++) {
        signals[i] = office_post(&office, school, "ann", i);
        office_post(&office, care, "bob", i);
    }
    assert_int_equal(office_withdraw(&office, school, &signals[1], WITHDRAW_WRONGFUL), 0);
    struct notice_page page = office_inbox(&office, school, 0);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.notices[0].sequence, 1);
    assert_int_equal(page.notices[1].sequence, 3);
    page = office_inbox(&office, school, 1);
    assert_int_equal(page.count, 1);
    /* Nothing but gaps: `next` stays. */
    assert_int_equal(office_withdraw(&office, school, &signals[2], WITHDRAW_WRONGFUL), 0);
    page = office_inbox(&office, school, 1);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.next, 1);
    assert_int_equal(office_acknowledge(&office, school, 3), 0);
}

/* Of a child of whom nothing is left nothing can be received; a new file of the same child is
 * another one. */
static void test_notices_of_an_erased_child(void **state)
{
    (void)state;
    struct uuid mine = office_post(&office, school, "ann", 1);
    struct uuid other = office_post(&office, care, "bob", 1);
    assert_int_equal(office_withdraw(&office, school, &mine, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_withdraw(&office, care, &other, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_inbox(&office, care, 0).count, 0);
    uint64_t before = office_status(&office).log_size;
    assert_int_equal(office_acknowledge(&office, care, 1), 0);
    assert_int_equal(office_status(&office).log_size, before);
    make_match(1);
    struct notice_page page = office_inbox(&office, care, 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.notices[0].sequence, 3); /* 1: formed, 2: retracted, both gone */
    assert_int_equal(office_acknowledge(&office, care, 3), 0);
    assert_int_equal(office_status(&office).log_size, before + 2 + 1);
}

/* A child with as many professionals as there can be, all with the longest contact data: a page is
 * short rather than too much. */
static void test_heavy_pages(void **state)
{
    (void)state;
    enum { PROFESSIONALS = MODEL_LIVE_SIGNALS_MAXIMUM, PAGES = 4 };
    char text[MODEL_TEXT_BYTES + 1];
    char id[16];
    struct notice_page page = {0};
    memset(text, 't', sizeof(text));
    text[MODEL_TEXT_BYTES] = '\0';
    for (unsigned i = 0; i < PROFESSIONALS; i++) {
        struct store_professional_put put;
        snprintf(id, sizeof(id), "p%u", i);
        store_professional_put_init(&put);
        put.id = id;
        put.contact = (struct contact){text, text, text, text};
        assert_int_equal(office_run(&office, &put.op, school), 0);
        office_post(&office, school, id, 1);
    }
    for (int i = 0; i < PAGES; i++) {
        uint64_t after = page.next;
        assert_int_equal(
            store_read_notices(office_look(&office), school, after, MODEL_PAGE_MAXIMUM, &page), 0);
        assert_true(page.count > 0 && page.count < MODEL_PAGE_MAXIMUM);
        assert_true(page.more);
        assert_int_equal(page.next, after + page.count);
        assert_int_equal(page.notices[0].match.involved_count, PROFESSIONALS - 1);
    }
}

/* ---- waiting ---- */

struct visitor {
    struct store_waiter waiter;
    unsigned delivered;
};

static void note_visit(struct mail *mail)
{
    struct visitor *visitor = CONTAINER_OF(mail, struct visitor, waiter.mail);
    visitor->delivered++;
}

static void wait_for(struct crowd *crowd, struct visitor *visitor, uint32_t party)
{
    *visitor = (struct visitor){0};
    visitor->waiter.mail.deliver = note_visit;
    visitor->waiter.mailbox = &crowd->box;
    visitor->waiter.party = party;
    assert_int_equal(store_wait(office.store, &visitor->waiter), 0);
    crowd->pending++;
}

static void test_a_waiter_is_woken(void **state)
{
    (void)state;
    struct crowd crowd;
    struct visitor visitors[3];
    crowd_init(&crowd);
    for (int i = 0; i < 2; i++) {
        wait_for(&crowd, &visitors[i], school);
    }
    wait_for(&crowd, &visitors[2], care);
    office_post(&office, school, "ann", 1); /* nobody is told */
    assert_true(store_unwait(office.store, &visitors[1].waiter));
    assert_false(store_unwait(office.store, &visitors[1].waiter));
    crowd.pending--;
    office_post(&office, care, "bob", 1);
    crowd_finish(&crowd);
    assert_int_equal(visitors[0].delivered, 1);
    assert_int_equal(visitors[1].delivered, 0);
    assert_int_equal(visitors[2].delivered, 1);
    assert_false(store_unwait(office.store, &visitors[0].waiter));
    assert_int_equal(office_inbox(&office, school, 0).count, 1); /* it is there by then */
}

static void test_a_changed_party_wakes(void **state)
{
    (void)state;
    struct crowd crowd;
    struct visitor visitor;
    struct visitor other;
    struct store_party_change change;
    crowd_init(&crowd);
    wait_for(&crowd, &visitor, school);
    wait_for(&crowd, &other, care);
    office_change(&change, school, PARTY_SUSPEND);
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    crowd.pending--;
    crowd_wait(&crowd);
    assert_int_equal(visitor.delivered, 1);
    assert_int_equal(other.delivered, 0);
    assert_true(store_unwait(office.store, &other.waiter));
    crowd_finish(&crowd);
}

static void test_waiters_are_capped(void **state)
{
    (void)state;
    struct crowd crowd;
    struct visitor visitors[STORE_WAITERS_MAXIMUM];
    struct visitor late = {.waiter.party = school, .waiter.mail.deliver = note_visit};
    struct visitor neighbour;
    crowd_init(&crowd);
    late.waiter.mailbox = &crowd.box;
    for (int i = 0; i < STORE_WAITERS_MAXIMUM; i++) {
        wait_for(&crowd, &visitors[i], school);
    }
    assert_int_equal(store_wait(office.store, &late.waiter), STORE_TOO_MANY);
    /* In the same bucket, another party. */
    wait_for(&crowd, &neighbour, school + 1024);
    assert_true(store_unwait(office.store, &visitors[5].waiter));
    crowd.pending--;
    assert_int_equal(store_wait(office.store, &late.waiter), 0);
    crowd.pending++;
    store_wake_all(office.store);
    crowd_finish(&crowd);
    assert_int_equal(visitors[0].delivered, 1);
    assert_int_equal(visitors[5].delivered, 0);
    assert_int_equal(late.delivered, 1);
    assert_int_equal(neighbour.delivered, 1);
}

static void test_whoever_waits_after_closing_is_sent_away(void **state)
{
    (void)state;
    struct crowd crowd;
    struct visitor visitor;
    crowd_init(&crowd);
    store_wake_all(office.store);
    wait_for(&crowd, &visitor, school);
    crowd_finish(&crowd);
    assert_int_equal(visitor.delivered, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sequences_only_grow, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_paging, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_ids_stay_and_differ, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_acknowledging, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_an_acknowledgement_is_logged, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_acknowledging_many, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_an_erasure_leaves_a_gap, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_notices_of_an_erased_child, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_heavy_pages, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_a_waiter_is_woken, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_a_changed_party_wakes, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_waiters_are_capped, setup_pair, teardown),
        cmocka_unit_test_setup_teardown(test_whoever_waits_after_closing_is_sent_away, setup_pair,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
