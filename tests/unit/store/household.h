/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Families in an office: what the population register tells of its children, and how the rows
 * stand. Children are numbers, as in the office; ties are written "p1" (a parent), "a2" (an
 * address) or "a2!" (the address of an institution).
 */
#ifndef TESTS_UNIT_STORE_HOUSEHOLD_H
#define TESTS_UNIT_STORE_HOUSEHOLD_H

#include "tests/unit/store/office.h"

enum household_policy { HOUSEHOLD_PARENT = 1, HOUSEHOLD_ADDRESS = 2, HOUSEHOLD_DEPARTURE = 4 };
/* Opens an office with this policy; also one that is open already, as it stands on disk. */
void household_open(struct office *office, unsigned policy);

/* All relations of a child, "p1 p2 a1". */
void household_relate(struct office *office, unsigned child, const char *relations);
/* `from` is replaced by `into`: one child from now on. */
void household_merge(struct office *office, unsigned into, unsigned from);
/* A child on whom nobody has signalled goes. */
void household_forget(struct office *office, unsigned child);
/* Seals a tie again. Returns a STORE_ condition. */
int household_renew(struct office *office, const char *tie);
/* Those involved in a match have spoken to each other. */
void household_confirm(struct office *office, const struct uuid *match);

/* How many children a tie has; 0 when there is no row of it. */
size_t household_tied(struct office *office, const char *tie);
/* Under which epoch the row of a tie is sealed. */
uint32_t household_epoch(struct office *office, const char *tie);
bool household_is_known(struct office *office, unsigned child);
bool household_is_institution(struct office *office, unsigned child);
/* How many family matches a child's file names; of them, those that have ended. */
size_t household_entries(struct office *office, unsigned child, size_t *ret_ended);
/* Whether two children have an open family match; it is the only one. */
bool household_matched(struct office *office, unsigned one, unsigned other, struct uuid *ret_match);
/* Every entry of these children stands in both files and leads to its row, and the index counts the
 * open matches right. */
void household_check(struct office *office, unsigned children);

#endif
