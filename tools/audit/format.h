/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Forms in which the entries of an exported log are handed to other programs. They are made of the
 * native export, which alone can be verified, and lie beside it:
 *
 *   ldv   records.jsonl  Logboek Dataverwerkingen 1.0, a record on each line
 *   otlp  traces.jsonl   OpenTelemetry: on each line a body of OTLP/HTTP's /v1/traces, of at most
 *                        AUDIT_FORMAT_BATCH spans (opentelemetry-proto, JSON encoding)
 *   csv   records.csv    RFC 4180, with a header; no cell can be taken for a formula
 *
 * In each the pseudonym of the child, if there is one, stands beside the record, and of an entry
 * that was destroyed its index and commitment.
 */
#ifndef TOOLS_AUDIT_FORMAT_H
#define TOOLS_AUDIT_FORMAT_H

#include "tools/answer.h"

#define AUDIT_FORMAT_BATCH 100 /* entries that are written together */
#define AUDIT_SUBJECT_TYPE "https://verwijsindex.example/subject-id"

struct audit_format {
    const char *name;
    const char *file; /* NULL: of the native form, which needs no making */
    const char *head; /* what the file begins with */
    /* Around a batch, and between its entries. */
    void (*begin)(const char *origin, struct text *out);
    const char *between;
    const char *end;
    void (*entry)(const struct answer *entry, struct text *out);
};

/* NULL when there is no such format. */
const struct audit_format *audit_format_find(const char *name);
#define AUDIT_FORMAT_NAMES "native, ldv, otlp or csv"

/* otlp.c */
void audit_otlp_begin(const char *origin, struct text *out);
void audit_otlp_entry(const struct answer *entry, struct text *out);
extern const char audit_otlp_end[];

/* csv.c */
void audit_csv_entry(const struct answer *entry, struct text *out);
extern const char audit_csv_head[];

#endif
