/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The rules of the index once more, written apart from the store, as simply as they can be: plain
 * arrays, everything in memory, nothing sealed, nothing sliced. What the store answers is held to
 * this. Times and ids that the store makes are taken over from its answers.
 *
 * An operation is done here once the store has answered, with the two instants between which it
 * did so; a refusal is told by the result, and has changed nothing.
 */
#ifndef TESTS_UNIT_STORE_REFERENCE_H
#define TESTS_UNIT_STORE_REFERENCE_H

#include <stdbool.h>

#include "store/model.h"
#include "store/store.h"

#define REFERENCE_PARTIES 10
#define REFERENCE_NUMBERS 18 /* of children: BSNs, and substitutes of those who have none */
#define REFERENCE_TOWNS 4
#define REFERENCE_FIRST_TOWN 300
#define REFERENCE_PARENTS 6
#define REFERENCE_ADDRESSES 4
#define REFERENCE_TIES 5           /* of one child */
#define REFERENCE_MATCHES_KEPT 8   /* on one child */
#define REFERENCE_FAMILIES_KEPT 32 /* with other children */
#define REFERENCE_ALIASES 8        /* numbers of one child that were replaced */

/* Index of something in one of the arrays below; NONE: there is none. */
#define NONE SIZE_MAX

struct reference_list {
    size_t count;
    size_t capacity;
    size_t *items;
};

/* Something was done between these two instants. */
struct reference_when {
    int64_t from;
    int64_t to;
};

enum reference_state { REFERENCE_LIVE = 1, REFERENCE_ARCHIVED, REFERENCE_ERASED };

struct reference_signal {
    struct uuid id;
    enum reference_state state;
    int party;
    size_t professional;
    size_t child;
    int town;
    int64_t came_at;     /* the instant in its id */
    int64_t reported_at; /* later, when it was renewed */
    struct reference_when ended;
    size_t signals_at_end; /* how many signals had been posted when it ended */
    int32_t removal_day;
    int32_t erasure_day;
    bool prompted;
    uint64_t notice;         /* sequence of the newest one to it about the child's match; 0 */
    int64_t tombstone_until; /* 0: none */
    char reference[32];
};

struct reference_match {
    struct uuid id;
    bool bound; /* the id is known */
    enum match_kind kind;
    size_t children[2]; /* the second: of a family */
    enum match_status status;
    bool forgotten;
    struct reference_when formed;
    struct reference_when ended;
    int32_t follow_up_day;
    struct reference_list in; /* signals that have been in it while live */
    bool told[REFERENCE_PARTIES];
    struct reference_when told_when[REFERENCE_PARTIES];
};

struct reference_notice {
    enum notice_type type;
    size_t match;     /* NONE: about none */
    size_t own;       /* NONE: a municipality's, an auditor's */
    size_t other;     /* the archived signal that it tells of; or NONE */
    size_t child;     /* NONE: an auditor's; or one of the two of a family, taken over */
    struct oin actor; /* of an auditor's */
    bool gone;        /* by its date. What cannot be read any more may go before, in a turn */
    struct reference_when when;
};

struct reference_professional {
    int party;
    size_t order; /* in which they came to their parties */
    bool hired;
    char id[40];
    char name[64];
};

struct reference_agreement {
    int32_t until; /* 0: there never was one */
    bool ends;     /* that it ends has not been worked off */
};

struct reference_party {
    uint32_t number; /* in the store */
    unsigned roles;
    int town; /* the one that it is; -1: none */
    bool suspended;
    bool sweeps; /* signals without an agreement are to be archived */
    struct reference_agreement agreements[REFERENCE_TOWNS];
    struct reference_list kept; /* its signals that are not erased */
    size_t notice_count;
    size_t notice_capacity;
    size_t notices_settled;           /* those of which the order is known */
    uint64_t notices_gone;            /* all up to this one have been deleted */
    struct reference_notice *notices; /* sequence - 1 */
    uint64_t acknowledged;
    int32_t access_day;
    unsigned access_count;
};

