/* SPDX-License-Identifier: EUPL-1.2 */
/* Professionals: contact data is the party's to manage (Jeugdwet 7.1.3.3). */
#include "tests/unit/store/office_fixture.h"

#include <stdio.h>

#include "store/committer.h"

static uint32_t school;

static int setup(void **state)
{
    setup_office(state);
    school = office_reporter(&office);
    return 0;
}

static int see(uint32_t party, const char *id, struct professional *ret_professional)
{
    return store_get_professional(office_look(&office), party, id, ret_professional);
}

static void test_put_and_put_again(void **state)
{
    (void)state;
    struct store_professional_put put;
    struct professional professional;
    store_professional_put_init(&put);
    put.id = "a.b_C-9";
    put.contact = (struct contact){"Jan Jansen", "mentor", "j@school.example", "+31 20 1234567"};
    assert_int_equal(office_run(&office, &put.op, school), 0);
    assert_true(put.created);
    assert_int_equal(see(school, "a.b_C-9", &professional), 0);
    assert_int_equal(professional.number, 1);
    assert_string_equal(professional.id, "a.b_C-9");
    assert_string_equal(professional.contact.name, "Jan Jansen");
    assert_string_equal(professional.contact.function, "mentor");
    assert_string_equal(professional.contact.email, "j@school.example");
    assert_string_equal(professional.contact.phone, "+31 20 1234567");
    put.contact.name = "J. Jansen";
    put.contact.phone = NULL;
    assert_int_equal(office_run(&office, &put.op, school), 0);
    assert_false(put.created);
    assert_int_equal(see(school, "a.b_C-9", &professional), 0);
    assert_int_equal(professional.number, 1);
    assert_string_equal(professional.contact.name, "J. Jansen");
    assert_string_equal(professional.contact.phone, "");
    assert_int_equal(office_count_events(&office, LOG_PROFESSIONAL_CHANGED), 2);
    /* A professional is a party's own. */
    uint32_t other = office_reporter(&office);
    assert_int_equal(see(other, "a.b_C-9", &professional), STORE_NOT_FOUND);
    assert_int_equal(see(school, "a.b_C-", &professional), STORE_NOT_FOUND);
}

static void test_the_longest_texts(void **state)
{
    (void)state;
    struct store_professional_put put;
    struct professional professional;
    char id[PROFESSIONAL_ID_MAXIMUM + 1];
    char text[MODEL_TEXT_BYTES + 2];
    memset(id, 'p', sizeof(id));
    id[PROFESSIONAL_ID_MAXIMUM] = '\0';
    memset(text, 't', sizeof(text));
    text[MODEL_TEXT_BYTES + 1] = '\0';
    store_professional_put_init(&put);
    put.id = id;
    put.contact = (struct contact){text, text, text, text};
    assert_true(office_run(&office, &put.op, school) < 0); /* it could not be read back */
    assert_int_equal(see(school, id, &professional), STORE_NOT_FOUND);
    text[MODEL_TEXT_BYTES] = '\0';
    assert_int_equal(office_run(&office, &put.op, school), 0);
    assert_int_equal(see(school, id, &professional), 0);
    assert_string_equal(professional.id, id);
    assert_string_equal(professional.contact.phone, text);
}

