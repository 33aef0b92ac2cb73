/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What most commands of `vix` are: one request, and its answer printed; or one list. Results are
 * `enum vix_exit`, as in session.h.
 */
#ifndef TOOLS_EXCHANGE_H
#define TOOLS_EXCHANGE_H

#include "tools/session.h"

#define EXCHANGE_PATH_PARTS 5

struct exchange {
    const char *method;
    /* In turn as it is and, of one's operands and options, escaped:
     * {"/v1/matches/", id, "/_confirm-contact"}. Ends with NULL. */
    const char *path[EXCHANGE_PATH_PARTS + 1];
    const struct text *body; /* or NULL */
    /* What takes long, for who waits: then there is no deadline. NULL: an ordinary request. */
    const char *long_work;
    /* What people see of an answer; NULL: nothing. Without a body nothing is printed. */
    void (*print)(FILE *out, const struct answer *answer);
};

/* With a connection of its own. */
int exchange_run(const struct invocation *invocation, const struct exchange *exchange) MUST_CHECK;
int exchange_perform(struct session *session, const struct exchange *exchange) MUST_CHECK;

/* A list, with those of the command's options as its query whose names `filters` has (up to a
 * NULL), as far as they were given. */
int exchange_list(const struct invocation *invocation, const struct session_list *list,
                  const char *const *filters) MUST_CHECK;

#endif
