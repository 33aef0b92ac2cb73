/* SPDX-License-Identifier: EUPL-1.2 */
/* Exports of which records were destroyed, and what witnesses say of an export. */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit_world.h"
#include "crypto/cosignature.h"
#include "crypto/secret.h"
#include "tools/audit/file.h"
#include "tools/audit/gone.h"

/* In place of an entry, what is left of it when its record was destroyed. */
static void destroy_line(struct world *world, uint64_t index)
{
    char commitment[64];
    const char *at = strstr(world->lines[index], "\"commitment\":\"") + 14;
    snprintf(commitment, sizeof(commitment), "%.43s", at);
    snprintf(world->lines[index], sizeof(world->lines[index]),
             "{\"index\":%" PRIu64 ",\"record\":null,\"salt\":null,\"subject\":null,"
             "\"subjectSalt\":null,\"commitment\":\"%s\",\"destroyed\":true}\n",
             index, commitment);
}

static void test_destroyed_entries_are_counted(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_make_log(world, 9);
    audit_world_write_checkpoint(world);
    for (uint64_t i = 0; i < 4; i++) {
        destroy_line(world, i);
    }
    audit_world_write_entries(world, 0, 9);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.entries, 9);
    assert_int_equal(report.destroyed, 4);
    assert_int_equal(report.destroyed_later, 0);
    assert_int_equal(report.destroyed_unsaid, 4);
    assert_true(report.has_oldest);
    assert_int_equal(report.oldest, 1002);
    assert_int_equal(report.unseen, 0);
    for (size_t i = 0; i < AUDIT_PARTS; i++) {
        bool is_checked = i != AUDIT_PART_SINCE && i != AUDIT_PART_WITNESSES;
        assert_int_equal(report.parts[i], is_checked ? AUDIT_GOOD : AUDIT_NOT_CHECKED);
    }
    /* Also when the first of a part is. */
    audit_world_sign(world, 3, since);
    audit_world_write_entries(world, 3, 9);
    audit_world_write_since_proof(world, 3);
    audit_world_check(world, since, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.destroyed, 1);
    assert_int_equal(report.parts[AUDIT_PART_SINCE], AUDIT_GOOD);
    /* One in between cannot have come to its term yet. */
    destroy_line(world, 7);
    destroy_line(world, 8);
    audit_world_write_entries(world, 0, 9);
    audit_world_assert_finding(world, NULL, "is said to be destroyed, behind a record");
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.destroyed_later, 2);
    assert_true(report.findings[0].has_index);
    assert_int_equal(report.findings[0].index, 7);
    assert_int_equal(report.parts[AUDIT_PART_RECORDS], AUDIT_BAD);
    assert_int_equal(report.parts[AUDIT_PART_TREE], AUDIT_GOOD);
}

static void test_of_what_is_gone_nothing_was_checked(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    audit_world_make_log(world, 5);
    audit_world_write_checkpoint(world);
    for (uint64_t i = 0; i < 5; i++) {
        destroy_line(world, i);
    }
    audit_world_write_entries(world, 0, 5);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.destroyed_unsaid, 5);
    for (size_t i = 0; i < AUDIT_PARTS; i++) {
        bool is_checked = i == AUDIT_PART_HEAD || i == AUDIT_PART_COMPLETE || i == AUDIT_PART_TREE;
        assert_int_equal(report.parts[i], is_checked ? AUDIT_GOOD : AUDIT_NOT_CHECKED);
    }
    /* A log without entries has none that could be wrong. */
    audit_world_make_log(world, 0);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 0);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.parts[AUDIT_PART_RECORDS], AUDIT_GOOD);
}

static void test_the_log_says_what_it_destroyed(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    char record[512];
    audit_world_make_log(world, 9);
    for (uint64_t i = 0; i < 4; i++) {
        destroy_line(world, i);
    }
    snprintf(record, sizeof(record),
             "{\"attributes\":{\"verwijsindex.count\":3,\"verwijsindex.index\":6,"
             "\"verwijsindex.object\":\"entry:0\"},\"end_time\":1003,"
             "\"name\":\"records-destroyed\"}");
    audit_world_make_line(world, 6, record, record);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 9);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.destroyed, 4);
    assert_int_equal(report.destroyed_unsaid, 1);
}

