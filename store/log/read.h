/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading and searching the log from within the rules. Private to store/. */
#ifndef STORE_LOG_READ_H
#define STORE_LOG_READ_H

#include "store/tx.h"

/* Opens entries one after the other: those of one month and of few actors cost one read each. */
#define LOG_OPENER_ACTORS 16
struct log_opener {
    struct store_view *view;
    uint32_t month; /* 0: none */
    uint8_t month_key[SEAL_KEY_BYTES];
    struct {
        uint32_t number; /* 0: none */
        struct log_actor actor;
    } actors[LOG_OPENER_ACTORS];
};
void log_opener_wipe(struct log_opener *opener);
/* Puts the key of a month in `month_key`: 0, STORE_NOT_FOUND, or a fault. */
int log_opener_find_key(struct log_opener *opener, uint32_t month) MUST_CHECK;
/* 0, or a fault: every entry below the head's size is there. */
int log_opener_read(struct log_opener *opener, uint64_t index, struct log_row *ret_row) MUST_CHECK;

/* As an auditor is shown it. */
int log_entry_from_row(struct store_view *view, uint64_t index, const struct log_row *row,
                       struct log_entry *ret_entry) MUST_CHECK;

/* The month of an entry, without opening it. */
int log_month_of(struct store_view *view, uint64_t index, uint32_t *ret_month,
                 bool *ret_destroyed) MUST_CHECK;
/* The first entry of a month or a later one; the log's size when there is none. */
int log_first_of_month(struct store_view *view, uint32_t month, uint64_t *ret_index) MUST_CHECK;
/* The first entry at an instant or later. Of one that is destroyed only the month is known: with
 * `whole` it counts as one at the end of it, else as one at its beginning. */
int log_first_from(struct log_opener *opener, int64_t instant, bool whole,
                   uint64_t *ret_index) MUST_CHECK;

/*
 * As store_read_log(), in any view: a transaction's sees its own entries. Looks at no more than
 * `*budget` entries, places of lists and blocks of what is not indexed yet together, and takes
 * those off it; when that ended the search, the page says that there is more.
 */
int log_read_page(struct store_view *view, const struct log_query *query, size_t *budget,
                  struct log_page *ret_page) MUST_CHECK;

#endif
