/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Statistics may not be traceable to a youth or a reporter (Jeugdwet 7.1.2.3(1)f): a count below
 * the minimum is not told, nor is one from which it could be reckoned.
 */
#ifndef PROTO_SUPPRESS_H
#define PROTO_SUPPRESS_H

#include <stdbool.h>

#include "crypto/basics.h"

struct suppress_cell {
    uint64_t count;
    bool hidden;
};

/* Hides each that is below the minimum, zero too. */
void suppress_cells(struct suppress_cell *cells, size_t count, uint64_t minimum);

/*
 * The same for cells that are told with their total, which is set here. Where only one of them is
 * hidden and the total is not, the smallest other is hidden too (the first of equal ones), or the
 * hidden one would be the difference.
 */
void suppress_group(struct suppress_cell *cells, size_t count, uint64_t minimum,
                    struct suppress_cell *total);

#endif
