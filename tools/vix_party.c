/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix party`: the operator's registry of parties, their agreements, permissions and mandates. */
#include <string.h>

#include "tools/exchange.h"
#include "tools/party_print.h"

#define OPTION_OIN                                                                                 \
    {                                                                                              \
        "oin", "OIN", "the party", true, NULL                                                      \
    }
#define OPTION_MUNICIPALITY                                                                        \
    {                                                                                              \
        "municipality", "CODE", "CBS code of the municipality", true, NULL                         \
    }

/* "reporter,municipality" as a list member. */
static void add_roles(struct text *body, const char *roles)
{
    if (roles == NULL) {
        return;
    }
    text_open_list_member(body, "roles");
    while (*roles != '\0') {
        size_t length = strcspn(roles, ",");
        text_add_item(body, roles, length);
        roles += length + (roles[length] == ',');
    }
    text_close_list(body);
}

static void add_description(struct text *body, const struct invocation *invocation)
{
    text_add_member(body, "name", options_value(invocation, "name"));
    add_roles(body, options_value(invocation, "role"));
    text_add_member(body, "contactName", options_value(invocation, "contact-name"));
    text_add_member(body, "contactEmail", options_value(invocation, "contact-email"));
    text_add_member(body, "contactPhone", options_value(invocation, "contact-phone"));
}

static int run_add(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "oin", options_value(invocation, "oin"));
    add_description(&body, invocation);
    text_add_member(&body, "municipality", options_value(invocation, "municipality"));
    text_add_member(&body, "agreementUntil", options_value(invocation, "agreement-until"));
    text_close_object(&body);
    return exchange_run(invocation, &(struct exchange){
                                        .method = "POST",
                                        .path = {"/control/parties"},
                                        .body = &body,
                                        .print = party_print,
                                    });
}

static int run_list(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"OIN", "oin", PRINT_PLAIN},
        {"NAME", "name", PRINT_PLAIN},
        {"ROLES", "roles", PRINT_PLAIN},
        {"SUSPENDED", "suspended", PRINT_PLAIN},
        {"PERMISSIONS", "permissions", PRINT_PLAIN},
        {0},
    };
    return exchange_list(
        invocation, &(struct session_list){"/control/parties", "parties", columns, NULL}, NULL);
}

/* `party show OIN` and `party show --oin OIN` are the same. */
static int act_on_party(const struct invocation *invocation, const char *method, const char *rest)
{
    const char *oin = options_value(invocation, "oin");
    if ((oin != NULL) == (invocation->operand_count == 1)) {
        return options_complain(invocation->command, "name the party by its OIN, once");
    }
    oin = oin != NULL ? oin : invocation->operands[0];
    return exchange_run(invocation, &(struct exchange){
                                        .method = method,
                                        .path = {"/control/parties/", oin, rest},
                                        .print = party_print,
                                    });
}

static int run_show(const struct invocation *invocation)
{
    return act_on_party(invocation, "GET", "");
}

static int run_suspend(const struct invocation *invocation)
{
    return act_on_party(invocation, "POST", "/_suspend");
}

static int run_resume(const struct invocation *invocation)
{
    return act_on_party(invocation, "POST", "/_resume");
}

/* Of the party that --oin names; `rest` and `other` as in an exchange's path. */
static int call_party(const struct invocation *invocation, const char *method, const char *rest,
                      const char *other, const struct text *body)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = method,
                                        .path = {"/control/parties/",
                                                 options_value(invocation, "oin"), rest, other},
                                        .body = body,
                                        .print = party_print,
                                    });
}

static int run_change(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    add_description(&body, invocation);
    if (options_value(invocation, "municipality") != NULL) {
        text_add_member(&body, "municipality", options_value(invocation, "municipality"));
    }
    if (body.length <= 1) {
        return options_complain(invocation->command, "nothing to change was given");
    }
    text_close_object(&body);
    return call_party(invocation, "PUT", "", NULL, &body);
}

static int put_until(const struct invocation *invocation, const char *kind, const char *other)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "untilDate", options_value(invocation, "until"));
    text_close_object(&body);
    return call_party(invocation, "PUT", kind, other, &body);
}

static int run_agreement_add(const struct invocation *invocation)
{
    return put_until(invocation, "/agreements/", options_value(invocation, "municipality"));
}

static int run_agreement_end(const struct invocation *invocation)
{
    if (options_value(invocation, "until") != NULL) {
        return run_agreement_add(invocation);
    }
    return call_party(invocation, "DELETE", "/agreements/",
                      options_value(invocation, "municipality"), NULL);
}

static int run_mandate(const struct invocation *invocation)
{
    return put_until(invocation, "/mandates/", options_value(invocation, "for"));
}

static int change_permission(const struct invocation *invocation, const char *operation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "permission", invocation->operands[0]);
    text_close_object(&body);
    return call_party(invocation, "POST", operation, NULL, &body);
}

static int run_allow(const struct invocation *invocation)
{
    return change_permission(invocation, "/_allow");
}

static int run_deny(const struct invocation *invocation)
{
    return change_permission(invocation, "/_deny");
}

static int run_merge(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "into", options_value(invocation, "into"));
    text_close_object(&body);
    return exchange_run(
        invocation,
        &(struct exchange){
            .method = "POST",
            .path = {"/control/parties/", options_value(invocation, "oin"), "/_merge"},
            .body = &body,
            .long_work = "moving signals, matches, notices and professionals to the other party",
            .print = party_print,
        });
}

#define PERMISSIONS_DETAILS                                                                        \
    "blinded: may have elements evaluated, so that its BSNs never reach the index.\n"              \
    "quiet: may post signals of which nobody is told, to load what existed before."
#define ROLES_DETAILS                                                                              \
    "Roles: reporter, municipality, registry, auditor, supplier. A party that signals or "         \
    "follows\n"                                                                                    \
    "up needs an agreement: --municipality and --agreement-until. A party with the role\n"         \
    "municipality is the one that --municipality names."

const struct command party_commands[] = {
    {
        .words = "party add",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "admit a party",
        .details = ROLES_DETAILS,
        .options = {{"oin", "OIN", "in the subject's serialNumber of its certificate", true, NULL},
                    {"name", "NAME", "as other parties see it", true, NULL},
                    {"role", "ROLE[,ROLE]", "what it may do", true, NULL},
                    {"municipality", "CODE", "CBS code of the municipality", false, NULL},
                    {"agreement-until", "DATE", "last day of its agreement", false, NULL},
                    {"contact-name", "NAME", "shown where a professional left", false, NULL},
                    {"contact-email", "ADDRESS", "the same", false, NULL},
                    {"contact-phone", "NUMBER", "the same", false, NULL}},
        .run = run_add,
    },
    {
        .words = "party list",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "list all parties",
        .run = run_list,
    },
    {
        .words = "party show",
        .operands = "[OIN]",
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "show a party with its agreements and mandates",
        .options = {{"oin", "OIN", "the party", false, NULL}},
        .run = run_show,
    },
    {
        .words = "party change",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "change a party's name, roles or contact; the rest stays",
        .options = {OPTION_OIN,
                    {"name", "NAME", "as other parties see it", false, NULL},
                    {"role", "ROLE[,ROLE]", "all of its roles", false, NULL},
                    {"municipality", "CODE", "which one it is, with that role", false, NULL},
                    {"contact-name", "NAME", "shown where a professional left", false, NULL},
                    {"contact-email", "ADDRESS", "the same", false, NULL},
                    {"contact-phone", "NUMBER", "the same", false, NULL}},
        .run = run_change,
    },
    {
        .words = "party suspend",
        .operands = "[OIN]",
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "deny a party access; its signals stay",
        .options = {{"oin", "OIN", "the party", false, NULL}},
        .run = run_suspend,
    },
    {
        .words = "party resume",
        .operands = "[OIN]",
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "end a suspension",
        .options = {{"oin", "OIN", "the party", false, NULL}},
        .run = run_resume,
    },
    {
        .words = "party agreement add",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "add or prolong an agreement",
        .options = {OPTION_OIN, OPTION_MUNICIPALITY, {"until", "DATE", "its last day", true, NULL}},
        .run = run_agreement_add,
    },
    {
        .words = "party agreement end",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "end an agreement, now or on a date",
        .details = "With the last agreement a party's live signals end too.",
        .options = {OPTION_OIN,
                    OPTION_MUNICIPALITY,
                    {"until", "DATE", "its last day, instead of now", false, NULL}},
        .run = run_agreement_end,
    },
    {
        .words = "party allow",
        .operands = "blinded|quiet",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "give a party a permission",
        .details = PERMISSIONS_DETAILS,
        .options = {OPTION_OIN},
        .run = run_allow,
    },
    {
        .words = "party deny",
        .operands = "blinded|quiet",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_CONTROL,
        .summary = "take a permission back",
        .details = PERMISSIONS_DETAILS,
        .options = {OPTION_OIN},
        .run = run_deny,
    },
    {
        .words = "party mandate",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "let a supplier act for a school",
        .options = {{"oin", "SUPPLIER", "OIN of the one who connects", true, NULL},
                    {"for", "SCHOOL", "OIN of the one for whom", true, NULL},
                    {"until", "DATE", "last day of the mandate", true, NULL}},
        .run = run_mandate,
    },
    {
        .words = "party merge",
        .operands = "",
        .face = COMMAND_CONTROL,
        .summary = "let a party go up in another, as when schools merge",
        .details =
            "Signals, matches, notices, professionals and agreements go along; two signals of\n"
            "one professional on one child become one. Of two municipalities the code moves\n"
            "too. The first party is no more; its certificate is refused. This cannot be\n"
            "undone.",
        .options = {{"oin", "FROM", "the party that ends", true, NULL},
                    {"into", "OIN", "the party that is left", true, NULL}},
        .run = run_merge,
    },
    {0},
};
