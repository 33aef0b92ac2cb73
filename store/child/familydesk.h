/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The files of a family at hand, while something happens to one of its children: each is in memory
 * once, however often and under whichever of its numbers it is met, and is saved once. What a
 * family match is, and how one begins, grows and ends, is here. Private to store/families*.c.
 */
#ifndef STORE_CHILD_FAMILYDESK_H
#define STORE_CHILD_FAMILYDESK_H

#include "store/child/families.h"
#include "store/child/tierow.h"

struct desk_file;
struct family_desk {
    struct store_tx *tx;
    struct child_file *own;          /* the caller's, who saves it */
    const struct child_file *merged; /* goes into it: its numbers are own's; or NULL */
    struct desk_file *taken;         /* in the arena */
};

/* The file that a number leads to; that of an unknown number is VIEW_DAMAGED. */
int family_desk_take(struct family_desk *desk, const struct child_key *key,
                     struct child_file **ret_file) MUST_CHECK;
void family_desk_touch(struct family_desk *desk, const struct child_file *file); /* has changed */
/* Saves what has changed, but `own`. Faults are sticky. */
void family_desk_save(struct family_desk *desk);

/* The other children of a file's family matches, and, `by_ties`, of ties that make matches; each
 * once. */
#define FAMILY_SIBLINGS_MAXIMUM                                                                    \
    (CHILDFILE_TIES_MAXIMUM * FAMILY_CHILDREN_MAXIMUM + CHILDFILE_FAMILIES_MAXIMUM)
struct family_siblings {
    size_t count;
    struct child_file *files[FAMILY_SIBLINGS_MAXIMUM];
};
int family_siblings_gather(struct family_desk *desk, bool by_ties,
                           struct family_siblings *ret_siblings) MUST_CHECK;

/* Whether a tie makes matches: by the policy, and by what is known of it. */
bool family_tie_counts(const struct store_view *view, const struct tie_row *row);

/* What may become of a pair. */
struct family_review {
    const struct uuid *newest; /* the signal that has come; NULL: none */
    bool by_register;          /* what the register told made it a match, no signal */
    bool may_form;
    bool may_end;
    bool quiet;
};
/* Holds a pair of files to the rule, and makes it so. */
int family_review_pair(struct family_desk *desk, struct child_file *one, struct child_file *two,
                       const struct family_review *how) MUST_CHECK;
/* Reviews a file with each of its siblings. */
int family_review_own(struct family_desk *desk, bool by_ties,
                      const struct family_review *how) MUST_CHECK;

/* A match that has not ended, between two files. `ret_index`: of its entry in `one`;
 * `one->family_count`: there is none. */
int family_find_open(struct family_desk *desk, const struct child_file *one,
                     const struct child_file *two, size_t *ret_index,
                     struct child_match *ret_match) MUST_CHECK;
/* Room for one more entry: the match that ended first goes from both its files. False when all 32
 * are open: that is no family, and it gets no more. */
int family_make_place(struct family_desk *desk, struct child_file *file,
                      bool *ret_has_place) MUST_CHECK;
/* Takes a match away from both files, with all that stands about it. */
int family_drop(struct family_desk *desk, struct child_file *file, size_t index,
                const struct child_match *match) MUST_CHECK;
void family_remove_entry(struct child_file *file, const struct uuid *match);
struct match_scope family_scope(struct child_match *match, struct child_file *first,
                                struct child_file *second);

#endif
