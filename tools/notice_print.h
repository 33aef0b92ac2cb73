/* SPDX-License-Identifier: EUPL-1.2 */
/* A notice (matchbericht), told so that who receives it knows what to do. */
#ifndef TOOLS_NOTICE_PRINT_H
#define TOOLS_NOTICE_PRINT_H

#include "tools/print.h"

/* A CloudEvent of any type; of one that is not known what is in it is printed all the same. */
void notice_print(FILE *out, const struct answer *notice);

#endif
