/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix professional`: whom a party has designated to signal. `vix self`: the party itself. */
#include "tools/party_print.h"
#include "tools/session.h"

static void print_professional(const struct answer *professional)
{
    print_field(stdout, "professional", answer_at(professional, "id"));
    print_field(stdout, "name", answer_at(professional, "name"));
    print_field(stdout, "function", answer_at(professional, "function"));
    print_field(stdout, "e-mail", answer_at(professional, "email"));
    print_field(stdout, "telephone", answer_at(professional, "phone"));
}

static int call_professional(const struct invocation *invocation, const char *method,
                             const struct text *body)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text path = {0};
    CLEANUP(answer_freep) struct answer *professional = NULL;
    text_add_string(&path, "/v1/professionals/");
    text_add_escaped(&path, invocation->operands[0]);
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = session_call(&session, method, path.bytes, body, &professional);
    }
    if (result == VIX_DONE && professional != NULL && !session_print_json(&session, professional)) {
        print_professional(professional);
    }
    return result;
}

static int run_put(const struct invocation *invocation)
{
    static const char *const members[] = {"name", "function", "email", "phone"};
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        text_add_member(&body, members[i], options_value(invocation, members[i]));
    }
    text_close_object(&body);
    return call_professional(invocation, "PUT", &body);
}

static int run_show(const struct invocation *invocation)
{
    return call_professional(invocation, "GET", NULL);
}

static int run_delete(const struct invocation *invocation)
{
    return call_professional(invocation, "DELETE", NULL);
}

static int run_list(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"PROFESSIONAL", "id", PRINT_PLAIN},   {"NAME", "name", PRINT_PLAIN},
        {"FUNCTION", "function", PRINT_PLAIN}, {"E-MAIL", "email", PRINT_PLAIN},
        {"TELEPHONE", "phone", PRINT_PLAIN},   {0},
    };
    CLEANUP(session_close) struct session session = {0};
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    return session_print_list(
        &session, &(struct session_list){"/v1/professionals", "professionals", columns, NULL});
}

static int run_self(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(answer_freep) struct answer *self = NULL;
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = session_call(&session, "GET", "/v1/parties/self", NULL, &self);
    }
    if (result == VIX_DONE && !session_print_json(&session, self)) {
        party_print(self);
        print_field(stdout, "a minute", answer_at(self, "limits/requestsPerMinute"));
        print_field(stdout, "  evaluations", answer_at(self, "limits/evaluationsPerMinute"));
    }
    return result;
}

const struct command professional_commands[] = {
    {
        .words = "professional put",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "designate a professional, or change how to reach one",
        .details = "ID is the party's own: letters, digits, '.', '_' and '-', at most 64.\n"
                   "What is put here is what the others in a match see, at once in every match.",
        .options = {{"name", "NAME", "as in: Sanne Bakker", true, NULL},
                    {"function", "TEXT", "as in: intern begeleider", true, NULL},
                    {"email", "ADDRESS", "where the others can write", true, NULL},
                    {"phone", "NUMBER", "where they can call", true, NULL}},
        .run = run_put,
    },
    {
        .words = "professional list",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "list the party's professionals",
        .run = run_list,
    },
    {
        .words = "professional show",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "show one professional",
        .run = run_show,
    },
    {
        .words = "professional delete",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "end a designation; refused while signals refer to it",
        .run = run_delete,
    },
    {
        .words = "self",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "show what the index knows of this party",
        .run = run_self,
    },
    {0},
};
