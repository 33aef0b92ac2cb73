/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The one table of everything that can be refused: slug, status and title of the problem
 * documents (RFC 9457), and which of the store's conditions becomes which of them.
 */
#ifndef PROTO_PROBLEM_H
#define PROTO_PROBLEM_H

#include <stdbool.h>

#include "proto/writer.h"

#define PROBLEM_TYPE_PREFIX "https://verwijsindex.example/problems/"

/* How a refusal is kept in the access log. */
enum problem_record {
    PROBLEM_LOGGED,  /* an entry, committed before the answer */
    PROBLEM_COUNTED, /* too cheap to be worth an entry each: one per party, kind and minute */
    PROBLEM_METRIC,  /* nobody is known, or it is our own fault */
};

struct problem {
    const char *slug;
    int status;
    const char *title;
    const char *detail; /* when nothing more particular is known */
    enum problem_record record;
};

/* Unknown slugs become `internal-error`: never NULL. */
const struct problem *problem_find(const char *slug);
size_t problem_count(void);
const struct problem *problem_at(size_t i);

/* Of a positive result of the store (enum store_condition). */
const struct problem *problem_from_condition(int condition);

/* What is wrong with the input: all of it at once. */
#define FAULTS_MAXIMUM 32
struct fault {
    const char *detail;
    const char *pointer; /* "#/professional" */
};
struct faults {
    size_t count; /* what comes beyond FAULTS_MAXIMUM is not told */
    struct fault items[FAULTS_MAXIMUM];
};
/* Both texts must live as long as the faults. */
void faults_add(struct faults *faults, const char *pointer, const char *detail);

/* Writes the document; `faults` may be NULL. */
void problem_write(struct writer *writer, const struct problem *problem, const char *detail,
                   const struct faults *faults);

#endif