/* What was acknowledged on a day goes after ninety more. */
struct reference_notices_end {
    int party;
    int32_t day;
    uint64_t up_to;
};

struct reference_child {
    bool gone;
    bool touched;       /* in this step */
    size_t merged_into; /* NONE: it has not been */
    size_t number_count;
    int numbers[REFERENCE_ALIASES + 1]; /* the first one is its own, the others were replaced */
    int residence;                      /* town; -1: not told */
    int32_t kept_until;                 /* without a signal: when it goes; 0: it has had one */
    int32_t told_until;                 /* the same: when residence and ties go; 0: not told */
    size_t tie_count;
    int ties[REFERENCE_TIES];             /* parents, and from REFERENCE_PARENTS up addresses */
    struct reference_list members;        /* signals that are not erased, in order */
    struct reference_list matches;        /* of this child, that are kept, oldest first */
    struct reference_list families;       /* matches with others that are kept, oldest first */
    int64_t looked_at[REFERENCE_PARTIES]; /* when each was last shown who is involved */
};

/* An entry that the log must have. */
struct reference_entry {
    enum log_event event;
    size_t signal;   /* its object; NONE: another one, or none */
    uint64_t notice; /* the same: its sequence; 0 */
    uint32_t party;  /* the same: its number; 0 */
    uint32_t count;
    bool repeats;  /* there may be more of it: something that is done in slices */
    bool optional; /* perhaps there is none */
};

struct reference_year {
    int town;
    int year;
    struct statistics counts;
};

struct reference {
    struct store_policy policy;
    struct reference_party parties[REFERENCE_PARTIES];
    bool parties_merged;             /* ever */
    int town_owner[REFERENCE_TOWNS]; /* party; -1: has not joined */
    size_t number_child[REFERENCE_NUMBERS];
    /* As whom the log knows a number: those that were one child remain so to it. */
    int number_person[REFERENCE_NUMBERS];
    int64_t person_looked_at[REFERENCE_NUMBERS][REFERENCE_PARTIES];
    bool institution[REFERENCE_ADDRESSES];
    size_t child_count;
    size_t child_capacity;
    struct reference_child *children;
    struct reference_list present; /* children that are not gone */
    size_t professional_count;
    size_t professional_capacity;
    struct reference_professional *professionals;
    size_t arrivals; /* of professionals */
    size_t signal_count;
    size_t signal_capacity;
    struct reference_signal *signals;
    size_t match_count;
    size_t match_capacity;
    struct reference_match *matches;
    struct reference_list open_matches; /* that are kept and have not ended */
    struct reference_list tombstones;
    int64_t settled; /* everything up to then */
    size_t end_count;
    size_t end_capacity;
    struct reference_notices_end *ends;
    size_t year_count;
    size_t year_capacity;
    struct reference_year *years;
    /* Of the step: */
    size_t entry_count;
    size_t entry_capacity;
    struct reference_entry *entries;
    uint64_t log_size;
};

void reference_init(struct reference *reference, const struct store_policy *policy);
void reference_finish(struct reference *reference);

/* ---- lists (reference.c) ---- */
/* Room for one more of `size` bytes each. */
void *reference_grow(void *items, size_t count, size_t *capacity, size_t size);
void list_add(struct reference_list *list, size_t item);
bool list_has(const struct reference_list *list, size_t item);
void list_remove(struct reference_list *list, size_t item); /* it must be there */

void list_sort(struct reference_list *list);

/* ---- questions (reference.c) ---- */
bool reference_has_agreement(const struct reference *reference, int party, int town, int32_t today);
/* Whether a signal made under a town's agreement has one to stand on: with it, or with what it has
 * become a part of. */
