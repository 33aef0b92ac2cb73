/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/involved.h"

/* "a, b": those of the members that are there. */
static void join(const struct answer *object, const char *const *paths, size_t count,
                 struct text *line)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = answer_string(answer_at(object, paths[i]));
        if (value != NULL && value[0] != '\0') {
            text_add_string(line, line->length > 0 ? ", " : "");
            text_add_string(line, value);
        }
    }
}

static void print_joined(const char *label, const struct answer *object, const char *const *paths,
                         size_t count)
{
    CLEANUP(text_finish) struct text line = {0};
    join(object, paths, count, &line);
    if (line.length > 0) {
        print_text_field(stdout, label, line.fault == 0 ? line.bytes : "?");
    }
}

void involved_print(const struct answer *involved)
{
    static const char *const who[] = {"professional/name", "professional/function",
                                      "organisation/name"};
    static const char *const how[] = {"professional/phone", "professional/email"};
    for (size_t i = 0; i < answer_count(involved); i++) {
        print_joined("involved", answer_item(involved, i), who, ARRAY_LENGTH(who));
        print_joined("  contact", answer_item(involved, i), how, ARRAY_LENGTH(how));
    }
}

void involved_print_own(const struct answer *own_signal)
{
    if (answer_is_object(own_signal)) {
        print_field(stdout, "own reference", answer_at(own_signal, "reference"));
        print_field(stdout, "  signal", answer_at(own_signal, "id"));
        print_field(stdout, "  by", answer_at(own_signal, "professional"));
    }
}
