/* SPDX-License-Identifier: EUPL-1.2 */
/* Fetches what is wanted as it is, and is patient with an index that is busy. */
#ifndef TOOLS_AUDIT_FETCH_H
#define TOOLS_AUDIT_FETCH_H

#include "tools/progress_count.h"
#include "tools/session.h"

#define AUDIT_WAIT_MAXIMUM 300 /* seconds; who is to wait longer comes back later */
#define AUDIT_WAITS_MAXIMUM 10 /* for one answer */

/*
 * A 200 with whatever body, or when `may_lack` a 404. To a 429 or 503 with Retry-After it waits for
 * that long, says so on stderr, and asks again: AUDIT_WAITS_MAXIMUM times. Otherwise an enum
 * vix_exit other than VIX_DONE, as of session_fetch(), and it has been told. A line of
 * `progress`, unless it is NULL, is ended first.
 */
int audit_fetch(struct session *session, const char *path, bool may_lack,
                struct progress_count *progress, struct client_answer *ret_answer) MUST_CHECK;

#endif
