/* SPDX-License-Identifier: EUPL-1.2 */
/* Exports that are good, and exports in which one thing was changed: each must be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "audit_world.h"
#include "crypto/secret.h"
#include "tools/audit/file.h"
#include "tools/text.h"

static void test_every_size_is_good(void **state)
{
    struct world *world = *state;
    audit_world_make_log(world, LOG_MAXIMUM);
    for (uint64_t size = 0; size <= 20; size++) {
        world->size = size;
        audit_world_write_checkpoint(world);
        audit_world_write_entries(world, 0, size);
        audit_world_assert_good(world, NULL, size);
    }
}

static void test_every_earlier_checkpoint_is_consistent(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_make_log(world, 21);
    audit_world_write_checkpoint(world);
    for (uint64_t old = 0; old <= 21; old++) {
        audit_world_sign(world, old, since);
        audit_world_write_entries(world, 0, 21);
        audit_world_assert_good(world, since, 21);
        audit_world_write_entries(world, old, 21);
        if (old > 0 && old < 21) {
            audit_world_write_since_proof(world, old);
        }
        audit_world_assert_good(world, since, 21 - old);
    }
}

static void test_a_part_needs_its_checkpoint(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    audit_world_make_log(world, 9);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 4, 9);
    assert_int_equal(audit_world_check_with(world, NULL, &report), AUDIT_NEEDS_SINCE);
    assert_int_equal(report.first_index, 4);
}

static void test_a_changed_record_is_named(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    audit_world_make_log(world, 7);
    audit_world_write_checkpoint(world);
    *strstr(world->lines[5], "signal-posted") = 'S';
    audit_world_write_entries(world, 0, 7);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 1); /* the tree of the claimed commitments is sound */
    assert_true(report.findings[0].has_index);
    assert_int_equal(report.findings[0].index, 5);
}

static void test_changed_salts_and_subjects_are_named(void **state)
{
    struct world *world = *state;
    static const char *const members[] = {"\"salt\":\"", "\"subject\":\"", "\"subjectSalt\":\"",
                                          "\"verwijsindex.party\":\""};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        audit_world_make_log(world, 4);
        audit_world_write_checkpoint(world);
        char *value = strstr(world->lines[1], members[i]) + strlen(members[i]);
        *value = *value == '0' ? '1' : '0';
        audit_world_write_entries(world, 0, 4);
        audit_world_assert_finding(world, NULL, "not those that its commitment was made of");
    }
}

static void test_a_replaced_entry_shows_in_the_root(void **state)
{
    struct world *world = *state;
    char record[512];
    audit_world_make_log(world, 6);
    audit_world_write_checkpoint(world);
    audit_world_make_record(3, 1001, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    audit_world_make_line(world, 3, record, record);
    audit_world_write_entries(world, 0, 6);
    audit_world_assert_finding(world, NULL, "another root");
}

static void test_missing_double_and_swapped_entries(void **state)
{
    struct world *world = *state;
    CLEANUP(text_finish) struct text all = {0};
    audit_world_make_log(world, 4);
    audit_world_write_checkpoint(world);
    text_add_format(&all, "%s%s%s", world->lines[0], world->lines[1], world->lines[3]);
    audit_world_write_file(world, AUDIT_ENTRIES, all.bytes);
    audit_world_assert_finding(world, NULL, "line 3 holds entry 3: entry 2 is missing");
    text_clear(&all);
    text_add_format(&all, "%s%s%s%s%s", world->lines[0], world->lines[1], world->lines[1],
                    world->lines[2], world->lines[3]);
    audit_world_write_file(world, AUDIT_ENTRIES, all.bytes);
    audit_world_assert_finding(world, NULL, "line 3 holds entry 1 again");
    audit_world_write_entries(world, 0, 3);
    audit_world_assert_finding(world, NULL, "ends before entry 3");
    audit_world_write_entries(world, 0, 4);
    world->size = 3;
    audit_world_write_checkpoint(world);
    struct audit_report report;
    audit_world_check(world, NULL, &report);
    assert_true(report.finding_count >= 1);
    assert_int_equal(report.findings[0].index, 3);
    assert_non_null(strstr(report.findings[0].what, "beyond the checkpoint"));
}

static void test_an_index_that_was_changed(void **state)
{
    struct world *world = *state;
    audit_world_make_log(world, 4);
    audit_world_write_checkpoint(world);
    audit_world_replace_first(world->lines[2], "{\"index\"", '2', '1');
    audit_world_write_entries(world, 0, 4);
    audit_world_assert_finding(world, NULL,
                               "line 3 is not an entry: its record is that of another index");
}

static void test_time_that_goes_backwards(void **state)
{
    struct world *world = *state;
    char record[512];
    audit_world_make_log(world, 5);
    audit_world_make_record(3, 5, record);
    audit_world_make_line(world, 3, record, record);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 5);
    audit_world_assert_finding(world, NULL, "its time is before");
}