/* In the order in which they came; a page goes on after a number, also of one that has gone. */
static void test_listing(void **state)
{
    (void)state;
    static const char *const ids[] = {"zz", "A", "b", "a.1", "a-1", "ab", "B1", "a"};
    uint32_t other = office_reporter(&office);
    const struct professional *list;
    size_t count;
    for (int i = 0; i < 8; i++) {
        office_hire(&office, other, "noise");
        office_hire(&office, school, ids[i]);
    }
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_list_professionals(snapshot, school, 0, 100, &list, &count), 0);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(list[i].id, ids[i]);
        assert_int_equal(list[i].number, i + 1);
    }
    uint32_t after = 0;
    for (size_t i = 0; i < 8; i += 3) {
        assert_int_equal(store_list_professionals(snapshot, school, after, 3, &list, &count), 0);
        assert_int_equal(count, i == 6 ? 2 : 3);
        assert_string_equal(list[0].id, ids[i]);
        after = list[count - 1].number;
    }
    assert_int_equal(store_list_professionals(snapshot, school, after, 3, &list, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_list_professionals(snapshot, school, UINT32_MAX, 3, &list, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(office_dismiss(&office, school, "b"), 0);
    snapshot = office_look(&office);
    assert_int_equal(store_list_professionals(snapshot, school, 3, 3, &list, &count), 0);
    assert_string_equal(list[0].id, "a.1");
    assert_int_equal(store_list_professionals(snapshot, school, 2, 3, &list, &count), 0);
    assert_string_equal(list[0].id, "a.1");
}

static void test_deleting(void **state)
{
    (void)state;
    struct professional professional;
    office_hire(&office, school, "ann");
    office_hire(&office, school, "bob");
    struct uuid id = office_post(&office, school, "ann", 1);
    assert_int_equal(office_dismiss(&office, school, "nobody"), STORE_NOT_FOUND);
    assert_int_equal(office_dismiss(&office, school, "ann"), STORE_IN_USE);
    assert_int_equal(office_dismiss(&office, school, "bob"), 0);
    assert_int_equal(see(school, "bob", &professional), STORE_NOT_FOUND);
    assert_int_equal(office_dismiss(&office, school, "bob"), STORE_NOT_FOUND);
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_dismiss(&office, school, "ann"), STORE_IN_USE); /* archived counts */
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_dismiss(&office, school, "ann"), 0);
    assert_int_equal(office_count_events(&office, LOG_PROFESSIONAL_DELETED), 2);
    assert_int_equal(office_count_rows(&office, school, PARTY_PROFESSIONAL), 0);
    assert_int_equal(office_count_rows(&office, school, PARTY_PROFESSIONAL_ID), 0);

    /* The id may be used again; the number behind it may not. */
    office_hire(&office, school, "ann");
    assert_int_equal(see(school, "ann", &professional), 0);
    assert_int_equal(professional.number, 3);
    struct store_signal_post op;
    assert_int_equal(office_try_post(&office, &op, school, "bob", 1), STORE_UNKNOWN_PROFESSIONAL);
}

struct busy_school {
    size_t count;
    struct store_signal_post *ops;
};

static struct busy_school fill_school(unsigned count, const char *last)
{
    struct busy_school busy = {count, test_calloc(count, sizeof(*busy.ops))};
    struct crowd crowd;
    crowd_init(&crowd);
    for (unsigned i = 0; i < count; i++) {
        office_fill_post(&office, &busy.ops[i], school, i == count - 1 ? last : "bob", i);
        assert_int_equal(crowd_submit(&crowd, office.store, &busy.ops[i].op), 0);
        if (i % 1000 == 999) {
            crowd_wait(&crowd);
        }
    }
    crowd_finish(&crowd);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(busy.ops[i].op.result, 0);
    }
    return busy;
}

/* More signals than are looked at in one batch. */
static void test_deleting_with_a_long_scan(void **state)
{
    (void)state;
    enum { SIGNALS = 4100 };
    office_hire(&office, school, "ann");
    office_hire(&office, school, "bob");
    struct busy_school busy = fill_school(SIGNALS, "ann");
    uint64_t batches = office_status(&office).batches;
    assert_int_equal(office_dismiss(&office, school, "ann"), STORE_IN_USE);
    assert_true(office_status(&office).batches >= batches + 2);
    assert_int_equal(
        office_withdraw(&office, school, &busy.ops[SIGNALS - 1].signal.id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_dismiss(&office, school, "ann"), 0);
    assert_int_equal(office_dismiss(&office, school, "bob"), STORE_IN_USE);
    test_free(busy.ops);
}

/* A signal that comes while the scan pauses between two batches is found all the same. */
static void test_a_signal_during_the_scan(void **state)
{
    (void)state;
    enum { SIGNALS = 4100 };
    struct store_professional_delete del;
    struct store_signal_post post;
    struct crowd crowd;
    office_hire(&office, school, "ann");
    office_hire(&office, school, "bob");
    struct busy_school busy = fill_school(SIGNALS, "bob");
    crowd_init(&crowd);
    store_professional_delete_init(&del);
    del.id = "ann";
    del.op.party = school;
    del.op.by = office_attribution(school);
    office_fill_post(&office, &post, school, "ann", SIGNALS + 1);
    assert_int_equal(crowd_submit(&crowd, office.store, &del.op), 0);
    assert_int_equal(crowd_submit(&crowd, office.store, &post.op), 0);
    crowd_finish(&crowd);
    /* Whichever came first, a signal never has a professional that is gone. */
    if (del.op.result == 0) {
        assert_int_equal(post.op.result, STORE_UNKNOWN_PROFESSIONAL);
    } else {
        assert_int_equal(del.op.result, STORE_IN_USE);
        assert_int_equal(post.op.result, 0);
    }
    test_free(busy.ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_put_and_put_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_longest_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_listing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleting_with_a_long_scan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_signal_during_the_scan, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
