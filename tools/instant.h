/* SPDX-License-Identifier: EUPL-1.2 */
/* Instants as people and RFC 3339 write them, in UTC. */
#ifndef TOOLS_INSTANT_H
#define TOOLS_INSTANT_H

#include <stdbool.h>

#include "tools/text.h"

/* "2026-11-22T10:00:00.123Z" of milliseconds since 1970. False, with nothing added, when no
 * calendar has that instant. */
bool instant_add(struct text *text, int64_t milliseconds);
/* The same in seconds, without a fraction. */
bool instant_add_seconds(struct text *text, uint64_t seconds);

#endif
