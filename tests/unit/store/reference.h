/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rules of the index once more, written apart from the store, as simply as they can be: plain
 * arrays, everything in memory, nothing sealed, nothing sliced. What the store answers is held to
 * this. Times and ids that the store makes are taken over from its answers.
 */
#ifndef TESTS_UNIT_STORE_REFERENCE_H
#define TESTS_UNIT_STORE_REFERENCE_H

#include <stdbool.h>

#include "store/model.h"
#include "store/store.h"

#define REFERENCE_PARTIES 8
#define REFERENCE_PROFESSIONALS 4 /* ids of each party */
#define REFERENCE_CHILDREN 12
#define REFERENCE_TOWNS 3
#define REFERENCE_MATCHES_KEPT 8 /* on one child */
#define REFERENCE_FIRST_TOWN 300

enum reference_state { REFERENCE_LIVE = 1, REFERENCE_ARCHIVED, REFERENCE_ERASED };

struct reference_signal {
    struct uuid id;
    enum reference_state state;
    int party;
    int professional;
    int child;
    uint16_t municipality;
    int64_t reported_at;
    int64_t ended_from; /* between these two it ended; 0: it has not */
    int64_t ended_to;
    size_t signals_at_end; /* how many signals had been posted when it ended */
    int32_t removal_day;
    int32_t erasure_day;
    int64_t tombstone_until; /* 0: none */
    char reference[32];
};

struct reference_match {
    struct uuid id;
    int child;
    bool ended;
    bool forgotten;
    size_t signals_at_end; /* how many signals had been posted by then */
    int64_t formed_at;
    bool told[REFERENCE_PARTIES];
    int64_t told_at[REFERENCE_PARTIES];
};

struct reference_notice {
    enum notice_type type;
    size_t match;
    bool has_own;
    size_t own;
    int child;
    unsigned generation;
    int64_t from; /* sent between these two */
    int64_t to;
};

struct reference_list {
    size_t count;
    size_t capacity;
    size_t *items;
};

struct reference_party {
    bool reports;
    int town; /* which one it is; -1: none */
    bool suspended;
    int32_t until[REFERENCE_TOWNS]; /* of the agreement; 0: there never was one */
    bool hired[REFERENCE_PROFESSIONALS];
    unsigned version[REFERENCE_PROFESSIONALS]; /* of the contact data */
    struct reference_list kept;                /* its signals that are not erased */
    size_t notice_count;
    size_t notice_capacity;
    struct reference_notice *notices; /* sequence - 1 */
    uint64_t acknowledged;
};

struct reference_child {
    unsigned generation;
    struct reference_list members; /* signals that are not erased, oldest first */
    struct reference_list matches; /* that are kept, oldest first */
};

struct reference {
    struct reference_party parties[REFERENCE_PARTIES];
    struct reference_child children[REFERENCE_CHILDREN];
    size_t signal_count;
    size_t signal_capacity;
    struct reference_signal *signals;
    size_t match_count;
    size_t match_capacity;
    struct reference_match *matches;
    struct reference_list tombstones;
    uint64_t log_size;
};

void reference_finish(struct reference *reference);

/* What a post must answer. An existing or new signal is `*ret_signal`. */
int reference_post(struct reference *reference, int party, int professional, int child, int town,
                   int32_t birth_day, int32_t today, bool *ret_created, size_t *ret_signal);
/* After the store has answered: takes over what it made; tells everyone. */
void reference_posted(struct reference *reference, size_t signal,
                      const struct store_signal_post *answer);
int reference_withdraw(struct reference *reference, int party, size_t signal, bool wrongful,
                       int64_t from, int64_t to);
int reference_dismiss(struct reference *reference, int party, int professional);
int reference_acknowledge(struct reference *reference, int party, uint64_t up_to);
/* The day has come, for all whose day has come. */
void reference_settle(struct reference *reference, int64_t from, int64_t to);

bool reference_has_agreement(const struct reference_party *party, int32_t today);
size_t reference_live(const struct reference *reference, int child);
/* The match that is open on a child; NULL. */
struct reference_match *reference_open_match(const struct reference *reference, int child);
/* Whether a signal that is live now has been in the match. */
bool reference_was_in(const struct reference_match *match, size_t signal);
/* Whether a municipality may see the match: it was told, and one of its signals is still in it. */
bool reference_concerns(const struct reference *reference, const struct reference_match *match,
                        int party);
bool reference_is_gap(const struct reference *reference, const struct reference_notice *notice);

#endif
