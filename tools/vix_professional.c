/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix professional`: whom a party has designated to signal. `vix self`: the party itself. */
#include "tools/exchange.h"
#include "tools/party_print.h"

static void print_professional(FILE *out, const struct answer *professional)
{
    print_field(out, "professional", answer_at(professional, "id"));
    print_field(out, "name", answer_at(professional, "name"));
    print_field(out, "function", answer_at(professional, "function"));
    print_field(out, "e-mail", answer_at(professional, "email"));
    print_field(out, "telephone", answer_at(professional, "phone"));
}

static void print_transfer(FILE *out, const struct answer *transfer)
{
    print_field(out, "signals moved", answer_at(transfer, "moved"));
    print_field(out, "signals merged", answer_at(transfer, "merged"));
}

static int call_professional(const struct invocation *invocation, const char *method,
                             const struct text *body)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = method,
                                        .path = {"/v1/professionals/", invocation->operands[0]},
                                        .body = body,
                                        .print = print_professional,
                                    });
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

static int run_transfer(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "to", options_value(invocation, "to"));
    text_close_object(&body);
    return exchange_run(invocation,
                        &(struct exchange){
                            .method = "POST",
                            .path = {"/v1/professionals/", invocation->operands[0], "/_transfer"},
                            .body = &body,
                            .print = print_transfer,
                        });
}

static int run_list(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"PROFESSIONAL", "id", PRINT_PLAIN},   {"NAME", "name", PRINT_PLAIN},
        {"FUNCTION", "function", PRINT_PLAIN}, {"E-MAIL", "email", PRINT_PLAIN},
        {"TELEPHONE", "phone", PRINT_PLAIN},   {0},
    };
    return exchange_list(
        invocation, &(struct session_list){"/v1/professionals", "professionals", columns, NULL},
        NULL);
}

static void print_self(FILE *out, const struct answer *self)
{
    party_print(out, self);
    print_field(out, "a minute", answer_at(self, "limits/requestsPerMinute"));
    print_field(out, "  evaluations", answer_at(self, "limits/evaluationsPerMinute"));
}

static int run_self(const struct invocation *invocation)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = "GET",
                                        .path = {"/v1/parties/self"},
                                        .print = print_self,
                                    });
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
        .words = "professional transfer",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "hand a leaver's live signals to a colleague",
        .details =
            "Those in a match with them see the colleague at once. Where both have signalled\n"
            "the same child, one signal is left.",
        .options = {{"to", "ID", "the colleague, who must be designated", true, NULL}},
        .run = run_transfer,
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
