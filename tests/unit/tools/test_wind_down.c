/* SPDX-License-Identifier: EUPL-1.2 */
/* What a wound-down index leaves: good, and with one thing changed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/commitment.h"
#include "crypto/secret.h"
#include "tools/audit/file.h"
#include "tools/audit/wind_down.h"

#define ORIGIN "verwijsindex.example/log"
#define LEAVES_MAXIMUM 40
#define TIME "2027-01-31T12:00:00Z"
#define EXTENSION AUDIT_WOUND_DOWN TIME "\n" AUDIT_DESTROYED "\n"

struct world {
    char path[64];
    int directory;
    struct checkpoint_signer signer;
    uint8_t leaves[LEAVES_MAXIMUM][COMMITMENT_BYTES];
};

static int set_up(void **state)
{
    static const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1, 2, 3};
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    strcpy(world->path, "/tmp/vix-test-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    assert_int_equal(audit_directory_open(world->path, &world->directory), 0);
    assert_int_equal(checkpoint_signer_init(&world->signer, ORIGIN, seed), 0);
    for (size_t i = 0; i < LEAVES_MAXIMUM; i++) {
        memset(world->leaves[i], (int)(i + 1), COMMITMENT_BYTES);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    unlinkat(world->directory, AUDIT_STATEMENT, 0);
    unlinkat(world->directory, AUDIT_LEAVES, 0);
    unlinkat(world->directory, AUDIT_CHECKPOINT, 0);
    close(world->directory);
    assert_int_equal(rmdir(world->path), 0);
    free(world);
    return 0;
}

static void root_of(const struct world *world, size_t size, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier;
    struct merkle_hash leaf;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < size; i++) {
        merkle_leaf(world->leaves[i], COMMITMENT_BYTES, &leaf);
        merkle_frontier_append(&frontier, &leaf, NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_root);
}

static void sign(const struct world *world, size_t size, const char *extension,
                 char note[static CHECKPOINT_NOTE_MAXIMUM])
{
    struct merkle_hash root;
    size_t length = 0;
    root_of(world, size, &root);
    assert_int_equal(
        checkpoint_sign_extended(&world->signer, size, &root, extension, note, &length), 0);
}

static void write_statement(const struct world *world, size_t size, const char *extension)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    sign(world, size, extension, note);
    assert_int_equal(audit_file_write(world->directory, AUDIT_STATEMENT, note, strlen(note)), 0);
}

static void write_leaves(const struct world *world, size_t bytes)
{
    assert_int_equal(
        audit_file_write(world->directory, AUDIT_LEAVES, (const char *)world->leaves, bytes), 0);
}

static void check(const struct world *world, const char *since, struct audit_report *report)
{
    assert_true(audit_is_wind_down(world->directory));
    assert_int_equal(audit_check_wind_down(world->directory, &world->signer.vkey, since, report),
                     0);
    assert_true(report->is_wind_down);
}

static void assert_good(const struct world *world, const char *since, size_t entries)
{
    struct audit_report report;
    check(world, since, &report);
    if (report.finding_count > 0) {
        fail_msg("%s", report.findings[0].what);
    }
    assert_int_equal(report.entries, entries);
    assert_int_equal(report.checkpoint.size, entries);
}

static void assert_finding(const struct world *world, const char *since, const char *words)
{
    struct audit_report report;
    check(world, since, &report);
    assert_int_equal(report.finding_count, 1);
    if (strstr(report.findings[0].what, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", report.findings[0].what, words);
    }
}

static void test_every_size_is_good(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    assert_false(audit_is_wind_down(world->directory));
    for (size_t size = 0; size <= LEAVES_MAXIMUM; size++) {
        write_statement(world, size, EXTENSION);
        write_leaves(world, size * COMMITMENT_BYTES);
        assert_good(world, NULL, size);
        for (size_t old = 0; old <= size; old += 7) {
            sign(world, old, "", since);
            assert_good(world, since, size);
        }
    }
    struct audit_report report;
    check(world, NULL, &report);
    assert_string_equal(report.wound_down_at, TIME);
}

static void test_times(void **state)
{
    struct world *world = *state;
    static const char *const good[] = {"2027-01-31T12:00:00Z", "2027-01-31T12:00:00.5Z",
                                       "2027-01-31T12:00:00.123456789Z"};
    static const char *const bad[] = {"2027-01-31",
                                      "2027-01-31T12:00:00",
                                      "2027-01-31T12:00:00.Z",
                                      "2027-01-31T12:00:00+01:00",
                                      "2027-01-31t12:00:00Z",
                                      "2027-01-31T12:00:00Z ",
                                      "2027-01-31T12:00:00.1234567890123Z",
                                      "X027-01-31T12:00:00Z"};
    char extension[CHECKPOINT_EXTENSION_MAXIMUM];
    write_leaves(world, 3 * COMMITMENT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        snprintf(extension, sizeof(extension), "wound-down %s\n%s\n", good[i], AUDIT_DESTROYED);
        write_statement(world, 3, extension);
        assert_good(world, NULL, 3);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        snprintf(extension, sizeof(extension), "wound-down %s\n%s\n", bad[i], AUDIT_DESTROYED);
        write_statement(world, 3, extension);
        assert_finding(world, NULL, "does not say that the index was wound down");
    }
}

/* Whatever else the log has signed is no statement of its end: every checkpoint would be one. */
static void test_other_words(void **state)
{
    struct world *world = *state;
    static const char *const other[] = {
        "",
        "wound-down " TIME "\n",
        AUDIT_DESTROYED "\n",
        AUDIT_DESTROYED "\nwound-down " TIME "\n",
        EXTENSION "not really\n",
        "not\n" EXTENSION,
        "wound-down " TIME "\nnot " AUDIT_DESTROYED "\n",
        "wound-down " TIME "\nor so\n" AUDIT_DESTROYED "\n",
    };
    write_leaves(world, 3 * COMMITMENT_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(other); i++) {
        write_statement(world, 3, other[i]);
        assert_finding(world, NULL, "does not say that the index was wound down");
    }
}

