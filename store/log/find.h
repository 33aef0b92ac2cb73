/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Finding entries by what the log's lists say, a month at a time: in one month each thing that is
 * asked for (a child, a party, a trace id) is a list, of which one kind (event and outcome) is a
 * run of indexes in order. All runs of one kind are cut with each other by seeking, so that what
 * one of them lacks is leapt over in the others; and what is left of the kinds is merged. Private
 * to the search.
 */
#ifndef STORE_LOG_FIND_H
#define STORE_LOG_FIND_H

#include "store/log/read.h"
#include "store/log/subjects.h"
#include "store/log/tags.h"

#define LOG_FIND_ASKED 3 /* trace id, child, party or professional: each a list, or several */

/* What is asked for, under the key of one month. */
struct log_asked {
    uint32_t month; /* 0: none */
    bool empty;     /* the month has no key, so no entries */
    bool all;       /* only the list of all is asked for */
    uint8_t key[SHORTMAC_KEY_BYTES];
    size_t count;
    struct {
        size_t count;
        struct log_list lists[SUBJECTS_MAXIMUM];
    } of[LOG_FIND_ASKED]; /* in the order in which they are likely to be short */
    size_t event_count;   /* 0: any */
    uint8_t events[2][LOG_EVENT_TAG_BYTES];
    bool has_outcome;
    uint8_t outcome[LOG_EVENT_TAG_BYTES];
};

struct log_search {
    struct store_view *view;
    const struct log_query *query;
    struct subject_row subjects; /* when the query has a subject */
    uint64_t named;              /* the entry that the trace id leads to; UINT64_MAX: none */
    struct log_opener opener;
    struct log_asked asked;
    struct log_entry *entries;
    struct log_page page;
    size_t *budget;
    bool ended; /* the page is full, or the budget is used up */
};

/* Prepares `asked` for a month. */
int log_ask(struct log_search *search, uint32_t month) MUST_CHECK;
/* Whether the tags of an entry of that month agree; they may do so by chance. */
bool log_asked_agrees(const struct log_asked *asked, const struct log_tags *tags);

/* Ends the page before `index` when there is no room for it, or the budget is used up; else takes
 * one off that. */
bool log_search_spend(struct log_search *search, uint64_t index);
/* Takes one off the budget, if any is left: for a place that is left together with another. */
void log_search_charge(struct log_search *search);
/* Opens an entry, and shows it if it is what is asked for. */
int log_search_look(struct log_search *search, uint64_t index) MUST_CHECK;

/* The entries of [from, to) that are of that month and in the indexes. */
int log_find_in_month(struct log_search *search, uint32_t month, uint64_t from,
                      uint64_t to) MUST_CHECK;

#endif
