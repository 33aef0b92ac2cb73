/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * An experiment, told of in store/PERFORMANCE.md: a file of operations in front of LMDB, written in
 * sequence and synced before they are acknowledged; a thread puts them into LMDB later, in larger
 * transactions.
 *
 *   file = records; record = length of the rows (4) || number of the record (8) || tag (8) || rows
 *   row  = table (1) || flags (1) || key size (1) || value size (4) || key || value
 *
 * The tag is a keyed hash of what precedes and follows it. The number of the last record that is in
 * LMDB stands there, in the transaction that put it there; where records end their numbers stop
 * rising, or a tag is wrong. The file is written from its start again when all of it is in LMDB.
 */
#ifndef TESTS_BENCH_STORE_JOURNAL_H
#define TESTS_BENCH_STORE_JOURNAL_H

#include <pthread.h>

#include "tests/bench/store/rows.h"

#define BS_JOURNAL_BYTES ((size_t)256 << 20)
#define BS_JOURNAL_BATCH 256            /* posts of a record */
#define BS_JOURNAL_BEHIND_MAXIMUM 32768 /* posts that are not in LMDB yet: then who comes waits */

struct bs_record {
    struct bs_record *next;
    uint64_t number;
    size_t posts;
    size_t size;
    uint8_t bytes[];
};

struct bs_journal {
    char directory[BS_PATH_SIZE];
    char path[BS_PATH_SIZE + 16];
    int file;
    size_t at;
    uint64_t number; /* of the last record */
    struct kv *kv;
    int64_t interval; /* ns, between two transactions */
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    bool stopping;
    bool held;     /* nothing is put into LMDB */
    size_t behind; /* posts */
    struct bs_record *first;
    struct bs_record **last;
};

/* Makes the file, with all of its blocks, and starts the thread. */
void bs_journal_open(struct bs_journal *journal, struct kv *kv, const char *directory,
                     const struct bs_options *options);
void bs_journal_close(struct bs_journal *journal);

/* A record with the rows of `posts`; durable at return. */
void bs_journal_post(struct bs_journal *journal, struct bs_writer *writer, size_t posts);
/* Until everything is in LMDB. */
void bs_journal_drain(struct bs_journal *journal);
/* From now on nothing is put into LMDB: as if the process were to die. */
void bs_journal_hold(struct bs_journal *journal);
/* Puts what the file in `directory` holds, and `kv` does not, into `kv`. Returns how many posts. */
size_t bs_journal_replay(const char *directory, struct kv *kv);
/* Forgets what is in memory, and puts what only the file holds into LMDB. Returns the number of
 * posts. */
size_t bs_journal_recover(struct bs_journal *journal);

/* A process that posts is killed at any moment, --rounds times; then what is recovered is compared
 * with a store that got the same posts directly. Ends the program when they differ. */
void bs_journal_kill(struct bs_report *report, const struct bs_options *options,
                     const struct bs_shape *shapes);

#endif
