/* SPDX-License-Identifier: EUPL-1.2 */
/* The TLS of a witness: its own certificate, none of its clients. TLS 1.2 and up, as the index. */
#ifndef TOOLS_WITNESS_TLS_H
#define TOOLS_WITNESS_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "crypto/basics.h"

/* NULL, and a sentence of at most `size` bytes. */
SSL_CTX *witness_tls_new(const char *certificate, const char *private_key, char *why,
                         size_t size) MUST_CHECK;

#endif
