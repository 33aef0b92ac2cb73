/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/child.h"

#include <string.h>

void child_wipe(struct child *child)
{
    bsn_text_wipe(&child->bsn);
    text_finish(&child->name);
    *child = (struct child){0};
}

static int read_name(const struct invocation *invocation, const char *name, struct text *text)
{
    if (strcmp(name, "-") == 0) {
        return private_file_read(invocation->command, "person", name, CHILD_NAME_MAXIMUM, text);
    }
    text_add_string(text, name);
    return 0;
}

int child_read_person(const struct invocation *invocation, struct child *ret_child)
{
    CLEANUP(child_wipe)
    struct child child = {
        .birth_date = options_value(invocation, "birth-date"),
        .sex = options_value(invocation, "sex"),
    };
    if (child.birth_date == NULL || child.sex == NULL) {
        return options_complain(invocation->command, "--%s is missing, which --person needs",
                                child.sex == NULL ? "sex" : "birth-date");
    }
    int result = read_name(invocation, options_value(invocation, "person"), &child.name);
    if (result == 0) {
        *ret_child = child;
        child.name = (struct text){0};
    }
    return result;
}

/* A command that needs a birth date for itself takes it beside a BSN too. */
static bool is_for_person_alone(const struct command *command, const char *name)
{
    for (const struct option_spec *option = command->options; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return !option->required;
        }
    }
    return false;
}

int child_read(const struct invocation *invocation, struct child *ret_child)
{
    static const char *const of_person[] = {"sex", "birth-date"};
    const struct command *command = invocation->command;
    const char *path = options_value(invocation, "bsn-file");
    if (path == NULL) {
        return child_read_person(invocation, ret_child);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(of_person); i++) {
        if (options_value(invocation, of_person[i]) != NULL &&
            is_for_person_alone(command, of_person[i])) {
            return options_complain(command, "--%s goes with --person", of_person[i]);
        }
    }
    *ret_child = (struct child){0};
    return bsn_file_read(invocation->command, "bsn-file", path, &ret_child->bsn);
}

void child_add(const struct child *child, struct text *body)
{
    if (child->name.bytes == NULL) {
        text_add_member(body, "bsn", child->bsn.digits);
        return;
    }
    if (child->name.fault != 0) {
        body->fault = child->name.fault;
    }
    text_open_object_member(body, "person");
    text_add_member(body, "familyName", child->name.bytes);
    text_add_member(body, "birthDate", child->birth_date);
    text_add_member(body, "sex", child->sex);
    text_close_object(body);
}
