/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Family matches (Jeugdwet 7.1.2.3(1)d-e; domain rule 6): two children who share a parent or a home
 * address, as the population register has told. Pairwise, one match for a pair, never transitive;
 * addresses of institutions, and those of more children than a family has, are left out.
 *
 * A tie is a row of its own under the key of the parent or address, with the children that it
 * ties. A pair is a match while both have a live signal, and at least two professionals are
 * involved with them.
 *
 * All of these change `file`, which the caller saves, and save the other files that they change: no
 * other file of the family may be held in memory meanwhile. Faults leave the transaction to be
 * dropped.
 */
#ifndef STORE_CHILD_FAMILIES_H
#define STORE_CHILD_FAMILIES_H

#include "store/child/matches.h"
#include "store/child/tierow.h" /* for the turn of the epoch key: tie_row_renew() */

/* A signal has come: forms and joins. */
int families_joined(struct store_tx *tx, struct child_file *file, const struct uuid *newest,
                    bool quiet) MUST_CHECK;
/* A live signal has gone, or is another professional's now: ends what is no match any more. */
int families_left(struct store_tx *tx, struct child_file *file, bool tell) MUST_CHECK;
/* As match_retract(). */
int families_retract(struct store_tx *tx, struct child_file *file, const struct uuid *signal,
                     const struct uuid *ended_after) MUST_CHECK;
/* How many notices a signal of somebody new would send about family matches; municipalities not
 * counted. Reads only. */
int families_count_notices(struct store_tx *tx, struct child_file *file,
                           uint64_t *ret_count) MUST_CHECK;
/* Before a file is deleted: its ties and family matches go too. */
int families_forget(struct store_tx *tx, const struct child_file *file) MUST_CHECK;

/* The register tells all relations of a child; what is not among them goes. At most
 * CHILDFILE_TIES_MAXIMUM. What was told last of an address, that it is an institution's or is not,
 * holds for all its children. Matches form and end accordingly. */
struct family_relation {
    enum tie_kind kind;
    struct identity who;
    bool institution;
};
int families_relate(struct store_tx *tx, struct child_file *file, uint32_t evaluation_key,
                    const struct family_relation *relations, size_t count) MUST_CHECK;
/*
 * `from` goes into `file`, and is deleted afterwards. `file` has the members of both already;
 * `before` and `from` are as the two were. Its ties become the file's, as far as there is room, and
 * so do its open matches, but the one with `file` itself, and one with a child with which `file`
 * has its own. What had ended is kept where only one of the two had signals. Whoever has not met in
 * a match before is told, and pairs are held to the rule anew.
 */
int families_merge(struct store_tx *tx, struct child_file *file, const struct child_file *before,
                   const struct child_file *from) MUST_CHECK;
/* Whether a tie of the child is the address of an institution, for the access pack. */
int families_is_institution(struct store_view *view, const struct child_file *file,
                            bool *ret_is) MUST_CHECK;

#endif
