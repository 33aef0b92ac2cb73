/* SPDX-License-Identifier: EUPL-1.2 */
/* A party, as the operator and the party itself are shown it; for people. */
#ifndef TOOLS_PARTY_PRINT_H
#define TOOLS_PARTY_PRINT_H

#include "tools/print.h"

/* What an answer does not have (a party is not told its own contact) is left out. */
void party_print(FILE *out, const struct answer *party);

#endif