static void test_lines_that_are_no_entries(void **state)
{
    struct world *world = *state;
    static const char *const lines[] = {"\n",
                                        "{}\n",
                                        "[]\n",
                                        "null\n",
                                        "{\"index\":1}\n",
                                        "{\"index\":-1,\"record\":{}}\n",
                                        "{\"index\":1.0}\n"};
    audit_world_make_log(world, 3);
    audit_world_write_checkpoint(world);
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        strcpy(world->lines[1], lines[i]);
        audit_world_write_entries(world, 0, 3);
        audit_world_assert_finding(world, NULL, "line 2 is not an entry");
    }
    /* A member that no commitment covers. */
    audit_world_make_log(world, 3);
    strcpy(world->lines[1] + strlen(world->lines[1]) - 2, ",\"note\":\"trust me\"}\n");
    audit_world_write_entries(world, 0, 3);
    audit_world_assert_finding(world, NULL, "members that no commitment covers");
    /* Cut off in the middle of the last line. */
    audit_world_make_log(world, 3);
    world->lines[2][40] = '\0';
    audit_world_write_entries(world, 0, 3);
    struct audit_report report;
    audit_world_check(world, NULL, &report);
    assert_non_null(strstr(report.findings[0].what, "line 3 is cut off"));
}

static void test_checkpoints_that_are_not_good(void **state)
{
    struct world *world = *state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_make_log(world, 3);
    audit_world_write_entries(world, 0, 3);
    audit_world_assert_finding(world, NULL, "there is no file checkpoint");
    audit_world_write_file(world, AUDIT_CHECKPOINT, "hello\n");
    audit_world_assert_finding(world, NULL, "not a signed checkpoint");
    audit_world_sign(world, 3, note);
    audit_world_replace_first(note, ORIGIN "\n", '3', '4');
    audit_world_write_file(world, AUDIT_CHECKPOINT, note);
    audit_world_assert_finding(world, NULL, "signature is wrong");
    struct checkpoint_signer other = world->signer;
    static const uint8_t other_seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&world->signer, ORIGIN, other_seed), 0);
    audit_world_write_checkpoint(world);
    world->signer = other;
    audit_world_assert_finding(world, NULL, "not signed with this key");
}

static void test_no_entries_at_all(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    audit_world_make_log(world, 3);
    audit_world_write_checkpoint(world);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, 2);
    assert_non_null(strstr(report.findings[0].what, "there is no file entries.jsonl"));
    assert_non_null(strstr(report.findings[1].what, "ends before entry 0"));
}

