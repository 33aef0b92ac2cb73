/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How a notice is kept:
 *
 *   1 || child (36) || masked generation (4) || own signal (16; zeroes: a municipality's) || sealed
 * body 2 || sealed under the record key: an auditor's, about an entry of the log
 */
#ifndef STORE_NOTICEROW_H
#define STORE_NOTICEROW_H

#include "store/tx.h"

/* A row, not opened. */
struct notice_row {
    bool is_auditors;
    struct child_key child;
    uint32_t epoch;
    uint32_t generation;
    bool has_own;
    struct uuid own;
    struct kv_bytes sealed; /* in the store */
};
/* What is sealed about a child. */
struct notice_body {
    enum notice_type type;
    int64_t logged_at;
    struct uuid match; /* zeroes: none */
    enum match_kind kind;
    struct uuid other; /* the archived signal that it tells of */
};
struct auditor_notice {
    enum notice_type type;
    int64_t logged_at;
    uint64_t log_index;
    struct oin actor;
};

int notice_row_read(struct store_view *view, const struct row_key *key, struct kv_bytes value,
                    struct notice_row *ret_row) MUST_CHECK;
/* STORE_NOT_FOUND: the own signal has been erased, or the file is of another generation. */
int notice_row_open(struct store_view *view, const struct child_file *file,
                    const struct row_key *key, const struct notice_row *row,
                    struct notice_body *ret_body) MUST_CHECK;
int notice_row_open_auditor(struct store_view *view, const struct row_key *key,
                            const struct notice_row *row,
                            struct auditor_notice *ret_notice) MUST_CHECK;

/* `own` NULL: a municipality's. Faults are sticky in the transaction. */
void notice_row_put(struct store_tx *tx, const struct child_file *file, uint32_t party,
                    uint64_t sequence, const struct child_member *own,
                    const struct notice_body *body);
void notice_row_put_auditor(struct store_tx *tx, uint32_t party, uint64_t sequence,
                            const struct auditor_notice *notice);
/* The same value under the epoch of today. */
void notice_row_renew(struct store_tx *tx, const struct row_key *key, const struct notice_row *row,
                      uint8_t *value, size_t size);

#endif
