/* SPDX-License-Identifier: EUPL-1.2 */
/* A TLS 1.3 connection in memory, AES-256-GCM, to see what its records cost without a network. */
#ifndef TESTS_BENCH_STORE_TLS_H
#define TESTS_BENCH_STORE_TLS_H

#define BS_TLS_REQUEST_BYTES 300
#define BS_TLS_ANSWER_BYTES 400

struct bs_tls;

/* Both sides, after their handshake. */
struct bs_tls *bs_tls_open(void);
void bs_tls_close(struct bs_tls *tls);
/* A request and its answer, each encrypted by one side and decrypted by the other. */
void bs_tls_round(struct bs_tls *tls);

#endif
