/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/exchange.h"

#include "tools/progress.h"

static void add_path(struct text *path, const char *const *parts)
{
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (i % 2 == 0) {
            text_add_string(path, parts[i]);
        } else {
            text_add_escaped(path, parts[i]);
        }
    }
}

static int send(struct session *session, const struct exchange *exchange, const char *path,
                struct answer **ret_answer)
{
    if (exchange->long_work == NULL) {
        return session_call(session, exchange->method, path, exchange->body, ret_answer);
    }
    CLEANUP(progress_end) struct progress progress = {0};
    const struct text *body = exchange->body;
    struct client_request request = {
        .method = exchange->method,
        .path = path,
        .body = body != NULL ? body->bytes : NULL,
        .body_size = body != NULL ? body->length : 0,
        .seconds = CLIENT_NO_DEADLINE,
        .waiting = progress_tick,
        .waiting_context = &progress,
    };
    progress_begin(&progress, exchange->long_work);
    return session_send(session, &request, ret_answer);
}

int exchange_perform(struct session *session, const struct exchange *exchange)
{
    CLEANUP(text_finish) struct text path = {0};
    CLEANUP(answer_freep) struct answer *answer = NULL;
    add_path(&path, exchange->path);
    int fault = path.fault != 0 ? path.fault : exchange->body != NULL ? exchange->body->fault : 0;
    if (fault != 0) {
        return session_report_fault(fault);
    }
    int result = send(session, exchange, path.bytes, &answer);
    if (result == VIX_DONE && answer != NULL && !session_print_json(session, answer) &&
        exchange->print != NULL) {
        exchange->print(stdout, answer);
    }
    return result;
}

int exchange_run(const struct invocation *invocation, const struct exchange *exchange)
{
    CLEANUP(session_close) struct session session = {0};
    int result = session_open(invocation, &session);
    return result == VIX_DONE ? exchange_perform(&session, exchange) : result;
}

int exchange_list(const struct invocation *invocation, const struct session_list *list,
                  const char *const *filters)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text path = {0};
    struct session_list filtered = *list;
    text_add_string(&path, list->path);
    for (; filters != NULL && *filters != NULL; filters++) {
        text_add_query(&path, *filters, options_value(invocation, *filters));
    }
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    filtered.path = path.bytes;
    int result = session_open(invocation, &session);
    return result == VIX_DONE ? session_print_list(&session, &filtered) : result;
}
