/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/fetch.h"

#include <errno.h>
#include <time.h>

static bool asks_to_wait(const struct client_answer *answer)
{
    return (answer->status == 429 || answer->status == 503) && answer->retry_after > 0;
}

static void wait_as_asked(const struct client_answer *answer)
{
    struct timespec left = {.tv_sec = answer->retry_after};
    fprintf(stderr, "vix: the index is busy (%ld): waiting %ld second%s, as it asks\n",
            answer->status, answer->retry_after, answer->retry_after > 1 ? "s" : "");
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

enum audit_patience_verdict audit_patience_take(struct audit_patience *patience, long seconds,
                                                int waits)
{
    if (seconds > AUDIT_WAIT_MAXIMUM || waits >= AUDIT_WAITS_MAXIMUM) {
        return AUDIT_PATIENCE_TOO_LONG;
    }
    if (seconds > AUDIT_PATIENCE_MAXIMUM - patience->waited) {
        return AUDIT_PATIENCE_SPENT;
    }
    patience->waited += seconds;
    return AUDIT_PATIENCE_WAITS;
}

static int refuse(const struct session *session, const struct client_answer *answer,
                  const struct audit_patience *spent)
{
    int result = session_print_refusal(session, answer);
    if (spent != NULL) {
        fprintf(
            stderr,
            "vix: this command has waited for %ld seconds in all, as the index asked, and waits "
            "for %d at most\n",
            spent->waited, AUDIT_PATIENCE_MAXIMUM);
    }
    if (asks_to_wait(answer)) {
        fprintf(stderr, "vix: the same command may be given again in %ld second%s\n",
                answer->retry_after, answer->retry_after > 1 ? "s" : "");
    }
    return result;
}

int audit_fetch(struct session *session, const char *path, bool may_lack,
                struct audit_patience *patience, struct client_answer *ret_answer)
{
    struct client_request request = {.method = "GET", .path = path};
    struct client_answer answer = {0};
    for (int waits = 0;; waits++) {
        int result = session_fetch(session, &request, &answer);
        if (result != VIX_DONE) {
            return result;
        }
        if (answer.status == 200 || (may_lack && answer.status == 404)) {
            *ret_answer = answer;
            return VIX_DONE;
        }
        if (patience->progress != NULL) {
            progress_count_end(patience->progress);
        }
        enum audit_patience_verdict verdict =
            asks_to_wait(&answer) ? audit_patience_take(patience, answer.retry_after, waits)
                                  : AUDIT_PATIENCE_TOO_LONG;
        if (verdict != AUDIT_PATIENCE_WAITS) {
            result = refuse(session, &answer, verdict == AUDIT_PATIENCE_SPENT ? patience : NULL);
            client_answer_finish(&answer);
            return result;
        }
        wait_as_asked(&answer);
        client_answer_finish(&answer);
    }
}