static void test_what_is_accounted_for(void **state)
{
    (void)state;
    static const struct {
        struct audit_range said[3];
        uint64_t left; /* of 10..19 and 30..39 */
    } cases[] = {
        {{{0, 1}}, 20},
        {{{0, 10}, {20, 30}, {40, 99}}, 20},
        {{{10, 20}}, 10},
        {{{0, 99}}, 0},
        {{{5, 15}}, 15},
        {{{12, 14}, {0, 99}}, 0},
        {{{32, 34}, {12, 14}, {10, 33}}, 6},
        /* What stands before the first that is named, nobody named. */
        {{{15, 35}}, 10},
        {{{12, 14}}, 18},
        {{{12, 14}, {13, 16}}, 16},
        {{{32, 34}}, 18},
        {{{25, 28}}, 20},
        {{{40, 99}}, 20},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct audit_gone gone = {0};
        for (uint64_t index = 10; index < 40; index++) {
            if (index < 20 || index >= 30) {
                audit_gone_add(&gone, index);
            }
        }
        assert_int_equal(gone.count, 2);
        assert_int_equal(audit_gone_unexplained(&gone), 20);
        for (size_t k = 0; k < 3 && cases[i].said[k].end > 0; k++) {
            audit_gone_explain(&gone, &cases[i].said[k]);
        }
        assert_int_equal(audit_gone_unexplained(&gone), cases[i].left);
    }
    /* More stretches than are kept in mind stay unaccounted for. */
    struct audit_gone many = {0};
    for (uint64_t i = 0; i < AUDIT_GONE_MAXIMUM + 9; i++) {
        audit_gone_add(&many, i * 2);
    }
    assert_int_equal(audit_gone_unexplained(&many), AUDIT_GONE_MAXIMUM + 9);
    audit_gone_explain(&many, &(struct audit_range){0, 3});
    assert_int_equal(audit_gone_unexplained(&many), AUDIT_GONE_MAXIMUM + 7);
}

