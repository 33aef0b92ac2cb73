/* SPDX-License-Identifier: EUPL-1.2 */
/* The face of the store when the index ends. */
#ifndef STORE_STORE_END_H
#define STORE_STORE_END_H

#include "store/store.h"

/*
 * The end of the index (domain rule 15): takes no operations any more, runs those that are queued,
 * logs the end, writes a signed statement of the log's final tree and its leaves into a new
 * directory, marks the store as one that has ended, and destroys every row. From the mark on
 * nothing but store_close() and store_finish_wind_down() is possible, here or at a later start,
 * wherever this is interrupted. Takes long: call it from a thread of its own.
 *
 * The directory, mode 0700, which is durable before the mark is:
 *   statement         the final checkpoint with two extension lines: `wound-down <RFC 3339 time>`
 *                     and `destroyed all epoch keys and all rows of this index`
 *   leaves            the commitments of all entries, 32 bytes each
 *   final-checkpoint  the same checkpoint, without these lines
 * Until the mark is there these names have a dot in front: who finds `statement` knows that the
 * index has ended.
 *
 * `ret_ended` is set in any case: the mark is there. STORE_EXISTS when the directory is there
 * already; STORE_STOPPED with `why` when the log is not sound, or, when it has ended, what is not
 * done yet. Not ended, the index goes on; its log may then have an entry of an end that did not
 * come about. When the outcome of the mark's commit is unknown that is told as for every commit.
 */
int store_wind_down(struct store *store, const struct attribution *by, const char *directory,
                    bool *ret_ended, char why[static STORE_WHY_SIZE]) MUST_CHECK;

enum store_statement {
    STORE_STATEMENT_STANDS = 1, /* under its name, durably */
    STORE_STATEMENT_LOST,       /* neither name is in the directory, or that is gone */
    STORE_STATEMENT_UNFINISHED, /* it does not get its name */
};

#define STORE_END_DIRECTORY_SIZE 4096
struct store_end {
    char directory[STORE_END_DIRECTORY_SIZE]; /* where the statement is */
    uint64_t log_size;
    /* Out of store_finish_wind_down(): */
    enum store_statement statement;
    bool keys_destroyed;
    bool store_removed;
};

/* Whether the store at `path` has such a mark; needs no keys, and makes nothing. STORE_NOT_FOUND:
 * no mark, or no store; -EBUSY when it is open. */
int store_find_end(const char *path, struct store_end *ret_end) MUST_CHECK;

/*
 * Finishes what store_wind_down() has begun, of a store that is not open: gives the statement its
 * name, destroys the epoch keys, removes the store's files; needs no keys, and can be repeated. 0:
 * all is gone, though the statement may be lost. STORE_NOT_FOUND: there is no mark, and nothing was
 * done. STORE_STOPPED with `why`: something is left; the mark is then too, or a start with the keys
 * that are left would begin another log under the same name.
 */
struct store_finish_options {
    const char *path;
    uint64_t map_bytes;
    const char *epoch_directory;
};
int store_finish_wind_down(const struct store_finish_options *options, struct store_end *ret_end,
                           char why[static STORE_WHY_SIZE]) MUST_CHECK;

#endif
