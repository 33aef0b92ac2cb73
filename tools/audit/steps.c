/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit/steps.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/print.h"

void audit_steps_add(struct audit_steps *steps, enum audit_state state, const char *name,
                     const char *format, ...)
{
    va_list arguments;
    if (steps->count == AUDIT_STEPS_MAXIMUM) {
        abort(); /* there are no more checks than that */
    }
    struct audit_step *step = &steps->steps[steps->count++];
    step->name = name;
    step->state = state;
    va_start(arguments, format);
    vsnprintf(step->detail, sizeof(step->detail), format, arguments);
    va_end(arguments);
}

bool audit_steps_are_good(const struct audit_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->steps[i].state == AUDIT_BAD) {
            return false;
        }
    }
    return true;
}

void audit_steps_print(FILE *out, const struct audit_steps *steps)
{
    static const char *const words[] = {
        [AUDIT_NOT_CHECKED] = "not checked", [AUDIT_GOOD] = "good", [AUDIT_BAD] = "BAD"};
    for (size_t i = 0; i < steps->count; i++) {
        const struct audit_step *step = &steps->steps[i];
        fprintf(out, "%-12s %-11s ", words[step->state], step->name);
        print_safe(out, step->detail);
        fputc('\n', out);
    }
}

void audit_steps_add_member(const struct audit_steps *steps, struct text *json)
{
    static const char *const words[] = {
        [AUDIT_NOT_CHECKED] = "not-checked", [AUDIT_GOOD] = "good", [AUDIT_BAD] = "bad"};
    text_open_list_member(json, "checks");
    for (size_t i = 0; i < steps->count; i++) {
        const struct audit_step *step = &steps->steps[i];
        text_add_string(json, i > 0 ? "," : "");
        text_open_object(json);
        text_add_member(json, "check", step->name);
        text_add_member(json, "result", words[step->state]);
        text_add_member(json, "detail", step->detail[0] != '\0' ? step->detail : NULL);
        text_close_object(json);
    }
    text_close_list(json);
}