static void test_leaves_that_are_not_those(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    write_statement(world, 9, EXTENSION);
    write_leaves(world, 8 * COMMITMENT_BYTES);
    assert_finding(world, NULL, "there are 8 leaves, the statement signs 9");
    write_leaves(world, 10 * COMMITMENT_BYTES);
    assert_finding(world, NULL, "there are 10 leaves");
    write_leaves(world, 9 * COMMITMENT_BYTES + 5);
    assert_finding(world, NULL, "is cut off: 5 bytes");
    world->leaves[4][31] ^= 1;
    write_leaves(world, 9 * COMMITMENT_BYTES);
    assert_finding(world, NULL, "another root");
    unlinkat(world->directory, AUDIT_LEAVES, 0);
    check(world, NULL, &report);
    assert_int_equal(report.finding_count, 2);
    assert_non_null(strstr(report.findings[0].what, "there is no file leaves"));
}

static void test_statements_that_are_not_good(void **state)
{
    struct world *world = *state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    write_leaves(world, 3 * COMMITMENT_BYTES);
    sign(world, 3, EXTENSION, note);
    memcpy(strstr(note, "2027"), "2028", 4);
    assert_int_equal(audit_file_write(world->directory, AUDIT_STATEMENT, note, strlen(note)), 0);
    assert_finding(world, NULL, "the statement was changed");
    struct checkpoint_signer own = world->signer;
    static const uint8_t other_seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&world->signer, ORIGIN, other_seed), 0);
    write_statement(world, 3, EXTENSION);
    world->signer = own;
    assert_finding(world, NULL, "the statement is not signed with this key");
    assert_int_equal(audit_file_write(world->directory, AUDIT_STATEMENT, "gone\n", 5), 0);
    assert_finding(world, NULL, "the statement is not a signed checkpoint");
}

static void test_an_earlier_checkpoint(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    write_statement(world, 9, EXTENSION);
    write_leaves(world, 9 * COMMITMENT_BYTES);
    sign(world, 12, "", since);
    assert_finding(world, since, "has shrunk: from 12 entries to 9");
    world->leaves[2][0] ^= 1;
    sign(world, 5, "", since);
    world->leaves[2][0] ^= 1;
    assert_finding(world, since, "the log was rewritten");
    since[0] = 'X';
    assert_finding(world, since, "the earlier checkpoint");
}

static void test_an_export_beside_it(void **state)
{
    struct world *world = *state;
    write_statement(world, 1, EXTENSION);
    write_leaves(world, COMMITMENT_BYTES);
    assert_int_equal(audit_file_write(world->directory, AUDIT_CHECKPOINT, "x", 1), 0);
    assert_finding(world, NULL, "directories of their own");
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_every_size_is_good),
        WITH_WORLD(test_times),
        WITH_WORLD(test_other_words),
        WITH_WORLD(test_leaves_that_are_not_those),
        WITH_WORLD(test_statements_that_are_not_good),
        WITH_WORLD(test_an_earlier_checkpoint),
        WITH_WORLD(test_an_export_beside_it),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
