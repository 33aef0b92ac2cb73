/* SPDX-License-Identifier: EUPL-1.2 */
/* Who only came to look: signalled, looked, and withdrew (domain rule 2). */
#include "tests/unit/store/pair_fixture.h"

#include <stdio.h>

#include "store/base/clock.h"
#include "store/base/layout.h"
#include "tests/unit/store/registrar.h"

static void offer(uint32_t party, uint64_t sequence)
{
    struct log_note note = {.event = LOG_NOTICE_OFFERED, .object_kind = LOG_OBJECT_NOTICE};
    put_be64(note.object, sequence);
    office_note(&office, party, &note);
}

static void read_match(uint32_t party, const struct uuid *match)
{
    struct log_note note = {.event = LOG_MATCH_READ, .object_kind = LOG_OBJECT_MATCH};
    memcpy(note.object, match->bytes, UUID_BYTES);
    office_note(&office, party, &note);
}

/* Bob signals on the child of a match, and sees what he can see. */
static struct uuid come_and_look(unsigned child)
{
    office_post(&office, school, "ann", child);
    struct uuid id = office_post(&office, care, "bob", child);
    offer(care, office_inbox_state(&office, care).head);
    return id;
}

static void test_a_peek_is_told_to_auditors(void **state)
{
    (void)state;
    uint32_t auditor = office_admit(&office, PARTY_AUDITOR, 0);
    struct store_signal_withdraw op;
    static const enum withdraw_reason reasons[] = {WITHDRAW_ENDED, WITHDRAW_WRONGFUL};
    for (unsigned i = 0; i < ARRAY_LENGTH(reasons); i++) {
        struct uuid id = come_and_look(i + 1);
        office_advance(office.policy.peek_minutes * CLOCK_MINUTE / 2);
        store_signal_withdraw_init(&op);
        op.id = id;
        op.reason = reasons[i];
        assert_int_equal(office_run(&office, &op.op, care), 0);
        struct notice notice = *office_last_notice(&office, auditor);
        assert_int_equal(notice.sequence, i + 1);
        assert_int_equal(notice.type, NOTICE_PEEK_SUSPECTED);
        assert_string_equal(notice.actor.text, office_oin(care).text);
        assert_string_equal(notice.actor_name, "Party 2");
        /* The entry that it names follows that of the withdrawal, which is the operation's. */
        assert_true(notice.log_index == op.op.log_index + 1);
        struct log_entry entry;
        char object[64] = "\"signal:";
        uuid_format(&id, object + strlen(object));
        assert_int_equal(store_get_log_entry(office_look(&office), notice.log_index, &entry), 0);
        assert_int_equal(entry.event, LOG_PEEK_SUSPECTED);
        assert_non_null(strstr(entry.public_part, object));
        assert_int_equal(registrar_count_log(&office, i + 1, LOG_PEEK_SUSPECTED), 1);
        /* Saying it again is no second peek. */
        assert_int_equal(office_run(&office, &op.op, care), 0);
        assert_int_equal(office_inbox_state(&office, auditor).head, i + 1);
    }
}

static void test_what_is_no_peek(void **state)
{
    (void)state;
    uint32_t auditor = office_admit(&office, PARTY_AUDITOR, 0);
    /* Nothing was shown. */
    office_post(&office, school, "ann", 1);
    struct uuid id = office_post(&office, care, "bob", 1);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_WRONGFUL), 0);
    /* Shown to another party, and to this one on another child. */
    id = office_post(&office, care, "bob", 2);
    office_post(&office, school, "ann", 2);
    come_and_look(3);
    offer(school, office_inbox_state(&office, school).head - 1);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    /* Not shortly after. */
    id = come_and_look(4);
    office_advance(office.policy.peek_minutes * CLOCK_MINUTE + CLOCK_MINUTE);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    /* Shown before the report, of an earlier one. */
    id = come_and_look(5);
    office_advance(office.policy.peek_minutes * CLOCK_MINUTE + CLOCK_MINUTE);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    id = office_post(&office, care, "bob", 5);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    /* What ended long ago is not withdrawn, but found wrongful. */
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_WRONGFUL), 0);
    assert_int_equal(office_count_events(&office, LOG_PEEK_SUSPECTED), 0);
    assert_int_equal(office_inbox_state(&office, auditor).head, 0);
}

