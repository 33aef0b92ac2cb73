/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How much a party may ask in a minute: fixed windows, for all threads together.
 */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include <stdbool.h>

#include "crypto/basics.h"

enum limit_kind { LIMIT_REQUESTS, LIMIT_EVALUATIONS, LIMIT_KINDS };

#define LIMITS_WINDOW_SECONDS 60
#define LIMITS_EXCEEDED 1
#define LIMITS_PARTIES_MAXIMUM (1u << 20) /* beyond it parties share the window of the unknown */

struct limit_state {
    unsigned quota; /* of the window */
    unsigned remaining;
    unsigned reset_seconds; /* until the next window; at least 1 */
};

struct limits;
int limits_new(const unsigned quotas[static LIMIT_KINDS], struct limits **ret_limits) MUST_CHECK;
void limits_free(struct limits *limits);

/*
 * Takes `amount` from the party's window. Party 0 is everybody whom the index does not know. The
 * state is set in both cases. LIMITS_EXCEEDED: nothing was taken. -ENOMEM.
 */
int limits_take(struct limits *limits, uint32_t party, enum limit_kind kind, unsigned amount,
                int64_t now, struct limit_state *ret_state) MUST_CHECK;

#endif
