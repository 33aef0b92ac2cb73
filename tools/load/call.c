/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/call.h"

#include <string.h>
#include <time.h>

#include "tools/print.h"

#define HTTP_LIMITED 429
#define HTTP_OVERLOADED 503
#define WAIT_MAXIMUM 61 /* seconds: the index counts in minutes */

static int open_client(struct bench_caller *caller, const struct client_settings *settings,
                       const char *name)
{
    struct client *client = NULL;
    int result = client_new(settings, &client);
    if (result != 0) {
        return bench_report_fault(result);
    }
    *caller = (struct bench_caller){.client = client, .name = name, .give_up = INT64_MAX};
    return VIX_DONE;
}

int bench_caller_open(struct bench_caller *caller, const struct bench_options *options,
                      const struct bench_identity *identity)
{
    struct client_settings settings = {
        .url = options->url,
        .cert = identity->certificate_path,
        .key = identity->key_path,
        .ca = options->ca,
    };
    return open_client(caller, &settings, identity->certificate_path);
}

int bench_caller_open_control(struct bench_caller *caller, const char *socket)
{
    return open_client(caller, &(struct client_settings){.control = socket}, socket);
}

void bench_caller_close(struct bench_caller *caller)
{
    client_freep(&caller->client);
}

/* Waits as long as the index asks; false when that is longer than the caller has. */
static bool wait_for_limit(const struct bench_caller *caller, long seconds)
{
    seconds = seconds < 1 ? 1 : seconds;
    seconds = seconds > WAIT_MAXIMUM ? WAIT_MAXIMUM : seconds;
    if (caller->give_up - bench_now() < seconds * BENCH_SECOND) {
        return false;
    }
    struct timespec pause = {.tv_sec = seconds};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, &pause) != 0) {
    }
    return true;
}

static int complain_of(const struct bench_caller *caller, const struct bench_call *call,
                       const struct client_answer *got)
{
    CLEANUP(answer_freep) struct answer *problem = NULL;
    const char *detail = NULL;
    if (got->size > 0 && answer_parse(got->body, got->size, &problem) == 0) {
        detail = answer_string(answer_at(problem, "detail"));
    }
    fprintf(stderr, "vix-bench: %s: %s %s: %ld ", caller->name, call->method, call->path,
            got->status);
    print_safe(stderr, detail != NULL ? detail : "");
    fputc('\n', stderr);
    return VIX_REFUSED;
}

static int take_answer(const struct bench_caller *caller, const struct bench_call *call,
                       const struct client_answer *got, struct answer **ret_answer)
{
    bool good = (got->status >= 200 && got->status <= 299) || got->status == call->accepted;
    if (!good) {
        return complain_of(caller, call, got);
    }
    if (ret_answer == NULL) {
        return VIX_DONE;
    }
    int result = answer_parse(got->body, got->size, ret_answer);
    if (result < 0) {
        return bench_report_fault(result);
    }
    return result == 0 ? VIX_DONE
                       : bench_complain(VIX_REFUSED, "%s %s: the answer is not JSON", call->method,
                                        call->path);
}

int bench_caller_call(struct bench_caller *caller, const struct bench_call *call,
                      struct answer **ret_answer)
{
    struct client_request request = {
        .method = call->method,
        .path = call->path,
        .body = call->body != NULL ? call->body->bytes : NULL,
        .body_size = call->body != NULL ? call->body->length : 0,
    };
    if (call->body != NULL && call->body->fault != 0) {
        return bench_report_fault(call->body->fault);
    }
    for (;;) {
        struct client_answer got;
        char why[CLIENT_WHY_SIZE];
        int result = client_call(caller->client, &request, &got, why);
        if (result != 0) {
            return result < 0 ? bench_report_fault(result)
                              : bench_complain(VIX_NOT_CONNECTED, "%s: %s", caller->name, why);
        }
        bool limited = got.status == HTTP_LIMITED || got.status == HTTP_OVERLOADED;
        if (limited && caller->never_waits) {
            client_answer_finish(&got);
            return BENCH_CALL_LIMITED;
        }
        if (limited && wait_for_limit(caller, got.retry_after)) {
            client_answer_finish(&got);
            continue;
        }
        result = take_answer(caller, call, &got, ret_answer);
        client_answer_finish(&got);
        return result;
    }
}
