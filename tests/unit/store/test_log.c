/* SPDX-License-Identifier: EUPL-1.2 */
/* The access log: every operation has its entry, and every entry holds. */
#include "tests/unit/store/log_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/log/record.h"

static struct log_entry entry_at(uint64_t index)
{
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(office_look(&office), index, &entry), 0);
    return entry;
}

/* The last entry is of this event, and says this. */
static void assert_last(enum log_event event, const char *says)
{
    struct log_entry entry = entry_at(office_status(&office).log_size - 1);
    assert_int_equal(entry.event, event);
    if (strstr(entry.public_part, says) == NULL) {
        fail_msg("%s does not say %s", entry.public_part, says);
    }
}

static void test_every_operation_has_its_entry(void **state)
{
    (void)state;
    struct store_party_change change;
    uint32_t school = office_reporter(&office);
    assert_last(LOG_PARTY_ADDED, "\"party:1\"");
    assert_last(LOG_PARTY_ADDED, "\"verwijsindex.operator_uid\":0");
    uint32_t care = office_reporter(&office);
    static const struct {
        enum party_action action;
        enum log_event event;
    } actions[] = {
        {PARTY_CHANGE, LOG_PARTY_CHANGED},          {PARTY_SUSPEND, LOG_PARTY_SUSPENDED},
        {PARTY_RESUME, LOG_PARTY_RESUMED},          {PARTY_ALLOW, LOG_PERMISSION_CHANGED},
        {PARTY_DENY, LOG_PERMISSION_CHANGED},       {PARTY_AGREEMENT_ADD, LOG_AGREEMENT_ADDED},
        {PARTY_AGREEMENT_END, LOG_AGREEMENT_ENDED}, {PARTY_MANDATE, LOG_MANDATE_ADDED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++) {
        office_change(&change, care, actions[i].action);
        change.agreement = (struct agreement){400, office_today() + 1};
        change.other = office_oin(school);
        change.roles = PARTY_REPORTER | PARTY_SUPPLIER;
        assert_int_equal(office_run(&office, &change.op, 0), 0);
        assert_int_equal(change.op.log_index, office_status(&office).log_size - 1);
        assert_last(actions[i].event, "\"party:2\"");
    }
    office_hire(&office, school, "ann");
    assert_last(LOG_PROFESSIONAL_CHANGED, "\"verwijsindex.professional\":\"ann\"");
    struct uuid id = office_post(&office, school, "ann", 1);
    char object[64] = "\"signal:";
    uuid_format(&id, object + strlen(object));
    assert_last(LOG_SIGNAL_POSTED, object);
    struct store_signal_post post;
    assert_int_equal(office_try_post(&office, &post, school, "ann", 1), 0);
    assert_last(LOG_SIGNAL_REPEATED, object);
    office_hire(&office, care, "bob");
    struct uuid other = office_post(&office, care, "bob", 1);
    assert_int_equal(office_acknowledge(&office, school, 1), 0);
    assert_last(LOG_NOTICE_ACKNOWLEDGED, "\"notice:1\"");
    assert_int_equal(office_withdraw(&office, school, &id, WITHDRAW_ENDED), 0);
    assert_last(LOG_SIGNAL_WITHDRAWN, object);
    assert_int_equal(office_withdraw(&office, care, &other, WITHDRAW_WRONGFUL), 0);
    assert_last(LOG_SIGNAL_RETRACTED, office_oin(care).text);
    assert_int_equal(office_dismiss(&office, care, "bob"), 0);
    assert_last(LOG_PROFESSIONAL_DELETED, "\"bob\"");
    assert_int_equal(office_dismiss(&office, care, "bob"), STORE_NOT_FOUND);
    assert_last(LOG_REQUEST_REFUSED, "\"verwijsindex.outcome\":\"not-found\"");
    verify_log(office.store, &vkey);
}

/* Sorted, without white space: what parsing and printing again gives back byte for byte. */
static void test_entries_are_canonical(void **state)
{
    (void)state;
    struct store_note_op op;
    static const uint8_t trace[16] = {0xab, 0xcd, 1};
    struct log_note note = {.event = LOG_LOG_SEARCHED,
                            .outcome = "rate-limited",
                            .case_reference = "zaak \"7\" \\ caf\xc3\xa9 \n\x01\x1f\x7f/",
                            .ground = "bezwaar \"gegrond\" \t",
                            .object_kind = LOG_OBJECT_ENTRY,
                            .professional = "ann",
                            .count = 4000000000u};
    office_reporter(&office);
    store_note_init(&op);
    op.count = 1;
    op.notes = &note;
    op.op.by = office_attribution(1);
    op.op.by.on_behalf_of = office_oin(2);
    op.op.by.traced = true;
    memcpy(op.op.by.trace_id, trace, sizeof(trace));
    memcpy(op.op.by.parent_span_id, trace, 8);
    assert_int_equal(store_run(office.store, &op.op), 0);
    struct log_entry entry = entry_at(op.op.log_index);
    static const char *const parts[] = {
        "{\"attributes\":{\"dpl.core.foreign_operation.processor\":\"urn:nld:oin:",
        "\"zaak \\\"7\\\" \\\\ caf\xc3\xa9 \\n\\u0001\\u001f\x7f/\",",
        "\"verwijsindex.certificate\":\"01010101",
        "\"verwijsindex.count\":4000000000,\"verwijsindex.ground\":\"bezwaar ",
        "bezwaar \\\"gegrond\\\" \\t\",\"verwijsindex.index\":1,",
        "\"verwijsindex.object\":\"entry:0\"",
        "\"verwijsindex.on_behalf_of\":\"00000099000000000002\"",
        "\"verwijsindex.outcome\":\"rate-limited\"",
        "\"parent_span_id\":\"abcd010000000000\"",
        "\"trace_id\":\"abcd0100000000000000000000000000\"}",
        "\"name\":\"log-searched\"",
        "\"status\":\"Ok\"",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (strstr(entry.public_part, parts[i]) == NULL) {
            fail_msg("%s lacks %s", entry.public_part, parts[i]);
        }
    }
    office_hire(&office, 1, "ann");
    office_post(&office, 1, "ann", 1);
    for (uint64_t index = 0; index < office_status(&office).log_size; index++) {
        entry = entry_at(index);
        json_t *parsed =
            json_loadb(entry.public_part, entry.public_size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(parsed);
        char *printed = json_dumps(parsed, JSON_COMPACT | JSON_SORT_KEYS);
        for (char *c = strstr(printed, "\\u001F"); c != NULL; c = strstr(c, "\\u001F")) {
            c[5] = 'f'; /* RFC 8785 wants lower case, jansson writes upper */
        }
        assert_string_equal(printed, entry.public_part);
        free(printed);
        json_t *started = json_object_get(parsed, "start_time");
        assert_true(json_integer_value(started) == entry.logged_at);
        assert_int_equal(json_string_length(json_object_get(parsed, "trace_id")), 32);
        assert_int_equal(json_string_length(json_object_get(parsed, "span_id")), 16);
        json_decref(parsed);
    }
}

/* On whom stands apart from the public part, and is not the child key. */
static void test_subjects(void **state)
{
    (void)state;
    uint32_t school = office_reporter(&office);
    office_hire(&office, school, "ann");
    office_hire(&office, school, "eve");
    struct log_entry entries[4];
    static const struct {
        const char *professional;
        unsigned child;
    } posts[] = {{"ann", 1}, {"eve", 1}, {"ann", 2}};
    for (int i = 0; i < 3; i++) {
        office_post(&office, school, posts[i].professional, posts[i].child);
        entries[i] = entry_at(office_status(&office).log_size - 1);
        assert_true(entries[i].has_subject);
        struct office_child child = office_child(&office, posts[i].child);
        assert_memory_not_equal(entries[i].subject, child.key.bytes, ACCESSLOG_SUBJECT_BYTES);
        char hex[SECRET_HEX_SIZE(ACCESSLOG_SUBJECT_BYTES)];
        secret_to_hex(entries[i].subject, ACCESSLOG_SUBJECT_BYTES, hex);
        assert_null(strstr(entries[i].public_part, hex));
        secret_to_hex(child.key.bytes, ACCESSLOG_SUBJECT_BYTES, hex);
        assert_null(strstr(entries[i].public_part, hex));
    }
    assert_memory_equal(entries[0].subject, entries[1].subject, ACCESSLOG_SUBJECT_BYTES);
    assert_memory_not_equal(entries[0].subject, entries[2].subject, ACCESSLOG_SUBJECT_BYTES);
    assert_memory_not_equal(entries[0].salts.entry, entries[1].salts.entry, COMMITMENT_SALT_BYTES);
    assert_memory_not_equal(entries[0].salts.subject, entries[0].salts.entry,
                            COMMITMENT_SALT_BYTES);
    entries[3] = entry_at(0);
    assert_false(entries[3].has_subject);
}

static void test_notes_are_limited(void **state)
{
    (void)state;
    struct store_note_op op;
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM + 1, sizeof(*notes));
    for (int i = 0; i <= STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_NOTICE_OFFERED;
    }
    store_note_init(&op);
    op.notes = notes;
    op.count = STORE_NOTES_MAXIMUM + 1;
    assert_int_equal(office_run(&office, &op.op, 0), -E2BIG);
    assert_false(op.op.logged);
    assert_int_equal(office_status(&office).log_size, 0);
    op.count = STORE_NOTES_MAXIMUM;
    assert_int_equal(office_run(&office, &op.op, 0), 0);
    assert_true(op.op.log_index == 0);
    assert_int_equal(office_status(&office).log_size, STORE_NOTES_MAXIMUM);
    op.count = 0;
    assert_int_equal(office_run(&office, &op.op, 0), 0);
    assert_false(op.op.logged);
    test_free(notes);
}

/* What could not be read back is not written. */
static void test_impossible_notes(void **state)
{
    (void)state;
    char text[400];
    char ground[LOGRECORD_GROUND_MAXIMUM * 4 + 2];
    memset(text, 'x', sizeof(text));
    memset(ground, 'x', sizeof(ground));
    ground[sizeof(ground) - 1] = '\0';
    text[ACCESSLOG_OUTCOME_MAXIMUM + 1] = '\0';
    text[399] = '\0';
    const struct log_note notes[] = {
        {.event = 0},
        {.event = LOG_EVENTS},
        {.event = LOG_LOG_READ, .outcome = text},
        {.event = LOG_LOG_READ, .professional = text + 45},
        {.event = LOG_LOG_READ, .case_reference = text + 45},
        {.event = LOG_ERASURE_MADE, .ground = ground},
        {.event = LOG_LOG_READ, .object_kind = LOG_OBJECT_PARTY + 1},
    };
    struct store_note_op op;
    for (size_t i = 0; i < ARRAY_LENGTH(notes); i++) {
        store_note_init(&op);
        op.count = 1;
        op.notes = &notes[i];
        assert_true(office_run(&office, &op.op, 0) < 0);
    }
    struct log_note refusal = {.event = LOG_REQUEST_REFUSED, .outcome = "internal-error"};
    op.notes = &refusal;
    op.op.by = office_attribution(0);
    op.op.by.operation = text;
    assert_true(store_run(office.store, &op.op) < 0);
    op.op.by.operation = "short";
    op.op.by.party = (struct oin){"not an oin"};
    assert_true(store_run(office.store, &op.op) < 0);
    assert_int_equal(office_status(&office).log_size, 0);
    op.op.by.party = office_oin(0);
    assert_int_equal(store_run(office.store, &op.op), 0);
    assert_last(LOG_REQUEST_REFUSED, "\"status\":\"Error\"");
    verify_log(office.store, &vkey);
}

/* The longest texts of an erasure, each character of which is spelt with six, fit in the record. */
static void test_the_longest_erasure(void **state)
{
    (void)state;
    char ground[LOGRECORD_GROUND_MAXIMUM + 1] = "";
    char reference[LOGRECORD_CASE_REFERENCE_MAXIMUM + 1] = "";
    memset(ground, 1, sizeof(ground) - 1);
    memset(reference, 1, sizeof(reference) - 1);
    struct log_note note = {.event = LOG_ERASURE_MADE,
                            .ground = ground,
                            .case_reference = reference,
                            .count = UINT32_MAX,
                            .has_subject = true};
    office_note(&office, 1, &note);
    assert_last(LOG_ERASURE_MADE, "\\u0001\",\"verwijsindex.index\":0");
    /* In four bytes each they take the most room. */
    char wide[LOGRECORD_GROUND_MAXIMUM * 4 + 1] = "";
    for (size_t i = 0; i < LOGRECORD_GROUND_MAXIMUM; i++) {
        memcpy(wide + 4 * i, "\xf0\x9f\x93\x8b", 4);
    }
    note.ground = wide;
    office_note(&office, 1, &note);
    assert_last(LOG_ERASURE_MADE, wide);
    verify_log(office.store, &vkey);
}

/* Records of the first version, with flags of one byte, stay readable, and are spelt alike. */
static void test_records_of_the_first_version(void **state)
{
    (void)state;
    static const struct commitment_salts salts;
    struct log_record record = {
        .index = 7,
        .time = 1700000000000,
        .actor_number = 3,
        .note = {.event = LOG_LOG_SEARCHED, .outcome = "", .case_reference = "zaak", .count = 5},
        .operation = "",
    };
    struct log_record again = {.index = 7};
    uint8_t buffer[LOGRECORD_SIZE];
    struct codec_writer out = CODEC_WRITER(buffer);
    char text[2][ACCESSLOG_PUBLIC_MAXIMUM];
    size_t size = log_record_render(&record, &salts, text[0]);
    log_record_encode(&record, &out);
    assert_false(out.failed);
    assert_int_equal(buffer[0], 2);
    assert_int_equal(buffer[1], 0); /* the upper flags */
    buffer[1] = 1;
    struct codec_reader in = {.data = buffer + 1, .left = out.size - 1};
    assert_true(log_record_decode(&in, &office.arena, &again));
    assert_int_equal(log_record_render(&again, &salts, text[1]), size);
    assert_memory_equal(text[0], text[1], size);
    assert_null(again.note.ground);
    buffer[1] = 3;
    in = (struct codec_reader){.data = buffer + 1, .left = out.size - 1};
    assert_false(log_record_decode(&in, &office.arena, &again));
    buffer[1] = 2; /* a flag that does not exist */
    in = (struct codec_reader){.data = buffer, .left = out.size};
    assert_false(log_record_decode(&in, &office.arena, &again));
}

static void test_times_never_go_backwards(void **state)
{
    (void)state;
    struct log_note note = {.event = LOG_LOG_READ};
    office_note(&office, 1, &note);
    office_advance(-CLOCK_DAY);
    office_note(&office, 1, &note);
    office_note(&office, 1, &note);
    office_reopen(&office);
    office_note(&office, 1, &note);
    assert_true(entry_at(1).logged_at == entry_at(0).logged_at);
    assert_true(entry_at(3).logged_at == entry_at(0).logged_at);
    office_advance(CLOCK_DAY);
    office_advance(1000);
    office_note(&office, 1, &note);
    assert_true(entry_at(4).logged_at >= entry_at(0).logged_at + 1000);
    verify_log(office.store, &vkey);
}

/* Entries of several months: each under its own key. */
static void test_months(void **state)
{
    (void)state;
    struct log_note note = {.event = LOG_LOG_READ};
    for (int i = 0; i < 15; i++) {
        office_note(&office, 1, &note);
        office_advance_days(31);
    }
    for (int i = 0; i < 2; i++) { /* and those of the index itself, which turns its key */
        assert_true(verify_log(office.store, &vkey) >= 15);
        assert_int_equal(office_count_events(&office, LOG_LOG_READ), 15);
        office_reopen(&office);
    }
}

/* ---- the tree ---- */

static void add_entries(uint64_t count)
{
    struct log_note *notes = test_calloc(STORE_NOTES_MAXIMUM, sizeof(*notes));
    for (int i = 0; i < STORE_NOTES_MAXIMUM; i++) {
        notes[i].event = LOG_NOTICE_OFFERED;
        notes[i].count = (uint32_t)i + 1;
    }
    while (count > 0) {
        struct store_note_op op;
        store_note_init(&op);
        op.notes = notes;
        op.count = count < STORE_NOTES_MAXIMUM ? (size_t)count : STORE_NOTES_MAXIMUM;
        assert_int_equal(office_run(&office, &op.op, 1), 0);
        count -= op.count;
    }
    test_free(notes);
}

static void check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *root)
{
    struct log_entry entry = entry_at(index);
    struct merkle_hash leaf = verify_entry(&entry);
    struct merkle_proof proof;
    assert_int_equal(store_prove_entry(office.snapshot, index, size, &proof), 0);
    assert_true(merkle_verify_inclusion(&leaf, index, size, &proof, root));
    leaf.bytes[0] ^= 1;
    assert_false(merkle_verify_inclusion(&leaf, index, size, &proof, root));
}

