/* SPDX-License-Identifier: EUPL-1.2 */
/* What is inside a snapshot. Private to store/. */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "store/view.h"

struct store_snapshot {
    struct store_view view;
};

#endif