static void test_what_only_claims_to_be_destroyed(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    static const struct {
        const char *from;
        const char *to; /* of the same length */
        const char *said;
    } changes[] = {
        {"\"destroyed\":true", "\"destroyed\":null", "destroyed is not true"},
        {"\"destroyed\":true", "\"destr0yed\":true", "it has no record"},
        {"\"salt\":null", "\"salt\":1234", "is there in part"},
        {"\"index\":1", "\"indey\":1", "it has no index"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        audit_world_make_log(world, 3);
        audit_world_write_checkpoint(world);
        destroy_line(world, 1);
        char *at = strstr(world->lines[1], changes[i].from);
        assert_non_null(at);
        memcpy(at, changes[i].to, strlen(changes[i].to));
        audit_world_write_entries(world, 0, 3);
        audit_world_check(world, NULL, &report);
        assert_true(report.finding_count >= 1);
        if (strstr(report.findings[0].what, changes[i].said) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", report.findings[0].what, changes[i].said);
        }
    }
    /* Its commitment still has to be the one in the tree. */
    audit_world_make_log(world, 3);
    audit_world_write_checkpoint(world);
    destroy_line(world, 0);
    destroy_line(world, 1);
    char *commitment = strstr(world->lines[1], "\"commitment\":\"") + 14;
    commitment[5] = commitment[5] == 'A' ? 'B' : 'A';
    audit_world_write_entries(world, 0, 3);
    audit_world_assert_finding(world, NULL, "another root");
}

/* ---- witnesses ---- */

static void make_witness(const char *name, uint8_t byte, struct checkpoint_signer *ret_witness)
{
    uint8_t own[CHECKPOINT_SEED_BYTES] = {byte};
    assert_int_equal(cosignature_signer_init(ret_witness, name, own), 0);
}

static void believe(struct world *world, const struct checkpoint_signer *witness)
{
    world->witnesses.keys[world->witnesses.count++] = witness->vkey;
}

static void cosign(const struct checkpoint_signer *witness, char note[CHECKPOINT_NOTE_MAXIMUM])
{
    char line[COSIGNATURE_LINE_SIZE];
    char with[CHECKPOINT_NOTE_MAXIMUM];
    size_t length = 0;
    assert_int_equal(cosignature_sign(witness, note, strlen(note), 1700000000, line), 0);
    assert_int_equal(cosignature_add(note, strlen(note), line, with, &length), 0);
    strcpy(note, with);
}

static void test_what_witnesses_have_seen(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    struct checkpoint_signer one;
    struct checkpoint_signer two;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    make_witness("one.example", 1, &one);
    make_witness("two.example", 2, &two);
    audit_world_make_log(world, 9);
    audit_world_write_entries(world, 0, 9);
    believe(world, &one);
    audit_world_write_checkpoint(world);
    audit_world_assert_finding(world, NULL, "there is no cosignature of one.example");
    /* On the checkpoint itself. */
    audit_world_sign(world, 9, note);
    cosign(&one, note);
    audit_world_write_file(world, AUDIT_CHECKPOINT, note);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_GOOD);
    assert_int_equal(report.cosignature_count, 1);
    assert_string_equal(report.cosignatures[0].name, "one.example");
    assert_int_equal(report.cosignatures[0].size, 9);
    assert_int_equal(report.cosignatures[0].time, 1700000000);
    assert_int_equal(report.unseen, 0);
    /* On an earlier head, of every size. */
    audit_world_write_checkpoint(world);
    believe(world, &two);
    for (uint64_t size = 0; size <= 9; size++) {
        audit_world_sign(world, size, note);
        cosign(&one, note);
        cosign(&two, note);
        audit_world_write_file(world, AUDIT_WITNESSED, note);
        audit_world_check(world, NULL, &report);
        if (report.finding_count > 0) {
            fail_msg("%s", report.findings[0].what);
        }
        assert_int_equal(report.cosignature_count, 2);
        assert_int_equal(report.cosignatures[1].size, size);
        /* What came after it, they have not seen. */
        assert_int_equal(report.unseen, 9 - size);
        assert_int_equal(report.unseen_since, size < 9 ? 1700000000 : 0);
    }
    /* Who is not asked says nothing, however well the head is signed. */
    world->witnesses.count = 0;
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_NOT_CHECKED);
    assert_int_equal(report.cosignature_count, 0);
    assert_int_equal(report.unseen, 0);
    world->witnesses.count = 2;
    /* Its cosignature, or the log's own, is no longer what it was. */
    audit_world_sign(world, 5, note);
    cosign(&one, note);
    cosign(&two, note);
    char *at = strstr(note, "one.example ") + 40;
    *at = *at == 'A' ? 'B' : 'A';
    audit_world_write_file(world, AUDIT_WITNESSED, note);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 2);
    assert_non_null(strstr(report.findings[0].what, "a wrong cosignature of one.example"));
    audit_world_sign(world, 5, note);
    cosign(&one, note);
    cosign(&two, note);
    audit_world_replace_first(note, ORIGIN "\n", '5', '4');
    audit_world_write_file(world, AUDIT_WITNESSED, note);
    audit_world_check(world, NULL, &report);
    assert_non_null(strstr(report.findings[0].what, "the witnessed checkpoint was changed"));
}

