/* SPDX-License-Identifier: EUPL-1.2 */
/* The answer to an access request (inzageverzoek), for people. */
#ifndef TOOLS_PACK_PRINT_H
#define TOOLS_PACK_PRINT_H

#include "tools/print.h"

/* What is held, and who was told what. The receipt is left out: it is not for reading. */
void pack_print(FILE *out, const struct answer *pack);

#endif
