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

static void print_joined(FILE *out, const char *label, const struct answer *object,
                         const char *const *paths, size_t count)
{
    CLEANUP(text_finish) struct text line = {0};
    join(object, paths, count, &line);
    if (line.length > 0) {
        print_text_field(out, label, line.fault == 0 ? line.bytes : "?");
    }
}

static void print_one(FILE *out, const char *label, const struct answer *one)
{
    static const char *const who[] = {"professional/name", "professional/function",
                                      "organisation/name"};
    static const char *const how[] = {"professional/phone", "professional/email"};
    print_joined(out, label, one, who, ARRAY_LENGTH(who));
    print_joined(out, "  contact", one, how, ARRAY_LENGTH(how));
}

void involved_print(FILE *out, const struct answer *involved)
{
    for (size_t i = 0; i < answer_count(involved); i++) {
        print_one(out, "involved", answer_item(involved, i));
    }
}

void involved_print_unread(FILE *out, const struct answer *unread)
{
    for (size_t i = 0; i < answer_count(unread); i++) {
        print_one(out, "not read by", answer_item(unread, i));
        print_field_if(out, "  since", answer_at(answer_item(unread, i), "since"));
    }
}

void involved_print_own(FILE *out, const struct answer *own_signal)
{
    if (answer_is_object(own_signal)) {
        print_field(out, "own reference", answer_at(own_signal, "reference"));
        print_field(out, "  signal", answer_at(own_signal, "id"));
        print_field(out, "  by", answer_at(own_signal, "professional"));
    }
}