static void check_consistency(uint64_t old, const struct merkle_hash *old_root, uint64_t size,
                              const struct merkle_hash *root)
{
    struct merkle_proof proof;
    assert_int_equal(store_prove_consistency(office_look(&office), old, size, &proof), 0);
    assert_true(merkle_verify_consistency(old, old_root, size, root, &proof));
}

/* The roots of every size up to the last, computed from the leaves alone. */
static struct merkle_hash *all_roots(uint64_t size)
{
    struct merkle_hash *roots = test_calloc(size + 1, sizeof(*roots));
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    merkle_frontier_root(&frontier, &roots[0]);
    for (uint64_t i = 0; i < size; i++) {
        struct log_entry entry = entry_at(i);
        struct merkle_hash leaf = verify_entry(&entry);
        merkle_frontier_append(&frontier, &leaf, NULL, NULL);
        merkle_frontier_root(&frontier, &roots[i + 1]);
    }
    return roots;
}

static void test_proofs_of_small_trees(void **state)
{
    (void)state;
    enum { SIZE = 40 };
    struct checkpoint heads[SIZE + 1];
    heads[0] = verify_head(office_look(&office), &vkey);
    for (uint64_t i = 1; i <= SIZE; i++) {
        add_entries(1);
        heads[i] = verify_head(office_look(&office), &vkey);
        assert_int_equal(heads[i].size, i);
    }
    struct merkle_hash *roots = all_roots(SIZE);
    for (uint64_t size = 0; size <= SIZE; size++) {
        assert_memory_equal(&roots[size], &heads[size].root, sizeof(roots[size]));
        for (uint64_t old = 1; old <= size; old++) {
            check_consistency(old, &heads[old].root, size, &heads[size].root);
            check_inclusion(old - 1, size, &heads[size].root);
        }
    }
    struct merkle_proof proof;
    struct store_snapshot *snapshot = office_look(&office);
    assert_int_equal(store_prove_entry(snapshot, SIZE, SIZE, &proof), STORE_NOT_FOUND);
    assert_int_equal(store_prove_entry(snapshot, 0, SIZE + 1, &proof), STORE_NOT_FOUND);
    assert_int_equal(store_prove_entry(snapshot, 0, 0, &proof), STORE_NOT_FOUND);
    assert_int_equal(store_prove_consistency(snapshot, 0, 3, &proof), STORE_NOT_FOUND);
    assert_int_equal(store_prove_consistency(snapshot, 4, 3, &proof), STORE_NOT_FOUND);
    assert_int_equal(store_prove_consistency(snapshot, 4, SIZE + 1, &proof), STORE_NOT_FOUND);
    struct log_entry entry;
    assert_int_equal(store_get_log_entry(snapshot, SIZE, &entry), STORE_NOT_FOUND);
    test_free(roots);
}

