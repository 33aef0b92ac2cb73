/* SPDX-License-Identifier: EUPL-1.2 */
/* What tests of work in slices need: many rows to move, and ways to come in between. The office
 * must be `faulty`. */
#ifndef TESTS_UNIT_STORE_MOVES_H
#define TESTS_UNIT_STORE_MOVES_H

#include "tests/unit/store/office.h"

/* Posts signals on a row of children, together. */
void moves_post(struct office *office, uint32_t party, const char *professional, unsigned first,
                unsigned count);

/* Runs an operation, of which the n-th commit fails, as if the machine had stopped before it or,
 * when it `happens`, just after. Nothing else may be waiting to be done (office_rest()). Returns
 * whether it came to its end; if not, the office has been opened again. */
bool moves_run_crashing(struct office *office, struct store_op *op, uint32_t party, uint64_t commit,
                        bool happens);
/* Runs with a crash at the first commit, at the second, and so on, before it and after it, until
 * both come to their end. Returns at which commit. */
uint64_t moves_crash_everywhere(bool (*run)(uint64_t commit, bool happens));
/* Runs an operation whose commit is a crash, and crashes again at each commit that the due table
 * makes, until what it began has ended. There must be more than one. */
void moves_crash_until(struct office *office, struct store_op *op, uint32_t party,
                       bool (*has_ended)(void));

/* Holds the committer in a commit of nothing: what is submitted until moves_release() becomes one
 * batch. */
void moves_hold(struct office *office);
void moves_release(struct office *office);

/* Runs an operation, and looks around, on the caller's thread, before every commit until it has
 * ended: what is seen is what the commit before has left. Returns the operation's result. */
int moves_run_watched(struct office *office, struct store_op *op, void (*look)(void));

#endif
