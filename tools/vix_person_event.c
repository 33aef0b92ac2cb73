/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix person-event`: what the population register tells the index of a youth. */
#include "tools/child.h"
#include "tools/exchange.h"

#define PARENTS_MAXIMUM 4
#define ADDRESS_MAXIMUM 1024 /* bytes */

/* Answered the same whether the child is known or not: nothing is printed. */
static int send_event(const struct invocation *invocation, struct text *body)
{
    text_close_object(body);
    return exchange_run(invocation, &(struct exchange){
                                        .method = "POST",
                                        .path = {"/v1/person-events"},
                                        .body = body,
                                    });
}

static int begin_event(const struct invocation *invocation, const char *type, struct text *body)
{
    CLEANUP(child_wipe) struct child child = {0};
    int result = child_read(invocation, &child);
    if (result == VIX_DONE) {
        text_open_object(body);
        text_add_member(body, "type", type);
        child_add(&child, body);
    }
    return result;
}

static int run_died(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    int result = begin_event(invocation, "died", &body);
    return result == VIX_DONE ? send_event(invocation, &body) : result;
}

static int run_moved(const struct invocation *invocation)
{
    CLEANUP(text_finish) struct text body = {0};
    int result = begin_event(invocation, "moved", &body);
    if (result != VIX_DONE) {
        return result;
    }
    text_add_member(&body, "municipality", options_value(invocation, "municipality"));
    return send_event(invocation, &body);
}

static int run_replaced(const struct invocation *invocation)
{
    static const char *const inputs[] = {"bsn-file", "new-bsn-file", NULL};
    CLEANUP(bsn_text_wipe) struct bsn_text old = {0};
    CLEANUP(bsn_text_wipe) struct bsn_text new = {0};
    CLEANUP(text_finish) struct text body = {0};
    const struct command *command = invocation->command;
    int result = private_file_check_inputs(invocation, inputs);
    if (result == 0) {
        result = bsn_file_read(command, inputs[0], options_value(invocation, inputs[0]), &old);
    }
    if (result == 0) {
        result = bsn_file_read(command, inputs[1], options_value(invocation, inputs[1]), &new);
    }
    if (result != 0) {
        return result;
    }
    text_open_object(&body);
    text_add_member(&body, "type", "bsn-replaced");
    text_add_member(&body, "bsn", old.digits);
    text_add_member(&body, "replacedBy", new.digits);
    return send_event(invocation, &body);
}

static int add_parents(const struct invocation *invocation, struct text *body)
{
    CLEANUP(bsn_list_wipe) struct bsn_list parents = {0};
    const char *path = options_value(invocation, "parents-file");
    if (path != NULL) {
        int result = bsn_file_read_list(invocation->command, "parents-file", path, PARENTS_MAXIMUM,
                                        &parents);
        if (result != 0) {
            return result;
        }
    }
    bsn_list_add(&parents, "parents", body);
    return 0;
}

static int add_address(const struct invocation *invocation, struct text *body)
{
    CLEANUP(text_finish) struct text address = {0};
    const char *path = options_value(invocation, "address-file");
    if (path == NULL) {
        return 0;
    }
    int result =
        private_file_read(invocation->command, "address-file", path, ADDRESS_MAXIMUM, &address);
    if (result == 0) {
        text_add_member(body, "address", address.bytes);
    }
    return result;
}

static int run_relations(const struct invocation *invocation)
{
    static const char *const inputs[] = {"bsn-file", "person", "parents-file", "address-file",
                                         NULL};
    CLEANUP(text_finish) struct text body = {0};
    int result = private_file_check_inputs(invocation, inputs);
    result = result != 0 ? result : begin_event(invocation, "relations", &body);
    result = result != 0 ? result : add_parents(invocation, &body);
    result = result != 0 ? result : add_address(invocation, &body);
    if (result != 0) {
        return result;
    }
    if (options_value(invocation, "institution") != NULL) {
        text_add_true_member(&body, "institution");
    }
    return send_event(invocation, &body);
}

static int run_assigned(const struct invocation *invocation)
{
    static const char *const inputs[] = {"bsn-file", "person", NULL};
    CLEANUP(child_wipe) struct child person = {0};
    CLEANUP(bsn_text_wipe) struct bsn_text bsn = {0};
    CLEANUP(text_finish) struct text body = {0};
    int result = private_file_check_inputs(invocation, inputs);
    result = result != 0 ? result : child_read_person(invocation, &person);
    if (result == 0) {
        result = bsn_file_read(invocation->command, "bsn-file",
                               options_value(invocation, "bsn-file"), &bsn);
    }
    if (result != 0) {
        return result;
    }
    text_open_object(&body);
    text_add_member(&body, "type", "bsn-assigned");
    child_add(&person, &body);
    text_add_member(&body, "bsn", bsn.digits);
    return send_event(invocation, &body);
}

#define SILENCE                                                                                    \
    "\nThe index never answers whether it knows the child: a well-formed event is accepted."

const struct command person_event_commands[] = {
    {
        .words = "person-event died",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "tell that a youth has died: all is erased",
        .details = CHILD_DETAILS SILENCE,
        .options = {CHILD_OPTIONS, PERSON_BIRTH_DATE_OPTION},
        .one_of = CHILD_ONE_OF,
        .run = run_died,
    },
    {
        .words = "person-event moved",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "tell in which municipality a youth lives now",
        .details = CHILD_DETAILS SILENCE,
        .options = {CHILD_OPTIONS,
                    PERSON_BIRTH_DATE_OPTION,
                    {"municipality", "CODE", "CBS code of the municipality", true, NULL}},
        .one_of = CHILD_ONE_OF,
        .run = run_moved,
    },
    {
        .words = "person-event replaced",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "tell that a BSN was replaced: both are one child",
        .details = BSN_FILE_DETAILS "\nThe old number keeps working." SILENCE,
        .options = {BSN_FILE_OPTION(true),
                    BSN_REFUSED_OPTION,
                    {"new-bsn-file", "FILE", "file with the new BSN, or -", true, NULL}},
        .run = run_replaced,
    },
    {
        .words = "person-event relations",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "tell who a youth's parents are, and the address",
        .details = CHILD_DETAILS
        "\nAll relations are told at once: those that are left out are taken away." SILENCE,
        .options = {CHILD_OPTIONS,
                    PERSON_BIRTH_DATE_OPTION,
                    {"parents-file", "FILE", "file with the parents' BSNs, one a line, or -", false,
                     NULL},
                    {"address-file", "FILE", "file with the address, or -", false, NULL},
                    {"institution", NULL, "the address is an institution's", false, NULL}},
        .one_of = CHILD_ONE_OF,
        .run = run_relations,
    },
    {
        .words = "person-event assigned",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "tell that a youth without BSN got one",
        .details = CHILD_DETAILS SILENCE,
        .options = {BSN_FILE_OPTION(true),
                    BSN_REFUSED_OPTION,
                    PERSON_OPTIONS(true),
                    {"birth-date", "DATE", "of the youth, as in 2012-05-01", true, NULL}},
        .run = run_assigned,
    },
    {0},
};