static void check_tree(uint64_t size)
{
    static const uint64_t at[] = {0, 1, 100, 127, 128, 254, 255, 256, 257, 511, 512, 32767, 65534};
    struct merkle_hash *roots = all_roots(size);
    struct checkpoint head = verify_head(office_look(&office), &vkey);
    assert_int_equal(head.size, size);
    assert_memory_equal(&roots[size], &head.root, sizeof(head.root));
    for (size_t i = 0; i < ARRAY_LENGTH(at); i++) {
        if (at[i] < size) {
            check_inclusion(at[i], size, &head.root);
            check_consistency(at[i] + 1, &roots[at[i] + 1], size, &head.root);
            /* In the tree as it was, too. */
            check_inclusion(at[i], at[i] + 1, &roots[at[i] + 1]);
            check_inclusion(at[i] / 2, at[i] + 1, &roots[at[i] + 1]);
        }
    }
    check_inclusion(size - 1, size, &head.root);
    test_free(roots);
}

/* Where the stored nodes begin: 256 leaves, and 65536. */
static void test_the_tree_across_its_stored_levels(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {255, 256, 257, 511, 512, 513, 65535, 65536, 65537};
    uint64_t size = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        add_entries(sizes[i] - size);
        size = sizes[i];
        if (i % 3 == 1) {
            office_reopen(&office); /* the frontier comes back from the nodes */
        }
        if (size < 65536 || i == ARRAY_LENGTH(sizes) - 1) {
            check_tree(size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_operation_has_its_entry, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_entries_are_canonical, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_subjects, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_notes_are_limited, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_impossible_notes, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_the_longest_erasure, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_records_of_the_first_version, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_times_never_go_backwards, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_months, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_proofs_of_small_trees, setup_log, teardown),
        cmocka_unit_test_setup_teardown(test_the_tree_across_its_stored_levels, setup_log,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
