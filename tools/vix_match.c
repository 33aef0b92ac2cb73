/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix match`: the matches in which a party has a part. */
#include "tools/involved.h"
#include "tools/session.h"

static void print_match(const struct answer *match)
{
    print_field(stdout, "match", answer_at(match, "id"));
    print_field(stdout, "key", answer_at(match, "key"));
    print_field(stdout, "kind", answer_at(match, "kind"));
    print_field(stdout, "status", answer_at(match, "status"));
    print_field(stdout, "notified", answer_at(match, "notifiedAt"));
    print_field(stdout, "follow-up due", answer_at(match, "followUpDueDate"));
    const struct answer *own = answer_at(match, "ownSignals");
    for (size_t i = 0; i < answer_count(own); i++) {
        involved_print_own(answer_item(own, i));
    }
    involved_print(answer_at(match, "involved"));
}

static int run_list(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"KEY", "key", PRINT_PLAIN},
        {"KIND", "kind", PRINT_PLAIN},
        {"STATUS", "status", PRINT_PLAIN},
        {"NOTIFIED", "notifiedAt", PRINT_PLAIN},
        {"FOLLOW-UP DUE", "followUpDueDate", PRINT_PLAIN},
        {"MATCH", "id", PRINT_PLAIN},
        {0},
    };
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text path = {0};
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    text_add_string(&path, "/v1/matches");
    text_add_query(&path, "status", options_value(invocation, "status"));
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    return session_print_list(&session,
                              &(struct session_list){path.bytes, "matches", columns, NULL});
}

static int run_show(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text path = {0};
    CLEANUP(answer_freep) struct answer *match = NULL;
    text_add_string(&path, "/v1/matches/");
    text_add_escaped(&path, invocation->operands[0]);
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = session_call(&session, "GET", path.bytes, NULL, &match);
    }
    if (result == VIX_DONE && !session_print_json(&session, match)) {
        print_match(match);
    }
    return result;
}

const struct command match_commands[] = {
    {
        .words = "match list",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "list the matches in which the party has a part",
        .options = {{"status", "STATUS", "only those that are, as open", false, NULL}},
        .run = run_list,
    },
    {
        .words = "match show",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "show who else is involved, and how to reach them",
        .run = run_show,
    },
    {0},
};
