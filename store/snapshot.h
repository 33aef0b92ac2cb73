/* SPDX-License-Identifier: EUPL-1.2 */
/* What is inside a snapshot. Private to store/. */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stdatomic.h>

#include "store/view.h"

struct store_snapshot {
    struct store_view view;
    atomic_uint *counted; /* among whom it is: see struct store */
};

#endif
