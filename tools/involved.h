/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is involved in a match, and with which of one's own signals; for people. */
#ifndef TOOLS_INVOLVED_H
#define TOOLS_INVOLVED_H

#include "tools/print.h"

/* The list `involved` of a match or a notice. */
void involved_print(FILE *out, const struct answer *involved);
/* The list `unread` of a notice: who has not read theirs, and since when it waits. */
void involved_print_unread(FILE *out, const struct answer *unread);
/* One's own signal: its reference, id and professional. NULL (a municipality) prints nothing. */
void involved_print_own(FILE *out, const struct answer *own_signal);

#endif
