/* SPDX-License-Identifier: EUPL-1.2 */
/* Exports that are good, and exports in which one thing was changed: each must be told. */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/audit_check.h"
#include "tools/audit_entry.h"
#include "tools/audit_file.h"
#include "tools/text.h"

#define ORIGIN "verwijsindex.example/log"
#define LOG_MAXIMUM 64

/* A log in memory, and a directory for exports of it. */
struct world {
    char path[64];
    int directory;
    struct checkpoint_signer signer;
    uint64_t size;
    char lines[LOG_MAXIMUM][1024];
    struct merkle_hash leaves[LOG_MAXIMUM];
};

static const uint8_t month_key[32] = {7};
static const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1, 2, 3};

/* Makes the line of an entry; `shown` is what the line holds as its record, usually `record`. */
static void make_line(struct world *world, uint64_t index, const char *record, const char *shown)
{
    struct commitment_salts salts;
    struct merkle_hash subject_hash;
    uint8_t subject[16] = {0};
    uint8_t commitment[COMMITMENT_BYTES];
    char text[4][SECRET_BASE64URL_SIZE(32)];
    char hex[SECRET_HEX_SIZE(16)];
    bool has_subject = index % 2 == 1;
    subject[0] = (uint8_t)index;
    commitment_derive_salts(month_key, index, &salts);
    commitment_subject_hash(salts.subject, subject, has_subject ? 16 : 0, &subject_hash);
    commitment_make(salts.entry, record, strlen(record), &subject_hash, commitment);
    merkle_leaf(commitment, sizeof(commitment), &world->leaves[index]);
    secret_to_base64url(salts.entry, 32, text[0]);
    secret_to_base64url(salts.subject, 32, text[1]);
    secret_to_base64url(commitment, 32, text[2]);
    secret_to_hex(subject, 16, hex);
    int length = snprintf(world->lines[index], sizeof(world->lines[index]),
                          "{\"index\":%" PRIu64 ",\"record\":%s,\"salt\":\"%s\",\"subject\":%s%s%s,"
                          "\"subjectSalt\":\"%s\",\"commitment\":\"%s\"}\n",
                          index, shown, text[0], has_subject ? "\"" : "",
                          has_subject ? hex : "null", has_subject ? "\"" : "", text[1], text[2]);
    assert_true(length > 0 && (size_t)length < sizeof(world->lines[index]));
}

static void make_record(uint64_t index, int64_t time, char out[static 512])
{
    snprintf(out, 512,
             "{\"attributes\":{\"verwijsindex.index\":%" PRIu64
             ",\"verwijsindex.party\":\"00000003123456780000\"},\"end_time\":%" PRId64
             ",\"name\":\"signal-posted\"}",
             index, time);
}

/* The lines are not in canonical form: what is checked is the record, not its spelling. */
static void make_log(struct world *world, uint64_t size)
{
    world->size = size;
    for (uint64_t i = 0; i < size; i++) {
        char record[512];
        char shown[512];
        make_record(i, 1000 + (int64_t)(i / 2), record);
        snprintf(shown, sizeof(shown),
                 "{ \"name\" : \"signal\\u002dposted\", \"end_time\": %" PRIu64
                 ", \"attributes\": {\"verwijsindex.party\":\"00000003123456780000\","
                 "\"verwijsindex.index\":%" PRIu64 "} }",
                 1000 + i / 2, i);
        make_line(world, i, record, i % 3 == 0 ? shown : record);
    }
}

static void write_file(struct world *world, const char *name, const char *text)
{
    assert_int_equal(audit_file_write(world->directory, name, text, strlen(text)), 0);
}

static void root_of(const struct world *world, uint64_t size, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        merkle_frontier_append(&frontier, &world->leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_root);
}

static void sign(const struct world *world, uint64_t size, char note[CHECKPOINT_NOTE_MAXIMUM])
{
    struct merkle_hash root;
    root_of(world, size, &root);
    checkpoint_sign(&world->signer, size, &root, note);
}

static void write_checkpoint(struct world *world)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    sign(world, world->size, note);
    write_file(world, AUDIT_CHECKPOINT, note);
}

