/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix signal`: a reporter's signals. */
#include <string.h>

#include "crypto/secret.h"
#include "tools/blinding.h"
#include "tools/child.h"
#include "tools/exchange.h"
#include "tools/involved.h"

static void print_signal(FILE *out, const struct answer *signal)
{
    print_field(out, "signal", answer_at(signal, "id"));
    print_field(out, "status", answer_at(signal, "status"));
    print_field(out, "reported", answer_at(signal, "reportedAt"));
    print_field(out, "removal", answer_at(signal, "removalDate"));
    print_field(out, "professional", answer_at(signal, "professional"));
    print_field(out, "municipality", answer_at(signal, "municipality"));
    print_field(out, "reference", answer_at(signal, "reference"));
    const struct answer *match = answer_at(signal, "match");
    if (answer_is_object(match)) {
        print_field(out, "match", answer_at(match, "id"));
        print_field(out, "  key", answer_at(match, "key"));
        print_field(out, "  status", answer_at(match, "status"));
        involved_print(out, answer_at(match, "involved"));
    } else {
        print_text_field(out, "match", "none yet");
    }
}

static int add_blinded(struct session *session, const struct command *command,
                       const struct child *child, struct text *body)
{
    CLEANUP(blinding_elements_wipe) struct blinding_elements made = {0};
    char encoded[BLINDING_ENCODED_SIZE];
    int result = blinding_evaluate(session, command, "bsn-file", &child->bsn, 1, &made);
    if (result == VIX_DONE) {
        blinding_encode(&made.elements[0], encoded);
        text_add_member(body, "element", encoded);
        text_add_number_member(body, "keyId", made.key_id);
        secret_wipe(encoded, sizeof(encoded));
    }
    return result;
}

static int add_child(struct session *session, const struct invocation *invocation,
                     struct text *body)
{
    CLEANUP(child_wipe) struct child child = {0};
    bool is_blinded = options_value(invocation, "blinded") != NULL;
    if (is_blinded && options_value(invocation, "bsn-file") == NULL) {
        return options_complain(invocation->command, "--blinded is for a BSN");
    }
    int result = child_read(invocation, &child);
    if (result == VIX_DONE && is_blinded) {
        result = add_blinded(session, invocation->command, &child, body);
    } else if (result == VIX_DONE) {
        child_add(&child, body);
    }
    return result;
}

static int run_post(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text body = {0};
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    result = add_child(&session, invocation, &body);
    if (result != VIX_DONE) {
        return result;
    }
    text_add_member(&body, "professional", options_value(invocation, "professional"));
    text_add_member(&body, "birthDate", options_value(invocation, "birth-date"));
    text_add_member(&body, "municipality", options_value(invocation, "municipality"));
    text_add_member(&body, "reference", options_value(invocation, "reference"));
    if (options_value(invocation, "quiet") != NULL) {
        text_add_true_member(&body, "quiet");
    }
    text_close_object(&body);
    return exchange_perform(&session, &(struct exchange){
                                          .method = "POST",
                                          .path = {"/v1/signals"},
                                          .body = &body,
                                          .print = print_signal,
                                      });
}

static void print_count(FILE *out, const struct answer *count)
{
    print_field(out, "signals", answer_at(count, "signals"));
    print_field(out, "notices, about", answer_at(count, "notices"));
}

static int add_blinded_list(struct session *session, const struct command *command,
                            const struct bsn_list *list, struct text *body)
{
    CLEANUP(blinding_elements_wipe) struct blinding_elements made = {0};
    char encoded[BLINDING_ENCODED_SIZE];
    int result = blinding_evaluate(session, command, "file", list->numbers, list->count, &made);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_list_member(body, "elements");
    for (size_t i = 0; i < made.count; i++) {
        blinding_encode(&made.elements[i], encoded);
        text_add_item(body, encoded, strlen(encoded));
    }
    text_close_list(body);
    text_add_number_member(body, "keyId", made.key_id);
    secret_wipe(encoded, sizeof(encoded));
    return VIX_DONE;
}

static int run_count_notices(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(bsn_list_wipe) struct bsn_list list = {0};
    CLEANUP(text_finish) struct text body = {0};
    const struct command *command = invocation->command;
    int result = session_open(invocation, &session);
    if (result == VIX_DONE) {
        result = bsn_file_read_list(command, "file", options_value(invocation, "file"),
                                    BSN_LIST_MAXIMUM, &list);
    }
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    if (options_value(invocation, "blinded") != NULL) {
        result = add_blinded_list(&session, command, &list, &body);
    } else {
        bsn_list_add(&list, "bsns", &body);
    }
    if (result != VIX_DONE) {
        return result;
    }
    text_close_object(&body);
    return exchange_perform(&session, &(struct exchange){
                                          .method = "POST",
                                          .path = {"/v1/signals/_count-notices"},
                                          .body = &body,
                                          .print = print_count,
                                      });
}

static int run_list(const struct invocation *invocation)
{
    static const struct print_column columns[] = {
        {"SIGNAL", "id", PRINT_PLAIN},
        {"STATUS", "status", PRINT_PLAIN},
        {"REPORTED", "reportedAt", PRINT_PLAIN},
        {"REMOVAL", "removalDate", PRINT_PLAIN},
        {"PROFESSIONAL", "professional", PRINT_PLAIN},
        {"MUNICIPALITY", "municipality", PRINT_PLAIN},
        {"REFERENCE", "reference", PRINT_PLAIN},
        {"MATCH", "match/key", PRINT_PLAIN},
        {0},
    };
    static const char *const filters[] = {"status", "reference", NULL};
    return exchange_list(invocation,
                         &(struct session_list){"/v1/signals", "signals", columns, NULL}, filters);
}

static int run_show(const struct invocation *invocation)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = "GET",
                                        .path = {"/v1/signals/", invocation->operands[0]},
                                        .print = print_signal,
                                    });
}

static int run_renew(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    text_open_object(&body);
    text_add_member(&body, "birthDate", options_value(invocation, "birth-date"));
    text_close_object(&body);
    return exchange_run(invocation,
                        &(struct exchange){
                            .method = "POST",
                            .path = {"/v1/signals/", invocation->operands[0], "/_renew"},
                            .body = &body,
                            .print = print_signal,
                        });
}

static int run_withdraw(const struct invocation *invocation)
{
    return exchange_run(invocation, &(struct exchange){
                                        .method = "DELETE",
                                        .path = {"/v1/signals/", invocation->operands[0],
                                                 "?reason=", options_value(invocation, "reason")},
                                    });
}

const struct command signal_commands[] = {
    {
        .words = "signal post",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "signal a child (melding)",
        .details = CHILD_DETAILS
        "\nWith --blinded the BSN does not leave this machine: it is checked here, the index\n"
        "evaluates it without seeing it, and its proof that it used the key it publishes is\n"
        "checked. The party needs the permission for it (vix party allow blinded).\n"
        "The birth date is not kept: the dates of removal are computed from it.\n"
        "With --quiet matches are made of which nobody is told, for loading what existed before;\n"
        "the party needs the permission quiet.",
        .options = {CHILD_OPTIONS,
                    {"birth-date", "DATE", "of the child, as in 2012-05-01", true, NULL},
                    {"professional", "ID", "who signals", true, NULL},
                    {"municipality", "CODE", "under whose agreement; if there are more", false,
                     NULL},
                    {"reference", "TEXT", "own reference, shown to nobody else", false, NULL},
                    {"blinded", NULL, "do not send the BSN", false, NULL},
                    {"quiet", NULL, "send no notices", false, NULL}},
        .one_of = CHILD_ONE_OF,
        .run = run_post,
    },
    {
        .words = "signal list",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "list the party's own signals",
        .options = {{"status", "STATUS", "only those that are, as active", false, NULL},
                    {"reference", "TEXT", "only those with this reference", false, NULL}},
        .run = run_list,
    },
    {
        .words = "signal show",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "show one of the party's own signals",
        .run = run_show,
    },
    {
        .words = "signal renew",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "report the involvement afresh, for a new term",
        .details = "The signal keeps its id and its matches, and gets a new date of removal. One\n"
                   "that is archived cannot be renewed: signal the child again.",
        .options = {{"birth-date", "DATE", "of the child, as in 2012-05-01", true, NULL}},
        .run = run_renew,
    },
    {
        .words = "signal withdraw",
        .operands = "ID",
        .operand_minimum = 1,
        .operand_maximum = 1,
        .face = COMMAND_PUBLIC,
        .summary = "withdraw a signal",
        .details = "ended: the involvement ended; the signal goes to the archive.\n"
                   "wrongful: it should not have been made; it is erased, and its matches are\n"
                   "retracted.",
        .options = {{"reason", "ended|wrongful", "why", true, NULL}},
        .run = run_withdraw,
    },
    {
        .words = "signal count-notices",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "count the notices that signalling these children would send",
        .details =
            "For who is about to load many signals with --quiet. Nothing is signalled. The\n"
            "number of notices is rounded, so that nobody can look one child up by it; each\n"
            "child becomes an entry in the log, and auditors are told.\n"
            "FILE has 100 to 256 different BSNs, one a line. They cannot be arguments: those\n"
            "can be seen by every user of the machine (ps).",
        .options = {{"file", "FILE", "file with the BSNs, or - for standard input", true, NULL},
                    {"blinded", NULL, "do not send the BSNs", false, NULL}},
        .run = run_count_notices,
    },
    {0},
};
