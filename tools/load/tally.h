/* SPDX-License-Identifier: EUPL-1.2 */
/* What came of the requests. One for each loop while the load runs, merged after. */
#ifndef TOOLS_LOAD_TALLY_H
#define TOOLS_LOAD_TALLY_H

#include "tools/load/head.h"
#include "tools/load/histogram.h"

#define BENCH_OUTCOMES_MAXIMUM 32
#define BENCH_SLUG_SIZE 48

/* An answer's status with the slug of its problem document; "" when it was none. */
struct bench_outcome {
    int status; /* 0: all that did not fit in the table */
    char slug[BENCH_SLUG_SIZE];
    uint64_t count;
};

/* Ways to remain without an answer. */
enum bench_failure {
    BENCH_TIMED_OUT,
    BENCH_LOST,      /* the connection ended; whether the request was done is unknown */
    BENCH_MALFORMED, /* not an HTTP answer, or a longer one than announced */
    BENCH_FAILURES,
};

/* What is told apart within one load: the kinds of request of a day, the phases of a burst. */
#define BENCH_PARTS_MAXIMUM 8
struct bench_part {
    uint64_t asked; /* whatever came of it */
    uint64_t successful;
    struct bench_histogram latency;
};

/* All zero is empty. */
struct bench_tally {
    uint64_t answered;   /* with any status */
    uint64_t successful; /* with 2xx */
    uint64_t failures[BENCH_FAILURES];
    uint64_t unsent;   /* due in the open loop, and never sent */
    uint64_t repeated; /* posts on a child that another identity had signalled */
    uint64_t empty;    /* polls that found nothing */
    uint64_t warm_up;  /* requests that were not measured; they are in none of the above */
    uint64_t body_bytes;
    uint64_t reconnected;
    int64_t last; /* when the last measured answer came; 0: none */
    size_t outcome_count;
    struct bench_outcome outcomes[BENCH_OUTCOMES_MAXIMUM];
    struct bench_histogram latency; /* of what succeeded, timed out, was lost or never sent */
    struct bench_histogram delay;   /* from the intended start to the sending, open loop */
    struct bench_histogram handshake;
    struct bench_part parts[BENCH_PARTS_MAXIMUM];
};

/* An answer, whole, of a request that was measured; latency in ns. */
void bench_tally_add_answer(struct bench_tally *tally, const struct bench_head *head,
                            const char *body, bool successful, int64_t latency);
/* The same request in its part; `part` is below BENCH_PARTS_MAXIMUM. The latency is of what
 * succeeded or was waited for in vain: below 0 there is none. */
void bench_tally_add_part(struct bench_tally *tally, size_t part, bool successful, int64_t latency);
/* `slug` need not end with a NUL. */
void bench_tally_count(struct bench_tally *tally, int status, const char *slug, size_t length,
                       uint64_t count);
void bench_tally_merge(struct bench_tally *into, const struct bench_tally *from);

const char *bench_failure_name(enum bench_failure failure);

/* The last segment of a problem document's `type`; NULL, with length 0, when there is none. */
const char *bench_problem_slug(const char *body, size_t size, size_t *ret_length);

#endif