static void write_entries(struct world *world, uint64_t from, uint64_t to)
{
    CLEANUP(text_finish) struct text all = {0};
    text_add_string(&all, "");
    for (uint64_t i = from; i < to; i++) {
        text_add_string(&all, world->lines[i]);
    }
    write_file(world, AUDIT_ENTRIES, all.bytes);
}

static int read_subtree(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    const struct world *world = context;
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    uint64_t width = UINT64_C(1) << level;
    for (uint64_t i = index * width; i < (index + 1) * width; i++) {
        merkle_frontier_append(&frontier, &world->leaves[i], NULL, NULL);
    }
    merkle_frontier_root(&frontier, ret_hash);
    return 0;
}

static void write_since_proof(struct world *world, uint64_t index)
{
    CLEANUP(text_finish) struct text json = {0};
    struct merkle_proof proof;
    char hash[AUDIT_HASH_SIZE];
    assert_int_equal(merkle_prove_inclusion(index, world->size, read_subtree, world, &proof), 0);
    audit_hash_format(&world->leaves[index], hash);
    text_add_format(
        &json, "{\"index\":%" PRIu64 ",\"treeSize\":%" PRIu64 ",\"leafHash\":\"%s\",\"proof\":[",
        index, world->size, hash);
    for (size_t i = 0; i < proof.count; i++) {
        audit_hash_format(&proof.hashes[i], hash);
        text_add_format(&json, "%s\"%s\"", i > 0 ? "," : "", hash);
    }
    text_add_string(&json, "],\"checkpoint\":null}");
    write_file(world, AUDIT_SINCE_PROOF, json.bytes);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    strcpy(world->path, "/tmp/vix-test-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    assert_int_equal(audit_directory_open(world->path, &world->directory), 0);
    assert_int_equal(checkpoint_signer_init(&world->signer, ORIGIN, seed), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    unlinkat(world->directory, AUDIT_CHECKPOINT, 0);
    unlinkat(world->directory, AUDIT_ENTRIES, 0);
    unlinkat(world->directory, AUDIT_SINCE_PROOF, 0);
    close(world->directory);
    assert_int_equal(rmdir(world->path), 0); /* nothing else was left in it */
    free(world);
    return 0;
}

static void check(const struct world *world, const char *since, struct audit_report *report)
{
    assert_int_equal(audit_check(world->directory, &world->signer.vkey, since, report), 0);
}

static void assert_good(const struct world *world, const char *since, uint64_t entries)
{
    struct audit_report report;
    check(world, since, &report);
    if (report.finding_count > 0) {
        fail_msg("%s", report.findings[0].what);
    }
    assert_true(report.has_checkpoint);
    assert_int_equal(report.entries, entries);
}

/* Exactly one finding, with these words in it. */
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
    make_log(world, LOG_MAXIMUM);
    for (uint64_t size = 0; size <= 20; size++) {
        world->size = size;
        write_checkpoint(world);
        write_entries(world, 0, size);
        assert_good(world, NULL, size);
    }
}

static void test_every_earlier_checkpoint_is_consistent(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    make_log(world, 21);
    write_checkpoint(world);
    for (uint64_t old = 0; old <= 21; old++) {
        sign(world, old, since);
        write_entries(world, 0, 21);
        assert_good(world, since, 21);
        write_entries(world, old, 21);
        if (old > 0 && old < 21) {
            write_since_proof(world, old);
        }
        assert_good(world, since, 21 - old);
    }
}

static void test_a_part_needs_its_checkpoint(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    make_log(world, 9);
    write_checkpoint(world);
    write_entries(world, 4, 9);
    assert_int_equal(audit_check(world->directory, &world->signer.vkey, NULL, &report),
                     AUDIT_NEEDS_SINCE);
    assert_int_equal(report.first_index, 4);
}

static void test_a_changed_record_is_named(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    make_log(world, 7);
    write_checkpoint(world);
    *strstr(world->lines[5], "signal-posted") = 'S';
    write_entries(world, 0, 7);
    check(world, NULL, &report);
    assert_int_equal(report.finding_count, 1); /* the tree of the claimed commitments is sound */
    assert_true(report.findings[0].has_index);
    assert_int_equal(report.findings[0].index, 5);
}

/* A part of an entry, with another of the same length in its place. */
static void replace_first(char *line, const char *after, char from, char to)
{
    char *at = strstr(line, after);
    assert_non_null(at);
    at = strchr(at + strlen(after), from);
    assert_non_null(at);
    *at = to;
}

static void test_changed_salts_and_subjects_are_named(void **state)
{
    struct world *world = *state;
    static const char *const members[] = {"\"salt\":\"", "\"subject\":\"", "\"subjectSalt\":\"",
                                          "\"verwijsindex.party\":\""};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        make_log(world, 4);
        write_checkpoint(world);
        char *value = strstr(world->lines[1], members[i]) + strlen(members[i]);
        *value = *value == '0' ? '1' : '0';
        write_entries(world, 0, 4);
        assert_finding(world, NULL, "not those that its commitment was made of");
    }
}

