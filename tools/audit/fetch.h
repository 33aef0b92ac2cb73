/* SPDX-License-Identifier: EUPL-1.2 */
/* Fetches what is wanted as it is, and is patient with an index that is busy. */
#ifndef TOOLS_AUDIT_FETCH_H
#define TOOLS_AUDIT_FETCH_H

#include "tools/progress_count.h"
#include "tools/session.h"

#define AUDIT_WAIT_MAXIMUM 300 /* seconds; who is to wait longer comes back later */
#define AUDIT_WAITS_MAXIMUM 10 /* for one answer */
/* Seconds, for all that one command fetches: however often it is asked to, it ends. */
#define AUDIT_PATIENCE_MAXIMUM 3600

/* Of one command; begins as zeroes. */
struct audit_patience {
    struct progress_count *progress; /* a line of it is ended before anything is said; or NULL */
    long waited;                     /* seconds, as far as the index asked for them */
};

/* What an answer's Retry-After, in seconds, comes to when it was waited for `waits` times already.
 */
enum audit_patience_verdict {
    AUDIT_PATIENCE_WAITS, /* it has been counted */
    AUDIT_PATIENCE_TOO_LONG,
    AUDIT_PATIENCE_SPENT, /* by all the waits of this command together */
};
enum audit_patience_verdict audit_patience_take(struct audit_patience *patience, long seconds,
                                                int waits);

/*
 * A 200 with whatever body, or when `may_lack` a 404. To a 429 or 503 with Retry-After it waits for
 * that long, says so on stderr, and asks again: as long as audit_patience_take() has it. Otherwise
 * an enum vix_exit other than VIX_DONE, as of session_fetch(), and it has been told.
 */
int audit_fetch(struct session *session, const char *path, bool may_lack,
                struct audit_patience *patience, struct client_answer *ret_answer) MUST_CHECK;

#endif
