/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/suppress.h"

void suppress_cells(struct suppress_cell *cells, size_t count, uint64_t minimum)
{
    for (size_t i = 0; i < count; i++) {
        cells[i].hidden = cells[i].count < minimum;
    }
}

static void hide_smallest(struct suppress_cell *cells, size_t count)
{
    struct suppress_cell *smallest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!cells[i].hidden && (smallest == NULL || cells[i].count < smallest->count)) {
            smallest = &cells[i];
        }
    }
    if (smallest != NULL) {
        smallest->hidden = true;
    }
}

void suppress_group(struct suppress_cell *cells, size_t count, uint64_t minimum,
                    struct suppress_cell *total)
{
    size_t hidden = 0;
    suppress_cells(cells, count, minimum);
    total->count = 0;
    for (size_t i = 0; i < count; i++) {
        total->count += cells[i].count;
        hidden += cells[i].hidden;
    }
    suppress_cells(total, 1, minimum);
    if (hidden == 1 && !total->hidden) {
        hide_smallest(cells, count);
    }
}
