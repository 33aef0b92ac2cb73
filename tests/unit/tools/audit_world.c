/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit_world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/audit/entry.h"
#include "tools/audit/file.h"
#include "tools/text.h"

static const uint8_t month_key[32] = {7};
static const uint8_t seed[CHECKPOINT_SEED_BYTES] = {1, 2, 3};

/* Makes the line of an entry; `shown` is what the line holds as its record, usually `record`. */
void audit_world_make_line(struct world *world, uint64_t index, const char *record,
                           const char *shown)
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

void audit_world_make_record(uint64_t index, int64_t time, char out[static 512])
{
    snprintf(out, 512,
             "{\"attributes\":{\"verwijsindex.index\":%" PRIu64
             ",\"verwijsindex.party\":\"00000003123456780000\"},\"end_time\":%" PRId64
             ",\"name\":\"signal-posted\"}",
             index, time);
}

/* The lines are not in canonical form: what is checked is the record, not its spelling. */
void audit_world_make_log(struct world *world, uint64_t size)
{
    world->size = size;
    for (uint64_t i = 0; i < size; i++) {
        char record[512];
        char shown[512];
        audit_world_make_record(i, 1000 + (int64_t)(i / 2), record);
        snprintf(shown, sizeof(shown),
                 "{ \"name\" : \"signal\\u002dposted\", \"end_time\": %" PRIu64
                 ", \"attributes\": {\"verwijsindex.party\":\"00000003123456780000\","
                 "\"verwijsindex.index\":%" PRIu64 "} }",
                 1000 + i / 2, i);
        audit_world_make_line(world, i, record, i % 3 == 0 ? shown : record);
    }
}

void audit_world_write_file(struct world *world, const char *name, const char *text)
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

void audit_world_sign(const struct world *world, uint64_t size, char note[CHECKPOINT_NOTE_MAXIMUM])
{
    struct merkle_hash root;
    root_of(world, size, &root);
    checkpoint_sign(&world->signer, size, &root, note);
}

void audit_world_write_checkpoint(struct world *world)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    audit_world_sign(world, world->size, note);
    audit_world_write_file(world, AUDIT_CHECKPOINT, note);
}

void audit_world_write_entries(struct world *world, uint64_t from, uint64_t to)
{
    CLEANUP(text_finish) struct text all = {0};
    text_add_string(&all, "");
    for (uint64_t i = from; i < to; i++) {
        text_add_string(&all, world->lines[i]);
    }
    audit_world_write_file(world, AUDIT_ENTRIES, all.bytes);
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

void audit_world_write_since_proof(struct world *world, uint64_t index)
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
    audit_world_write_file(world, AUDIT_SINCE_PROOF, json.bytes);
}

int audit_world_set_up(void **state)
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

int audit_world_tear_down(void **state)
{
    struct world *world = *state;
    unlinkat(world->directory, AUDIT_CHECKPOINT, 0);
    unlinkat(world->directory, AUDIT_ENTRIES, 0);
    unlinkat(world->directory, AUDIT_SINCE_PROOF, 0);
    unlinkat(world->directory, AUDIT_WITNESSED, 0);
    close(world->directory);
    assert_int_equal(rmdir(world->path), 0); /* nothing else was left in it */
    free(world);
    return 0;
}

int audit_world_check_with(const struct world *world, const char *since,
                           struct audit_report *report)
{
    const struct audit_trust trust = {&world->signer.vkey, &world->witnesses};
    return audit_check(world->directory, &trust, since, report);
}

void audit_world_check(const struct world *world, const char *since, struct audit_report *report)
{
    assert_int_equal(audit_world_check_with(world, since, report), 0);
}

void audit_world_assert_good(const struct world *world, const char *since, uint64_t entries)
{
    struct audit_report report;
    audit_world_check(world, since, &report);
    if (report.finding_count > 0) {
        fail_msg("%s", report.findings[0].what);
    }
    assert_true(report.has_checkpoint);
    assert_int_equal(report.entries, entries);
}

/* Exactly one finding, with these words in it. */
void audit_world_assert_finding(const struct world *world, const char *since, const char *words)
{
    struct audit_report report;
    audit_world_check(world, since, &report);
    assert_int_equal(report.finding_count, 1);
    if (strstr(report.findings[0].what, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", report.findings[0].what, words);
    }
}

/* A part of an entry, with another of the same length in its place. */
void audit_world_replace_first(char *line, const char *after, char from, char to)
{
    char *at = strstr(line, after);
    assert_non_null(at);
    at = strchr(at + strlen(after), from);
    assert_non_null(at);
    *at = to;
}
