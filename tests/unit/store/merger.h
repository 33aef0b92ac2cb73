/* SPDX-License-Identifier: EUPL-1.2 */
/* Words for tests of merging parties. */
#ifndef TESTS_UNIT_STORE_MERGER_H
#define TESTS_UNIT_STORE_MERGER_H

#include "tests/unit/store/moves.h"

#define MERGER_OTHER_TOWN 400
#define MERGER_LIVE (1u << SIGNAL_ACTIVE)
#define MERGER_ARCHIVED (1u << SIGNAL_ARCHIVED)

struct merger_schools {
    uint32_t big;   /* the one that stays; ann works there */
    uint32_t small; /* the one that goes: another ann, and bea */
    uint32_t care;  /* a third party: cor */
};
/* Opens an office whose engine can fail, with the three of them. */
void merger_open(struct office *office, struct merger_schools *schools);

/* Prepares a merge, to be run by the operator. */
void merger_fill(struct store_party_merge *op, uint32_t from, uint32_t into);
/* Merges; returns the result. */
int merger_run(struct office *office, uint32_t from, uint32_t into);

/* The operator's other work. */
int merger_change(struct office *office, uint32_t party, enum party_action action,
                  const struct store_party_change *what);
void merger_agree(struct office *office, uint32_t party, uint16_t municipality, int32_t until_day);
void merger_mandate(struct office *office, uint32_t holder, uint32_t party, int days);

struct party merger_see(struct office *office, uint32_t number);
/* 0: no agreement. */
int32_t merger_agreed_until(const struct party *party, uint16_t municipality);
/* Whether its OIN is unknown. */
bool merger_is_gone(struct office *office, uint32_t number);
/* Besides, nothing stands under its number any more, and nobody meets it in a list. */
void merger_check_gone(struct office *office, uint32_t number);
size_t merger_count(struct office *office, uint32_t party, const char *professional,
                    unsigned status);

#endif
