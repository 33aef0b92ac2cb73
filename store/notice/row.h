/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How a notice is kept:
 *
 *   1 || sealed under the epoch key: body || known (1) || child (32) || generation (4) || own (16)
 *   2 || sealed under the record key: an auditor's, about an entry of the log
 *
 * `own` is the signal of the reader that it is about; zeroes in a municipality's. What was told
 * goes with its row and the epoch, however long the child has a file: then it can be read in no
 * old copy.
 */
#ifndef STORE_NOTICE_ROW_H
#define STORE_NOTICE_ROW_H

#include "store/tx.h"

/* What is sealed about a child. */
struct notice_body {
    enum notice_type type;
    int64_t logged_at;
    struct uuid match; /* zeroes: none */
    enum match_kind kind;
    struct uuid other; /* the archived signal that it tells of */
};
struct notice_row {
    uint32_t epoch; /* 0: an auditor's, which is not open yet */
    bool has_child; /* else a municipality's, about a child that has gone */
    struct child_key child;
    uint32_t generation;
    bool has_own;
    struct uuid own;
    struct notice_body body;
};
struct auditor_notice {
    enum notice_type type;
    int64_t logged_at;
    uint64_t log_index;
    struct oin actor;
};

/* A party's notices after a sequence, the oldest first. */
int notice_row_range(struct store_view *view, uint32_t party, uint64_t after,
                     struct kv_range **ret_range) MUST_CHECK;
int notice_row_read(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                    struct notice_row *ret_row) MUST_CHECK;
bool notice_row_is_auditors(const struct notice_row *row);
/* Whether there is still what it is about, in the file to which its child leads: else it is a gap.
 */
bool notice_row_is_live(const struct notice_row *row, const struct child_file *file);
/*
 * Whether it is read though the child has gone: that a match was retracted must reach a
 * municipality that was told of it (domain rule 6), and says nothing but which match it was.
 */
bool notice_row_outlives(const struct notice_row *row);
int notice_row_open_auditor(struct store_view *view, const struct row_key *key,
                            struct kv_bytes value, struct auditor_notice *ret_notice) MUST_CHECK;

/* `own` NULL: a municipality's; `file` NULL then: about a child that has gone. Faults are sticky in
 * the transaction. */
void notice_row_put(struct store_tx *tx, const struct child_file *file, uint32_t party,
                    uint64_t sequence, const struct child_member *own,
                    const struct notice_body *body);
void notice_row_put_auditor(struct store_tx *tx, uint32_t party, uint64_t sequence,
                            const struct auditor_notice *notice);
/* The same under the epoch of today; `value` is what stands there. */
bool notice_row_renew(struct store_tx *tx, const struct row_key *key, struct kv_bytes value);
/* The same without the child, which has gone. */
void notice_row_forget_child(struct store_tx *tx, const struct row_key *key,
                             const struct notice_row *row);

#endif
