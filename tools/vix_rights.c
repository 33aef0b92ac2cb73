/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix access-request`, `vix erase`: a municipality acts on the rights of a youth. */
#include <string.h>

#include "tools/child.h"
#include "tools/exchange.h"
#include "tools/new_file.h"
#include "tools/pack_print.h"

static int write_receipt(struct new_file *receipt, const struct answer *pack)
{
    const char *text = answer_string(answer_at(pack, "receipt"));
    if (receipt->path == NULL) {
        return VIX_DONE;
    }
    if (text == NULL) {
        fprintf(stderr, "vix: the answer has no receipt: is this the index?\n");
        return VIX_REFUSED;
    }
    return new_file_write(receipt, text, strlen(text));
}

static int print_text(struct session *session, const struct client_request *request)
{
    CLEANUP(client_answer_finish) struct client_answer answer = {0};
    int result = session_fetch(session, request, &answer);
    if (result != VIX_DONE) {
        return result;
    }
    if (answer.status != 200) {
        return session_print_refusal(session, &answer);
    }
    if (strncmp(answer.content_type, "text/plain", strlen("text/plain")) != 0) {
        fprintf(stderr, "vix: the answer is not plain text: is this the index?\n");
        return VIX_REFUSED;
    }
    print_safe_lines(stdout, answer.body);
    return VIX_DONE;
}

static int print_pack(struct session *session, const struct client_request *request,
                      struct new_file *receipt)
{
    CLEANUP(answer_freep) struct answer *pack = NULL;
    int result = session_send(session, request, &pack);
    if (result != VIX_DONE) {
        return result;
    }
    if (!session_print_json(session, pack)) {
        pack_print(stdout, pack);
    }
    return write_receipt(receipt, pack);
}

/* `"bsn":…` or `"person":…`, and then those of the options that have the name of a member. */
static int make_body(const struct invocation *invocation, const char *const (*members)[2],
                     struct text *body)
{
    CLEANUP(child_wipe) struct child child = {0};
    int result = child_read(invocation, &child);
    if (result != VIX_DONE) {
        return result;
    }
    text_open_object(body);
    child_add(&child, body);
    for (; (*members)[0] != NULL; members++) {
        text_add_member(body, (*members)[0], options_value(invocation, (*members)[1]));
    }
    text_close_object(body);
    return body->fault != 0 ? session_report_fault(body->fault) : VIX_DONE;
}

static int run_access_request(const struct invocation *invocation)
{
    static const char *const members[][2] = {{"birthDate", "birth-date"},
                                             {"requestedBy", "requested-by"},
                                             {"caseReference", "case-reference"},
                                             {NULL, NULL}};
    CLEANUP(session_close) struct session session = {0};
    CLEANUP(text_finish) struct text body = {0};
    CLEANUP(new_file_finish) struct new_file receipt = NEW_FILE_NONE;
    const struct command *command = invocation->command;
    bool is_text = options_value(invocation, "text") != NULL;
    if (is_text &&
        (options_value(invocation, "receipt") != NULL || invocation->common[COMMON_JSON] != NULL)) {
        return options_complain(command, "--text goes with neither --json nor --receipt");
    }
    int result = session_open(invocation, &session);
    result = result != VIX_DONE ? result : make_body(invocation, members, &body);
    result = result != VIX_DONE ? result : new_file_open(invocation, "receipt", &receipt);
    if (result != VIX_DONE) {
        return result;
    }
    struct client_request request = {
        .method = "POST",
        .path = "/v1/access-requests",
        .body = body.bytes,
        .body_size = body.length,
        .accept = is_text ? "text/plain" : "application/json",
    };
    return is_text ? print_text(&session, &request) : print_pack(&session, &request, &receipt);
}

static void print_erasure(FILE *out, const struct answer *erasure)
{
    print_field(out, "signals erased", answer_at(erasure, "erasedSignals"));
}

static int run_erase(const struct invocation *invocation)
{
    static const char *const members[][2] = {{"scope", "scope"},
                                             {"ground", "ground"},
                                             {"caseReference", "case-reference"},
                                             {NULL, NULL}};
    CLEANUP(text_finish) struct text body = {0};
    int result = make_body(invocation, members, &body);
    if (result != VIX_DONE) {
        return result;
    }
    return exchange_run(invocation, &(struct exchange){
                                        .method = "POST",
                                        .path = {"/v1/erasures"},
                                        .body = &body,
                                        .print = print_erasure,
                                    });
}

const struct command rights_commands[] = {
    {
        .words = "access-request",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "ask what is held on a youth (inzageverzoek)",
        .details = CHILD_DETAILS
        "\nAnswers with all that is held under the agreements of this municipality and who was\n"
        "told what, or that nothing is held. For a youth under 12 the representative asks, from\n"
        "12 to 15 both, from 16 the youth. The request is logged, auditors are told, and there\n"
        "is a daily maximum. The receipt proves that, and how, this request was logged.",
        .options = {CHILD_OPTIONS,
                    {"birth-date", "DATE", "of the youth, as in 2012-05-01", true, NULL},
                    {"requested-by", "WHO", "youth, representative or both", true, NULL},
                    {"case-reference", "TEXT", "the case in which it is asked", true, NULL},
                    {"text", NULL, "as plain text, to be handed over", false, NULL},
                    {"receipt", "FILE", "write the receipt into this new file", false, NULL}},
        .one_of = CHILD_ONE_OF,
        .run = run_access_request,
    },
    {
        .words = "erase",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "erase a youth's signals after an upheld objection",
        .details = CHILD_DETAILS
        "\nErases at once the signals that were made under the agreements of this municipality:\n"
        "those in the archive, or all. Nobody is told. The ground is kept in the log. This cannot\n"
        "be undone.",
        .options = {CHILD_OPTIONS,
                    PERSON_BIRTH_DATE_OPTION,
                    {"scope", "archive|all", "what to erase", true, NULL},
                    {"ground", "TEXT", "why, without naming anybody", true, NULL},
                    {"case-reference", "TEXT", "the case in which it was decided", true, NULL}},
        .one_of = CHILD_ONE_OF,
        .run = run_erase,
    },
    {0},
};