bool reference_is_covered(const struct reference *reference, int party, int town, int32_t today);
/* What a town has become a part of; mostly itself. */
int reference_town_today(const struct reference *reference, int town);
/* The professional of a party who is called so; NONE. */
size_t reference_professional(const struct reference *reference, int party, const char *id);
size_t reference_live(const struct reference *reference, size_t child);
/* The match that is open on a child; NULL. */
struct reference_match *reference_open_match(const struct reference *reference, size_t child);
/* Whose follow-up a signal is: party; -1: nobody's. */
int reference_follow_up_of(const struct reference *reference, size_t signal);
/* Whether a municipality has to follow the match up. */
bool reference_concerns(const struct reference *reference, const struct reference_match *match,
                        int party);
/* The live signals on the one or two children of a match. */
void reference_in_scope(const struct reference *reference, const struct reference_match *match,
                        struct reference_list *ret_signals);
/* Whether a notice cannot be read any more; and whether nobody knows any more whose it was. */
bool reference_is_gap(const struct reference *reference, const struct reference_notice *notice);
bool reference_is_unknown(const struct reference *reference, const struct reference_notice *notice);
/* Where a child that was merged into others is now. */
size_t reference_child_now(const struct reference *reference, size_t child);

/* ---- what is told, logged and counted (reference_tell.c) ---- */
void reference_log(struct reference *reference, enum log_event event, size_t signal,
                   uint32_t count);
void reference_count(struct reference *reference, int town, enum statistic what, int64_t now);
/* A signal is about to be erased: it counts if it is live. */
void reference_count_erased(struct reference *reference, size_t signal, int64_t now);
/* Once for each municipality of these signals. */
void reference_count_match(struct reference *reference, const struct reference_list *live,
                           enum statistic what, int64_t now);
struct reference_notice *reference_tell(struct reference *reference, int party,
                                        const struct reference_notice *notice);
/* About a signal of its own. */
void reference_tell_own(struct reference *reference, enum notice_type type, size_t match,
                        size_t own, struct reference_when when);
void reference_tell_municipality(struct reference *reference, int party, enum notice_type type,
                                 size_t match, struct reference_when when);
void reference_tell_auditors(struct reference *reference, enum notice_type type, int actor,
                             struct reference_when when);

/* ---- matches (reference_matches.c) ---- */
/* A signal has come to its child. */
void reference_joined(struct reference *reference, size_t signal, bool quiet,
                      struct reference_when when);
/* One of its live signals has gone. */
void reference_left(struct reference *reference, size_t child, bool tell,
                    struct reference_when when);
void reference_retract(struct reference *reference, size_t signal, struct reference_when when);
/* Before a child is forgotten. */
void reference_forget_matches(struct reference *reference, size_t child);
void reference_drop_match(struct reference *reference, size_t match);
/* Everyone in it is told; without newcomers that it was formed. */
void reference_announce(struct reference *reference, size_t match,
                        const struct reference_list *newcomers, bool quiet,
                        struct reference_when when);
/* Whether two children are of one family, by what counts. */
bool reference_share_tie(const struct reference *reference, size_t one, size_t two);
/* The family match of two children that has not ended; NONE. */
size_t reference_family_match(const struct reference *reference, size_t one, size_t two);
/* Holds all children to the rule: family matches come, and go if they may. */
void reference_review_families(struct reference *reference, bool may_end,
                               struct reference_when when);
/* Signals have come by a merge: as reference_joined(), without families. */
void reference_arrived(struct reference *reference, size_t child,
                       const struct reference_list *newcomers, struct reference_when when);
void reference_tell_municipalities(struct reference *reference, size_t match,
                                   struct reference_when when);
/* Room for one more match on a child: the first that ended goes. False when none has. */
bool reference_make_place(struct reference *reference, enum match_kind kind, size_t child);
/* Nobody has said in time that those in it have spoken to each other. */
void reference_stall(struct reference *reference, size_t match, struct reference_when when);

/* ---- signals (reference_signals.c) ---- */
struct reference_post {
    int party;
    const char *professional;
    int number;
    int town;
    int32_t birth_day;
    bool quiet;
    const char *reference;
    bool created;  /* out */
    size_t signal; /* out: the new one, or the one that is there */
};
/* The new signal's id and instant are `id` and `at`. */
int reference_post(struct reference *reference, struct reference_post *post, const struct uuid *id,
                   int64_t at);
