/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rows of posts without the rules that make them: which rows real posts wrote, in an index of
 * its own, and posts made of such rows, with new keys of the same kind and values of the same size.
 * Used by one thread.
 */
#ifndef TESTS_BENCH_STORE_ROWS_H
#define TESTS_BENCH_STORE_ROWS_H

#include "tests/bench/store/count.h"
#include "tests/bench/store/index.h"

#define BS_SHAPE_ROWS 64
#define BS_SHAPES 128 /* real posts, in the proportions of the country */

struct bs_shape {
    size_t signal; /* the how-manieth of its child: from 1 */
    size_t count;
    struct bs_row rows[BS_SHAPE_ROWS];
};

/* Makes real posts, one a commit. The rows that every commit writes come last in each. */
void bs_shapes_record(const struct bs_options *options, struct bs_shape shapes[static BS_SHAPES]);
/* Those that are written once a commit, whatever the number of posts. */
bool bs_row_is_of_commit(const struct bs_row *row);
/* "party: notice" and so on. */
const char *bs_row_name(const struct bs_row *row);

/* Where the next rows go. */
struct bs_writer {
    bool separate; /* the kind of a row stands in front of its key, not behind child or party */
    const struct bs_shape *shapes;
    uint64_t random;
    uint64_t log; /* next index */
    uint64_t parties;
    uint64_t notices; /* next sequence of all inboxes */
    size_t child_count;
    uint8_t (*children)[32]; /* that have a signal: a ring */
    uint8_t *values;
    uint64_t posts; /* written so far, their rows, and the bytes of these */
    uint64_t rows;
    uint64_t bytes;
};
/* Goes on behind the last row of the log. */
void bs_writer_open(struct bs_writer *writer, const struct bs_shape *shapes, struct kv *kv,
                    const struct bs_options *options);
void bs_writer_close(struct bs_writer *writer);

/* A row that is to be written; the value is read from, and stays with, the writer. */
struct bs_write {
    struct bs_row row; /* with its new key */
    const uint8_t *value;
};
/* The rows of the next post; of each post in a transaction but the last without those of the
 * commit. Returns how many. */
size_t bs_writer_next(struct bs_writer *writer, bool last,
                      struct bs_write writes[static BS_SHAPE_ROWS]);
void bs_write_put(struct kv_txn *txn, const struct bs_write *write);
/* A transaction of so many posts. Ends the program when it fails. */
void bs_writer_commit(struct bs_writer *writer, struct kv *kv, size_t posts);

/* The store in which rows that are nobody's may be written: the one of the options, if it may be
 * spoilt, else one in `scratch`, filled with as many posts as --signals. */
struct kv *bs_raw_open(const struct bs_options *options, const struct bs_shape *shapes,
                       char scratch[static BS_PATH_SIZE], struct bs_writer *writer);

#endif
