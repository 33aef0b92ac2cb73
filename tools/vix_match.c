/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix match`: the matches in which a party has a part. */
#include "tools/exchange.h"
#include "tools/involved.h"

static void print_match(FILE *out, const struct answer *match)
{
    print_field(out, "match", answer_at(match, "id"));
    print_field(out, "key", answer_at(match, "key"));
    print_field(out, "kind", answer_at(match, "kind"));
    print_field(out, "status", answer_at(match, "status"));
    print_field(out, "notified", answer_at(match, "notifiedAt"));
    print_field(out, "follow-up due", answer_at(match, "followUpDueDate"));
    const struct answer *own = answer_at(match, "ownSignals");
    for (size_t i = 0; i < answer_count(own); i++) {
        involved_print_own(out, answer_item(own, i));
    }
    involved_print(out, answer_at(match, "involved"));
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
    static const char *const filters[] = {"status", NULL};
    return exchange_list(invocation,
                         &(struct session_list){"/v1/matches", "matches", columns, NULL}, filters);
}

static int run_show(const struct invocation *invocation)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = "GET",
                                        .path = {"/v1/matches/", invocation->operands[0]},
                                        .print = print_match,
                                    });
}

static int run_confirm(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "professional", options_value(invocation, "professional"));
    text_close_object(&body);
    return exchange_run(invocation,
                        &(struct exchange){
                            .method = "POST",
                            .path = {"/v1/matches/", invocation->operands[0], "/_confirm-contact"},
                            .body = &body,
                            .print = print_match,
                        });
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
        .details = "Of a match of kind family those who are involved with either child are shown\n"
                   "together, and not with which.",
        .run = run_show,
    },
    {
        .words = "match confirm",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "tell that those in a match have been in contact",
        .details = "One of them telling it is enough: the municipality then no longer waits for\n"
                   "it. When somebody new joins the match, it is asked for again.",
        .options = {{"professional", "ID", "who of the party was in contact", true, NULL}},
        .run = run_confirm,
    },
    {0},
};
