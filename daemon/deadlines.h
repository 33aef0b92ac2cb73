/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * How long a peer may take, in milliseconds from the beginning of each phase: a byte a second does
 * not prolong anything. Fixed values; test builds (-Dtest_clock=true) take others from the
 * environment, as VIX_DEADLINES="handshake=200,head=300".
 */
#ifndef DAEMON_DEADLINES_H
#define DAEMON_DEADLINES_H

#include "crypto/basics.h"

struct deadlines {
    unsigned handshake; /* from accept */
    unsigned head;      /* from the handshake, or the first byte of a later request */
    unsigned body;      /* from the end of the head */
    unsigned idle;      /* between requests */
    unsigned write;     /* until an answer has been taken */
    unsigned linger;    /* what still arrives after the last answer is dropped for so long */
    unsigned drain;     /* of everything, once the daemon is told to stop */
};
void deadlines_init(struct deadlines *ret_deadlines);

#endif
