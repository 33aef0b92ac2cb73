/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The population register, as an office hears of it. Children are numbers, as in the office; so are
 * parents and addresses, which must be other ones.
 */
#ifndef TESTS_UNIT_STORE_REGISTRAR_H
#define TESTS_UNIT_STORE_REGISTRAR_H

#include "store/base/layout.h"
#include "tests/unit/store/office.h"

/* Each tells one thing, and returns the result. */
int registrar_died(struct office *office, unsigned child);
int registrar_moved(struct office *office, unsigned child, uint16_t municipality);
int registrar_replaced(struct office *office, unsigned from, unsigned into);
int registrar_assigned(struct office *office, unsigned from, unsigned into);
struct registrar_relations {
    size_t parent_count;
    unsigned parents[STORE_PARENTS_MAXIMUM];
    unsigned address; /* 0: none */
    bool institution;
};
int registrar_related(struct office *office, unsigned child,
                      const struct registrar_relations *relations);
/* The same, not run. */
void registrar_fill(const struct office *office, struct store_person_event *op,
                    enum person_event event, unsigned child, unsigned other);

/* Opens an office that is closed, or another one, with this term of waiting. */
void registrar_reopen(struct office *office, int wait_days);

/* Turns the epoch key. */
void registrar_turn(struct office *office);

/* A party with many professionals, and one signal of each on a child; ended again when not `stay`.
 */
#define REGISTRAR_STAFF_MAXIMUM 200
void registrar_hire_staff(struct office *office, uint32_t party, unsigned count);
void registrar_staff_signals(struct office *office, uint32_t party, unsigned count, unsigned child,
                             bool stay);

/* Rows of a table; of the children, of one kind (0: all). */
size_t registrar_count_rows(struct office *office, enum kv_table table);
size_t registrar_count_children(struct office *office, enum child_row kind);
size_t registrar_count_due(struct office *office, enum due_kind kind);
/* Over every row of the tables that tell of children, parties, matches, terms, and the log. */
uint64_t registrar_digest(struct office *office);

/* Entries on a child, of one event (0: any). */
size_t registrar_count_log(struct office *office, unsigned child, enum log_event event);

uint64_t registrar_head(struct office *office, uint32_t party);

#endif