static void test_a_rewritten_past_is_told(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    char record[512];
    audit_world_make_log(world, 8);
    audit_world_sign(world, 5, since);
    audit_world_make_record(2, 1001, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    audit_world_make_line(world, 2, record, record);
    audit_world_write_checkpoint(
        world); /* signed by the log itself: only the old checkpoint shows it */
    audit_world_write_entries(world, 0, 8);
    audit_world_assert_good(world, NULL, 8);
    audit_world_assert_finding(world, since, "the log was rewritten");
    audit_world_write_entries(world, 5, 8);
    audit_world_write_since_proof(world, 5);
    audit_world_assert_finding(world, since, "the log was rewritten");
}

static void test_a_log_that_shrank_or_forked(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    char record[512];
    audit_world_make_log(world, 8);
    audit_world_sign(world, 8, since);
    world->size = 5;
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 0, 5);
    audit_world_assert_finding(world, since, "has shrunk: from 8 entries to 5");
    world->size = 8;
    audit_world_make_record(7, 1003, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    audit_world_make_line(world, 7, record, record);
    audit_world_write_checkpoint(world);
    audit_world_write_entries(world, 8, 8);
    audit_world_assert_finding(world, since, "two checkpoints of one size");
    since[0] = 'X';
    audit_world_assert_finding(world, since, "the earlier checkpoint");
}

static void test_since_proofs_that_are_not_good(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_make_log(world, 8);
    audit_world_write_checkpoint(world);
    audit_world_sign(world, 5, since);
    audit_world_write_entries(world, 5, 8);
    audit_world_assert_finding(world, since, "there is no file since-proof.json");
    audit_world_write_file(world, AUDIT_SINCE_PROOF, "{}");
    audit_world_assert_finding(world, since, "is not the proof of entry 5");
    audit_world_write_since_proof(world, 4);
    audit_world_assert_finding(world, since, "is not the proof of entry 5");
    CLEANUP(text_finish) struct text json = {0};
    audit_world_write_since_proof(world, 5);
    assert_int_equal(audit_file_read(world->directory, AUDIT_SINCE_PROOF, &json), 0);
    char *hash = strstr(json.bytes, "\"proof\":[\"") + 10;
    *hash = *hash == 'A' ? 'B' : 'A';
    audit_world_write_file(world, AUDIT_SINCE_PROOF, json.bytes);
    audit_world_assert_finding(world, since, "is not in the tree");
    audit_world_write_entries(world, 6, 8);
    audit_world_write_since_proof(world, 6);
    audit_world_assert_finding(world, since,
                               "begins with entry 6, the earlier checkpoint ends before 5");
}

static void test_findings_are_bounded(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    audit_world_make_log(world, LOG_MAXIMUM);
    audit_world_write_checkpoint(world);
    for (uint64_t i = 0; i < LOG_MAXIMUM; i++) {
        audit_world_replace_first(world->lines[i], "\"verwijsindex.party\":\"", '3', '4');
    }
    audit_world_write_entries(world, 0, LOG_MAXIMUM);
    audit_world_check(world, NULL, &report);
    assert_int_equal(report.finding_count, LOG_MAXIMUM);
    assert_true(LOG_MAXIMUM > AUDIT_FINDINGS_MAXIMUM);
}

static void test_files_are_closed_to_others(void **state)
{
    struct world *world = *state;
    struct stat file;
    int descriptor = -1;
    audit_world_write_file(world, AUDIT_ENTRIES, "x");
    assert_int_equal(fstatat(world->directory, AUDIT_ENTRIES, &file, 0), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(chmod(world->path, 0750), 0);
    assert_true(audit_directory_open(world->path, &descriptor) < 0);
    assert_int_equal(descriptor, -1);
}

#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, audit_world_set_up, audit_world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_every_size_is_good),
        WITH_WORLD(test_every_earlier_checkpoint_is_consistent),
        WITH_WORLD(test_a_part_needs_its_checkpoint),
        WITH_WORLD(test_a_changed_record_is_named),
        WITH_WORLD(test_changed_salts_and_subjects_are_named),
        WITH_WORLD(test_a_replaced_entry_shows_in_the_root),
        WITH_WORLD(test_missing_double_and_swapped_entries),
        WITH_WORLD(test_an_index_that_was_changed),
        WITH_WORLD(test_time_that_goes_backwards),
        WITH_WORLD(test_lines_that_are_no_entries),
        WITH_WORLD(test_checkpoints_that_are_not_good),
        WITH_WORLD(test_no_entries_at_all),
        WITH_WORLD(test_a_rewritten_past_is_told),
        WITH_WORLD(test_a_log_that_shrank_or_forked),
        WITH_WORLD(test_since_proofs_that_are_not_good),
        WITH_WORLD(test_findings_are_bounded),
        WITH_WORLD(test_files_are_closed_to_others),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
