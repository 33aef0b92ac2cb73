/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How counts are told in which nobody may be found. Statistics may not be traceable to a youth or a
 * reporter (Jeugdwet 7.1.2.3(1)f): a count below the minimum is not told, nor is one from which it
 * could be reckoned. The dry run of a loading may be no look-up: its count is blurred.
 *
 * Pure functions on the caller's memory, for any thread.
 */
#ifndef PROTO_SUPPRESS_H
#define PROTO_SUPPRESS_H

#include <stdbool.h>

#include "crypto/pseudonym.h"

/* ---- tables ---- */

struct suppress_cell {
    uint64_t count;
    bool hidden;
};

/* Hides each that is below the minimum, zero too. */
void suppress_cells(struct suppress_cell *cells, size_t count, uint64_t minimum);

/*
 * The same for cells that are told with their total, which is set here, so that the sum of what is
 * hidden is known to everybody. While that would tell something, the smallest of the others are
 * hidden too (equal ones together): where one is hidden alone, where the hidden ones together are
 * below the minimum, and where each of them is as large as a count below the minimum can be, which
 * their sum shows. A total below the minimum is hidden, with all that is in it.
 *
 * With a minimum of at least 2 no hidden cell follows from what is told, not even for who knows
 * this rule. Two distinct counts among the hidden ones may be exchanged, as the rule looks at no
 * cell's place; equal ones are below the minimum and may differ by one more and one less.
 */
void suppress_group(struct suppress_cell *cells, size_t count, uint64_t minimum,
                    struct suppress_cell *total);

/* ---- a count of many children ---- */

#define SUPPRESS_ROUNDED_TO 10
/* With fewer of the children known to others nothing is told. */
#define SUPPRESS_KNOWN_MINIMUM 10

struct suppress_question {
    uint32_t party; /* number, of whoever asks */
    int32_t day;    /* Dutch day on which it does */
    size_t count;
    const struct child_key *children; /* in ascending order: see suppress_sort() */
    size_t known;                     /* of them: those on whom another party has a signal */
};

/* Puts child keys in the order in which every same set of them stands. */
void suppress_sort(struct child_key *children, size_t count);

/*
 * What may be told of a count: 0, or tens. Before it is rounded down a number from 0 to 9 is added,
 * that follows from the question and the index key: so the answer is right on average, the same
 * question has the same answer, and who asks does not know where the next ten begins. With any
 * other set of children, party or day it begins elsewhere.
 */
uint64_t suppress_blurred(const uint8_t index_key[static PSEUDONYM_KEY_BYTES],
                          const struct suppress_question *question, uint64_t count);

#endif