/* Found in the index as well as in the tail that is not in it yet; by who acts for another too. */
static void test_a_peek_is_found_wherever_it_stands(void **state)
{
    (void)state;
    struct log_note note = {.event = LOG_LOG_READ};
    for (unsigned i = 1; i <= 4; i++) {
        office_post(&office, school, "ann", i);
        struct uuid id = office_post(&office, care, "bob", i);
        struct uuid match = office_last_notice(&office, care)->match.id;
        if (i <= 2) {
            read_match(care, &match);
        } else { /* a supplier, who is the acting party, for the care party */
            struct log_note shown = {.event = LOG_MATCH_READ, .object_kind = LOG_OBJECT_MATCH};
            struct store_note_op op;
            memcpy(shown.object, match.bytes, UUID_BYTES);
            store_note_init(&op);
            op.count = 1;
            op.notes = &shown;
            op.op.party = care;
            op.op.by.party = office_oin(9);
            op.op.by.on_behalf_of = office_oin(care);
            assert_int_equal(store_run(office.store, &op.op), 0);
        }
        for (int j = 0; j < 20; j++) {
            office_note(&office, school, &note);
        }
        if (i % 2 == 0) {
            office_index(&office);
        }
        assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
        assert_int_equal(office_count_events(&office, LOG_PEEK_SUSPECTED), i);
    }
}

/* Behind thousands of entries that are not indexed yet, what is indexed is still found. */
static void test_a_peek_behind_a_long_tail(void **state)
{
    (void)state;
    enum { OPS = 3 };
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    struct store_note_op ops[OPS];
    struct store_signal_withdraw withdraw;
    struct crowd crowd;
    for (size_t i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_LOG_READ;
    }
    struct uuid id = come_and_look(1);
    office_index(&office);
    crowd_init(&crowd);
    for (size_t i = 0; i < OPS; i++) { /* together, so that no quiet moment comes between */
        store_note_init(&ops[i]);
        ops[i].count = STORE_NOTES_MAXIMUM;
        ops[i].notes = notes;
        ops[i].op.by = office_attribution(school);
        assert_int_equal(crowd_submit(&crowd, office.store, &ops[i].op), STORE_OK);
    }
    store_signal_withdraw_init(&withdraw);
    withdraw.id = id;
    withdraw.reason = WITHDRAW_ENDED;
    withdraw.op.party = care;
    withdraw.op.by = office_attribution(care);
    assert_int_equal(crowd_submit(&crowd, office.store, &withdraw.op), STORE_OK);
    crowd_finish(&crowd);
    assert_int_equal(withdraw.op.result, 0);
    assert_int_equal(office_count_events(&office, LOG_PEEK_SUSPECTED), 1);
    test_free(notes);
}

/* Auditors are those who have the role now. */
static void test_who_is_an_auditor(void **state)
{
    (void)state;
    struct store_party_change change;
    uint32_t first = office_admit(&office, PARTY_AUDITOR, 0);
    office_change(&change, school, PARTY_CHANGE);
    change.roles = PARTY_REPORTER | PARTY_AUDITOR;
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    struct uuid id = come_and_look(1);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_count_notices(&office, first, NOTICE_PEEK_SUSPECTED), 1);
    assert_int_equal(office_count_notices(&office, school, NOTICE_PEEK_SUSPECTED), 1);

    office_change(&change, first, PARTY_CHANGE); /* another change leaves the role */
    change.name = "Inspection";
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_change(&change, school, PARTY_CHANGE);
    change.roles = PARTY_REPORTER;
    assert_int_equal(office_run(&office, &change.op, 0), 0);
    office_reopen(&office);
    id = come_and_look(2);
    assert_int_equal(office_withdraw(&office, care, &id, WITHDRAW_ENDED), 0);
    assert_int_equal(office_count_notices(&office, first, NOTICE_PEEK_SUSPECTED), 2);
    assert_int_equal(office_count_notices(&office, school, NOTICE_PEEK_SUSPECTED), 1);
    assert_int_equal(office_count_events(&office, LOG_PEEK_SUSPECTED), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_peek_is_told_to_auditors, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_peek, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_a_peek_is_found_wherever_it_stands, setup_trio,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_peek_behind_a_long_tail, setup_trio, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_an_auditor, setup_trio, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
