/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Client certificates by a development authority, made in this process: hundreds in the time in
 * which openssl(1) makes a few. Never for real use: the authority's key lies open beside it.
 */
#ifndef TOOLS_LOAD_ISSUE_H
#define TOOLS_LOAD_ISSUE_H

#include "tools/load/vix_bench.h"

#define BENCH_OIN_SIZE 21

struct bench_issuer;

/* `pki` holds ca.pem and ca.key. An enum vix_exit, as below. */
int bench_issuer_open(const char *pki, struct bench_issuer **ret_issuer) MUST_CHECK;
void bench_issuer_freep(struct bench_issuer **issuer); /* for CLEANUP */

/* The test OIN (prefix 00000099) of the n-th party. */
void bench_oin(size_t number, char out[static BENCH_OIN_SIZE]);

/*
 * NAME.pem and NAME.key in `directory`, P-256, the OIN in the subject's serialNumber. Where both
 * are there already they are left as they are.
 */
int bench_issue(const struct bench_issuer *issuer, const char *directory, const char *name,
                const char *oin, const char *organisation) MUST_CHECK;

#endif
