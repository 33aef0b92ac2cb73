/* SPDX-License-Identifier: EUPL-1.2 */
/* A log in memory, and exports of it in a directory, for tests of what checks them. */
#ifndef TESTS_UNIT_TOOLS_AUDIT_WORLD_H
#define TESTS_UNIT_TOOLS_AUDIT_WORLD_H

#include "tools/audit/check.h"

#define ORIGIN "verwijsindex.example/log"
#define LOG_MAXIMUM 64
#define AUDIT_WORLD_RECORD_SIZE 512

/* A log in memory, and a directory for exports of it. */
struct world {
    char path[64];
    int directory;
    struct checkpoint_signer signer;
    struct audit_witnesses witnesses; /* that are believed */
    uint64_t size;
    char lines[LOG_MAXIMUM][1024];
    struct merkle_hash leaves[LOG_MAXIMUM];
};

/* For cmocka: a world of its own for each test. */
int audit_world_set_up(void **state);
int audit_world_tear_down(void **state);

void audit_world_make_record(uint64_t index, int64_t time,
                             char out[static AUDIT_WORLD_RECORD_SIZE]);
/* Makes the line of an entry; `shown` is what the line holds as its record, usually `record`. */
void audit_world_make_line(struct world *world, uint64_t index, const char *record,
                           const char *shown);
/* The lines are not in canonical form: what is checked is the record, not its spelling. */
void audit_world_make_log(struct world *world, uint64_t size);
/* A part of an entry, with another of the same length in its place. */
void audit_world_replace_first(char *line, const char *after, char from, char to);

void audit_world_sign(const struct world *world, uint64_t size, char note[CHECKPOINT_NOTE_MAXIMUM]);
void audit_world_write_file(struct world *world, const char *name, const char *text);
void audit_world_write_checkpoint(struct world *world);
void audit_world_write_entries(struct world *world, uint64_t from, uint64_t to);
void audit_world_write_since_proof(struct world *world, uint64_t index);

/* What audit_check() returns; and the same where that is 0. */
int audit_world_check_with(const struct world *world, const char *since,
                           struct audit_report *report);
void audit_world_check(const struct world *world, const char *since, struct audit_report *report);
void audit_world_assert_good(const struct world *world, const char *since, uint64_t entries);
/* Exactly one finding, with these words in it. */
void audit_world_assert_finding(const struct world *world, const char *since, const char *words);

#endif
