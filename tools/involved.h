/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is involved in a match, and with which of one's own signals; for people. */
#ifndef TOOLS_INVOLVED_H
#define TOOLS_INVOLVED_H

#include "tools/print.h"

/* The list `involved` of a match or a notice, on stdout. */
void involved_print(const struct answer *involved);
/* One's own signal: its reference, id and professional. NULL (a municipality) prints nothing. */
void involved_print_own(const struct answer *own_signal);

#endif