static void test_what_witnesses_have_seen_is_another_log(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    struct checkpoint_signer one;
    struct checkpoint_signer two;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    char seen[3][CHECKPOINT_NOTE_MAXIMUM];
    char since[CHECKPOINT_NOTE_MAXIMUM];
    char record[512];
    make_witness("one.example", 1, &one);
    audit_world_make_log(world, 9);
    audit_world_sign(world, 4, since);
    audit_world_sign(world, 6, seen[0]);
    audit_world_sign(world, 9, seen[1]);
    audit_world_make_log(world, 12);
    audit_world_sign(world, 12, seen[2]);
    /* Then the log rewrites its own past, with its own key; nobody but the witness can tell. */
    world->size = 9;
    audit_world_make_record(5, 1002, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    audit_world_make_line(world, 5, record, record);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 9);
    audit_world_assert_good(world, NULL, 9);
    static const char *const said[] = {
        "its first 6 entries are not those that witnesses have seen",
        "witnesses have seen another tree of 9 entries",
        "witnesses have seen 12 entries, and the checkpoint signs 9"};
    for (size_t i = 0; i < 3; i++) {
        cosign(&one, seen[i]);
        audit_world_write_file(world, AUDIT_WITNESSED, seen[i]);
        audit_world_check(world, NULL, &report);
        assert_true(report.finding_count >= 1);
        assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_BAD);
        bool found = false;
        for (size_t k = 0; k < report.finding_count; k++) {
            found = found || strstr(report.findings[k].what, said[i]) != NULL;
        }
        assert_true(found);
    }
    /* The same in a part of the log; and what it cannot be held against is said to be so. */
    audit_world_write_file(world, AUDIT_WITNESSED, seen[0]);
    audit_world_write_entries(world, 4, 9);
    audit_world_write_since_proof(world, 4);
    audit_world_assert_finding(world, since,
                               "its first 6 entries are not those that witnesses have seen");
    audit_world_make_log(world, 9);
    audit_world_sign(world, 7, since);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 7, 9);
    audit_world_write_since_proof(world, 7);
    audit_world_assert_good(world, since, 2);
    believe(world, &one);
    audit_world_check(world, since, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_NOT_CHECKED);
    assert_int_equal(report.cosignature_count, 1);
    assert_true(report.cosignatures[0].is_before);
    assert_int_equal(report.unseen, 3);
    /* Nor when nothing came since, or when only one of two witnesses is that late. */
    audit_world_sign(world, 9, since);
    audit_world_write_entries(world, 9, 9);
    audit_world_check(world, since, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_NOT_CHECKED);
    make_witness("two.example", 2, &two);
    believe(world, &two);
    audit_world_sign(world, 9, note);
    cosign(&two, note);
    audit_world_write_file(world, AUDIT_CHECKPOINT, note);
    audit_world_check(world, since, &report);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_NOT_CHECKED);
    assert_true(!report.cosignatures[0].is_before && report.cosignatures[1].is_before);
    assert_int_equal(report.unseen, 0);
    /* In a whole export that has a gap it is still wrong. */
    audit_world_write_entries(world, 1, 9);
    assert_int_equal(audit_world_check_with(world, NULL, &report), AUDIT_NEEDS_SINCE);
    strcpy(world->lines[2], world->lines[1]);
    audit_world_write_entries(world, 0, 9);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.parts[AUDIT_PART_WITNESSES], AUDIT_BAD);
}

/* Whoever made the directory must not be able to let the auditor wait for ever. */
static void test_what_is_no_file(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {AUDIT_CHECKPOINT, AUDIT_WITNESSED, AUDIT_SINCE_PROOF,
                                        AUDIT_ENTRIES};
    struct audit_report report;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_make_log(world, 5);
    audit_world_sign(world, 2, since);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        for (int is_folder = 0; is_folder < 2; is_folder++) {
            audit_world_write_checkpoint(world);
            audit_world_write_entries(world, 2, 5);
            audit_world_write_since_proof(world, 2);
            unlinkat(world->directory, names[i], 0);
            assert_int_equal(is_folder ? mkdirat(world->directory, names[i], 0700)
                                       : mkfifoat(world->directory, names[i], 0600),
                             0);
            assert_int_equal(audit_world_check_with(world, since, &report), AUDIT_NOT_REGULAR);
            assert_string_equal(report.unreadable, names[i]);
            assert_int_equal(unlinkat(world->directory, names[i], is_folder ? AT_REMOVEDIR : 0), 0);
        }
    }
    assert_string_equal(audit_file_explain(AUDIT_NOT_REGULAR), "it is not a regular file");
    assert_string_equal(audit_file_explain(-ENOENT), strerror(ENOENT));
}

static void test_without_the_key(void **state)
{
    struct world *world = *state;
    static const struct audit_trust nobody = {0};
    struct audit_report report;
    audit_world_make_log(world, 5);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 5);
    assert_int_equal(audit_check(world->directory, &nobody, NULL, &report), 0);
    assert_int_equal(report.finding_count, 0);
    assert_int_equal(report.parts[AUDIT_PART_HEAD], AUDIT_NOT_CHECKED);
    assert_int_equal(report.parts[AUDIT_PART_TREE], AUDIT_GOOD);
    *strstr(world->lines[4], "signal-posted") = 'S';
    audit_world_write_entries(world, 0, 5);
    assert_int_equal(audit_check(world->directory, &nobody, NULL, &report), 0);
    assert_int_equal(report.finding_count, 1);
}

#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, audit_world_set_up, audit_world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_destroyed_entries_are_counted),
        WITH_WORLD(test_of_what_is_gone_nothing_was_checked),
        WITH_WORLD(test_the_log_says_what_it_destroyed),
        cmocka_unit_test(test_what_is_accounted_for),
        WITH_WORLD(test_what_only_claims_to_be_destroyed),
        WITH_WORLD(test_what_witnesses_have_seen),
        WITH_WORLD(test_what_witnesses_have_seen_is_another_log),
        WITH_WORLD(test_what_is_no_file),
        WITH_WORLD(test_without_the_key),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
