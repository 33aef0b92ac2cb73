/* SPDX-License-Identifier: EUPL-1.2 */
/* Durations as people type them. */
#ifndef TOOLS_DURATION_H
#define TOOLS_DURATION_H

#include "crypto/basics.h"

#define DURATION_MALFORMED 1
#define DURATION_MAXIMUM INT64_C(3155760000) /* seconds: a century */

/* A whole number above zero followed by s, m, h or d. 0 or DURATION_MALFORMED. */
int duration_parse(const char *text, int64_t *ret_seconds) MUST_CHECK;

/* A whole number from 0 up to `maximum`, digits only. 0 or DURATION_MALFORMED. */
int number_parse(const char *text, int64_t maximum, int64_t *ret_number) MUST_CHECK;

#endif
