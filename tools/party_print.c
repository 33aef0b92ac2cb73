/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/party_print.h"

static void print_list_of(FILE *out, const char *label, const struct answer *list,
                          const char *first, const char *second)
{
    for (size_t i = 0; i < answer_count(list); i++) {
        CLEANUP(text_finish) struct text line = {0};
        answer_describe(answer_at(answer_item(list, i), first), &line);
        if (second != NULL) {
            text_add_string(&line, " ");
            answer_describe(answer_at(answer_item(list, i), second), &line);
        }
        text_add_string(&line, ", until ");
        answer_describe(answer_at(answer_item(list, i), "untilDate"), &line);
        const struct answer *live = answer_at(answer_item(list, i), "live");
        text_add_string(&line, live == NULL || answer_is_true(live) ? "" : " (ended)");
        print_text_field(out, label, line.fault == 0 ? line.bytes : "?");
    }
}

void party_print(FILE *out, const struct answer *party)
{
    print_field(out, "oin", answer_at(party, "oin"));
    print_field(out, "name", answer_at(party, "name"));
    print_field(out, "roles", answer_at(party, "roles"));
    print_field(out, "suspended", answer_at(party, "suspended"));
    print_field(out, "permissions", answer_at(party, "permissions"));
    if (answer_string(answer_at(party, "municipality")) != NULL) {
        print_field(out, "municipality", answer_at(party, "municipality"));
    }
    if (answer_is_object(answer_at(party, "contact"))) {
        print_field(out, "contact", answer_at(party, "contact/name"));
        print_field(out, "  e-mail", answer_at(party, "contact/email"));
        print_field(out, "  telephone", answer_at(party, "contact/phone"));
    }
    print_list_of(out, "agreement", answer_at(party, "agreements"), "municipality", NULL);
    print_list_of(out, "acts for", answer_at(party, "mandates"), "oin", "name");
}
