/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix signal`: a reporter's signals. */
#include "crypto/secret.h"
#include "tools/blinding.h"
#include "tools/involved.h"
#include "tools/session.h"

static void print_signal(const struct answer *signal)
{
    print_field(stdout, "signal", answer_at(signal, "id"));
    print_field(stdout, "status", answer_at(signal, "status"));
    print_field(stdout, "reported", answer_at(signal, "reportedAt"));
    print_field(stdout, "removal", answer_at(signal, "removalDate"));
    print_field(stdout, "professional", answer_at(signal, "professional"));
    print_field(stdout, "municipality", answer_at(signal, "municipality"));
    print_field(stdout, "reference", answer_at(signal, "reference"));
    const struct answer *match = answer_at(signal, "match");
    if (answer_is_object(match)) {
        print_field(stdout, "match", answer_at(match, "id"));
        print_field(stdout, "  key", answer_at(match, "key"));
        print_field(stdout, "  status", answer_at(match, "status"));
        involved_print(answer_at(match, "involved"));
    } else {
        print_text_field(stdout, "match", "none yet");
    }
}

static void add_element(struct text *body, const struct blinding_element *element)
{
    char encoded[SECRET_BASE64URL_SIZE(OPRF_ELEMENT_BYTES)];
    secret_to_base64url(element->element.bytes, OPRF_ELEMENT_BYTES, encoded);
    text_add_member(body, "element", encoded);
    text_add_number_member(body, "keyId", element->key_id);
    secret_wipe(encoded, sizeof(encoded));
}

static int add_child(struct session *session, const struct invocation *invocation,
                     const struct bsn_text *bsn, struct text *body)
{
    if (options_value(invocation, "blinded") == NULL) {
        text_add_member(body, "bsn", bsn->digits);
        return VIX_DONE;
    }
    CLEANUP(blinding_element_wipe) struct blinding_element element = {0};
    int result = blinding_evaluate(session, invocation->command, bsn, &element);
    if (result == VIX_DONE) {
        add_element(body, &element);
    }
    return result;
}

static int run_post(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(bsn_text_wipe) struct bsn_text bsn = {0};
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(answer_freep) struct answer *signal = NULL;
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    result = bsn_file_read(invocation->command, options_value(invocation, "bsn-file"), &bsn);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(&body);
    result = add_child(&session, invocation, &bsn, &body);
    if (result != VIX_DONE) {
        return result;
    }
    text_add_member(&body, "professional", options_value(invocation, "professional"));
    text_add_member(&body, "birthDate", options_value(invocation, "birth-date"));
    text_add_member(&body, "municipality", options_value(invocation, "municipality"));
    text_add_member(&body, "reference", options_value(invocation, "reference"));
    text_close_object(&body);
    result = session_call(&session, "POST", "/v1/signals", &body, &signal);
    if (result == VIX_DONE && !session_print_json(&session, signal)) {
        print_signal(signal);
    }
    return result;
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
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text path = {0};
    int result = session_open(invocation, &session);
    if (result != VIX_DONE) {
        return result;
    }
    text_add_string(&path, "/v1/signals");
    text_add_query(&path, "status", options_value(invocation, "status"));
    text_add_query(&path, "reference", options_value(invocation, "reference"));
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    return session_print_list(&session,
                              &(struct session_list){path.bytes, "signals", columns, NULL});
}

static int call_signal(const struct invocation *invocation, const char *method,
                       struct answer **ret_signal, struct session *session)
{
    CLEANUP(text_finish) struct text path = {0};
    text_add_string(&path, "/v1/signals/");
    text_add_escaped(&path, invocation->operands[0]);
    if (method[0] == 'D') {
        text_add_query(&path, "reason", options_value(invocation, "reason"));
    }
    if (path.fault != 0) {
        return session_report_fault(path.fault);
    }
    int result = session_open(invocation, session);
    return result == VIX_DONE ? session_call(session, method, path.bytes, NULL, ret_signal)
                              : result;
}

static int run_show(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(answer_freep) struct answer *signal = NULL;
    int result = call_signal(invocation, "GET", &signal, &session);
    if (result == VIX_DONE && !session_print_json(&session, signal)) {
        print_signal(signal);
    }
    return result;
}

static int run_withdraw(const struct invocation *invocation)
{
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(answer_freep) struct answer *nothing = NULL;
    return call_signal(invocation, "DELETE", &nothing, &session);
}

const struct command signal_commands[] = {
    {
        .words = "signal post",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "signal a child (melding)",
        .details = BSN_FILE_DETAILS
        "\nWith --blinded the BSN does not leave this machine: it is checked here, the index\n"
        "evaluates it without seeing it, and its proof that it used the key it publishes is\n"
        "checked. The party needs the permission for it (vix party allow blinded).\n"
        "The birth date is not kept: the dates of removal are computed from it.",
        .options = {BSN_FILE_OPTIONS,
                    {"birth-date", "DATE", "of the child, as in 2012-05-01", true, NULL},
                    {"professional", "ID", "who signals", true, NULL},
                    {"municipality", "CODE", "under whose agreement; if there are more", false,
                     NULL},
                    {"reference", "TEXT", "own reference, shown to nobody else", false, NULL},
                    {"blinded", NULL, "do not send the BSN", false, NULL}},
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
    {0},
};
