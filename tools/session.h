/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What every command that talks to the index has in common: a connection by the common options,
 * requests, and refusals that are printed. Results are `enum vix_exit`: when one is not VIX_DONE,
 * it has been told on stderr (with --json the problem document also on stdout) and the command
 * ends with it.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "tools/answer.h"
#include "tools/client.h"
#include "tools/options.h"
#include "tools/print.h"

/* Beyond this many rows a list ends with an error instead of filling the memory. */
#define SESSION_ROWS_MAXIMUM 1000000

struct session {
    struct client *client;
    bool json;
};

int session_open(const struct invocation *invocation, struct session *ret_session) MUST_CHECK;
void session_close(struct session *session); /* for CLEANUP too */

/* Sends `body`, unless it is NULL. `ret_answer` is NULL when a 2xx had no JSON in it. */
int session_call(struct session *session, const char *method, const char *path,
                 const struct text *body, struct answer **ret_answer) MUST_CHECK;

/* The same for a request of which more is asked, such as another deadline. */
int session_send(struct session *session, const struct client_request *request,
                 struct answer **ret_answer) MUST_CHECK;

/* The same, for answers that are wanted as they are, of whatever status. */
int session_fetch(struct session *session, const struct client_request *request,
                  struct client_answer *ret_answer) MUST_CHECK;

/* Prints a problem document, or what else came instead of an answer. Returns VIX_REFUSED. */
int session_print_refusal(const struct session *session, const struct client_answer *answer);

/* A JSON answer that must be an object. `ret_answer` is the caller's to free. */
int session_parse(const char *json, size_t length, struct answer **ret_answer) MUST_CHECK;

/* A fault of the machine, on stderr. Returns VIX_REFUSED. */
int session_report_fault(int fault);

/*
 * A whole list, page after page: as a table, or with --json as one document {"<name>":[…]}. With
 * `body` the pages are POSTed for and the cursor goes into the body, which must be an object
 * without its closing brace; else it goes into the query.
 */
struct session_list {
    const char *path;
    const char *name; /* the member of the answer that holds the rows */
    const struct print_column *columns;
    const struct text *body;
    /* No more than so many; then it is told, on stderr or as `"more":true|false` beside the list,
     * whether there are further ones. 0: all of them. */
    size_t maximum;
};
int session_print_list(struct session *session, const struct session_list *list) MUST_CHECK;

/* `{…}` as it came, when --json; returns whether it did. */
bool session_print_json(const struct session *session, const struct answer *answer);

#endif