static void test_a_replaced_entry_shows_in_the_root(void **state)
{
    struct world *world = *state;
    char record[512];
    make_log(world, 6);
    write_checkpoint(world);
    make_record(3, 1001, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    make_line(world, 3, record, record);
    write_entries(world, 0, 6);
    assert_finding(world, NULL, "another root");
}

static void test_missing_double_and_swapped_entries(void **state)
{
    struct world *world = *state;
    CLEANUP(text_finish) struct text all = {0};
    make_log(world, 4);
    write_checkpoint(world);
    text_add_format(&all, "%s%s%s", world->lines[0], world->lines[1], world->lines[3]);
    write_file(world, AUDIT_ENTRIES, all.bytes);
    assert_finding(world, NULL, "line 3 holds entry 3: entry 2 is missing");
    text_clear(&all);
    text_add_format(&all, "%s%s%s%s%s", world->lines[0], world->lines[1], world->lines[1],
                    world->lines[2], world->lines[3]);
    write_file(world, AUDIT_ENTRIES, all.bytes);
    assert_finding(world, NULL, "line 3 holds entry 1 again");
    write_entries(world, 0, 3);
    assert_finding(world, NULL, "ends before entry 3");
    write_entries(world, 0, 4);
    world->size = 3;
    write_checkpoint(world);
    struct audit_report report;
    check(world, NULL, &report);
    assert_true(report.finding_count >= 1);
    assert_int_equal(report.findings[0].index, 3);
    assert_non_null(strstr(report.findings[0].what, "beyond the checkpoint"));
}

static void test_an_index_that_was_changed(void **state)
{
    struct world *world = *state;
    make_log(world, 4);
    write_checkpoint(world);
    replace_first(world->lines[2], "{\"index\"", '2', '1');
    write_entries(world, 0, 4);
    assert_finding(world, NULL, "line 3 is not an entry: its record is that of another index");
}

static void test_time_that_goes_backwards(void **state)
{
    struct world *world = *state;
    char record[512];
    make_log(world, 5);
    make_record(3, 5, record);
    make_line(world, 3, record, record);
    write_checkpoint(world);
    write_entries(world, 0, 5);
    assert_finding(world, NULL, "its time is before");
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
    make_log(world, 3);
    write_checkpoint(world);
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        strcpy(world->lines[1], lines[i]);
        write_entries(world, 0, 3);
        assert_finding(world, NULL, "line 2 is not an entry");
    }
    /* A member that no commitment covers. */
    make_log(world, 3);
    strcpy(world->lines[1] + strlen(world->lines[1]) - 2, ",\"note\":\"trust me\"}\n");
    write_entries(world, 0, 3);
    assert_finding(world, NULL, "members that no commitment covers");
    /* Cut off in the middle of the last line. */
    make_log(world, 3);
    world->lines[2][40] = '\0';
    write_entries(world, 0, 3);
    struct audit_report report;
    check(world, NULL, &report);
    assert_non_null(strstr(report.findings[0].what, "line 3 is cut off"));
}

static void test_checkpoints_that_are_not_good(void **state)
{
    struct world *world = *state;
    char note[CHECKPOINT_NOTE_MAXIMUM];
    make_log(world, 3);
    write_entries(world, 0, 3);
    assert_finding(world, NULL, "there is no file checkpoint");
    write_file(world, AUDIT_CHECKPOINT, "hello\n");
    assert_finding(world, NULL, "not a signed checkpoint");
    sign(world, 3, note);
    replace_first(note, ORIGIN "\n", '3', '4');
    write_file(world, AUDIT_CHECKPOINT, note);
    assert_finding(world, NULL, "signature is wrong");
    struct checkpoint_signer other = world->signer;
    static const uint8_t other_seed[CHECKPOINT_SEED_BYTES] = {9};
    assert_int_equal(checkpoint_signer_init(&world->signer, ORIGIN, other_seed), 0);
    write_checkpoint(world);
    world->signer = other;
    assert_finding(world, NULL, "not signed with this key");
}