/* `flagged`: the store has taken it for a peek. It may, when what was looked at is another child
 * now that was the same once; it must, when it is this one. */
int reference_withdraw(struct reference *reference, int party, size_t signal, bool wrongful,
                       bool flagged, struct reference_when when);
int reference_renew(struct reference *reference, int party, size_t signal, int32_t birth_day,
                    int64_t at);
/* An entry of the refusal. Returns the condition. */
int reference_refuse(struct reference *reference, int condition);
/* The live signal of a professional on a child; NONE. */
size_t reference_find_live(const struct reference *reference, size_t child, size_t professional);
/* Erased, with a tombstone; what becomes of the child and its matches is the caller's. */
void reference_take_out(struct reference *reference, size_t signal, struct reference_when when);
void reference_archive(struct reference *reference, size_t signal, struct reference_when when);
/* Nobody is told. The child goes with its last signal. */
void reference_erase(struct reference *reference, size_t signal, struct reference_when when);
size_t reference_make_child(struct reference *reference, int number);
void reference_forget_child(struct reference *reference, size_t child);

/* ---- what the register tells (reference_registry.c) ---- */
void reference_died(struct reference *reference, int number, struct reference_when when);
void reference_moved(struct reference *reference, int number, int town, struct reference_when when);
struct reference_relations {
    size_t tie_count;
    int ties[REFERENCE_TIES];
    bool institution; /* the address among them is one */
};
void reference_relations(struct reference *reference, int number,
                         const struct reference_relations *relations, struct reference_when when);
int reference_replaced(struct reference *reference, int number, int by, bool assigned,
                       struct reference_when when);
/* Two live signals of one professional on one child: which of the two goes. */
size_t reference_lesser(const struct reference *reference, size_t one, size_t other);
void reference_merge_signals(struct reference *reference, size_t one, size_t other,
                             struct reference_when when);

/* ---- parties and rights (reference_parties.c) ---- */
void reference_hire(struct reference *reference, int party, const char *id, const char *name);
int reference_dismiss(struct reference *reference, int party, const char *id);
int reference_acknowledge(struct reference *reference, int party, uint64_t up_to,
                          struct reference_when when);
int reference_change_agreement(struct reference *reference, int party, int town, bool ends,
                               int32_t until, int32_t today);
struct reference_transfer {
    uint32_t moved;
    uint32_t merged;
};
int reference_transfer(struct reference *reference, int party, const char *from, const char *to,
                       struct reference_when when, struct reference_transfer *ret_done);
int reference_confirm(struct reference *reference, int party, size_t match, const char *id,
                      int64_t now);
/* Whether a party may see a match. */
bool reference_sees(const struct reference *reference, const struct reference_match *match,
                    int party);
/* What is shown of a child is remembered, for whoever withdraws soon. */
void reference_look(struct reference *reference, int party, size_t child, int64_t now);
/* Whether a municipality may be told what the register told of a child, and it told anything. */
bool reference_shows_registry(const struct reference *reference, int party, size_t child);
int reference_access(struct reference *reference, int party, int number, uint32_t *ret_held,
                     struct reference_when when);
int reference_erasure(struct reference *reference, int party, int number, bool archive_only,
                      uint32_t *ret_erased, struct reference_when when);
/* Of all numbers, and of others up to `count`. */
int reference_trial(struct reference *reference, int party, int town, size_t count,
                    uint64_t *ret_notices, size_t *ret_known, struct reference_when when);
/* The place of `from` is free afterwards. */
void reference_merge_party(struct reference *reference, int from, int into,
                           struct reference_when when);

/* ---- time (reference_terms.c) ---- */
/* All whose time has come, in the order of time. What is archived because agreements have ended
 * goes last, at one instant, in the order of `archived`, as the log tells it. */
void reference_settle(struct reference *reference, const struct reference_list *archived,
                      struct reference_when when);

#endif