static void test_no_entries_at_all(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    make_log(world, 3);
    write_checkpoint(world);
    check(world, NULL, &report);
    assert_int_equal(report.finding_count, 2);
    assert_non_null(strstr(report.findings[0].what, "there is no file entries.jsonl"));
    assert_non_null(strstr(report.findings[1].what, "ends before entry 0"));
}

static void test_a_rewritten_past_is_told(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    char record[512];
    make_log(world, 8);
    sign(world, 5, since);
    make_record(2, 1001, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    make_line(world, 2, record, record);
    write_checkpoint(world); /* signed by the log itself: only the old checkpoint shows it */
    write_entries(world, 0, 8);
    assert_good(world, NULL, 8);
    assert_finding(world, since, "the log was rewritten");
    write_entries(world, 5, 8);
    write_since_proof(world, 5);
    assert_finding(world, since, "the log was rewritten");
}

static void test_a_log_that_shrank_or_forked(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    char record[512];
    make_log(world, 8);
    sign(world, 8, since);
    world->size = 5;
    write_checkpoint(world);
    write_entries(world, 0, 5);
    assert_finding(world, since, "has shrunk: from 8 entries to 5");
    world->size = 8;
    make_record(7, 1003, record);
    memcpy(strstr(record, "signal-posted"), "signal-erased", 13);
    make_line(world, 7, record, record);
    write_checkpoint(world);
    write_entries(world, 8, 8);
    assert_finding(world, since, "two checkpoints of one size");
    since[0] = 'X';
    assert_finding(world, since, "the earlier checkpoint");
}

static void test_since_proofs_that_are_not_good(void **state)
{
    struct world *world = *state;
    char since[CHECKPOINT_NOTE_MAXIMUM];
    make_log(world, 8);
    write_checkpoint(world);
    sign(world, 5, since);
    write_entries(world, 5, 8);
    assert_finding(world, since, "there is no file since-proof.json");
    write_file(world, AUDIT_SINCE_PROOF, "{}");
    assert_finding(world, since, "is not the proof of entry 5");
    write_since_proof(world, 4);
    assert_finding(world, since, "is not the proof of entry 5");
    CLEANUP(text_finish) struct text json = {0};
    write_since_proof(world, 5);
    assert_int_equal(audit_file_read(world->directory, AUDIT_SINCE_PROOF, &json), 0);
    char *hash = strstr(json.bytes, "\"proof\":[\"") + 10;
    *hash = *hash == 'A' ? 'B' : 'A';
    write_file(world, AUDIT_SINCE_PROOF, json.bytes);
    assert_finding(world, since, "is not in the tree");
    write_entries(world, 6, 8);
    write_since_proof(world, 6);
    assert_finding(world, since, "begins with entry 6, the earlier checkpoint ends before 5");
}

static void test_findings_are_bounded(void **state)
{
    struct world *world = *state;
    struct audit_report report;
    make_log(world, LOG_MAXIMUM);
    write_checkpoint(world);
    for (uint64_t i = 0; i < LOG_MAXIMUM; i++) {
        replace_first(world->lines[i], "\"verwijsindex.party\":\"", '3', '4');
    }
    write_entries(world, 0, LOG_MAXIMUM);
    check(world, NULL, &report);
    assert_int_equal(report.finding_count, LOG_MAXIMUM);
    assert_true(LOG_MAXIMUM > AUDIT_FINDINGS_MAXIMUM);
}

static void test_files_are_closed_to_others(void **state)
{
    struct world *world = *state;
    struct stat file;
    int descriptor = -1;
    write_file(world, AUDIT_ENTRIES, "x");
    assert_int_equal(fstatat(world->directory, AUDIT_ENTRIES, &file, 0), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(chmod(world->path, 0750), 0);
    assert_true(audit_directory_open(world->path, &descriptor) < 0);
    assert_int_equal(descriptor, -1);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
