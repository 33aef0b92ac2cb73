/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/pack_print.h"

/* A title with how many there are, and the table if there are any. */
static void print_part(FILE *out, const char *title, const struct print_column *columns,
                       const struct answer *list)
{
    fprintf(out, "\n%s: %zu\n", title, answer_count(list));
    if (answer_count(list) > 0 && print_list_table(out, columns, list) != 0) {
        fprintf(out, "?\n");
    }
}

static void print_signals(FILE *out, const struct answer *signals)
{
    static const struct print_column columns[] = {
        {"STATUS", "status", PRINT_PLAIN},
        {"REPORTED", "reportedAt", PRINT_PLAIN},
        {"ENDED", "endedAt", PRINT_PLAIN},
        {"REMOVAL", "removalDate", PRINT_PLAIN},
        {"ERASURE", "erasureDate", PRINT_PLAIN},
        {"ORGANISATION", "organisation/name", PRINT_PLAIN},
        {"PROFESSIONAL", "professional/name", PRINT_PLAIN},
        {"FUNCTION", "professional/function", PRINT_PLAIN},
        {"MUNICIPALITY", "municipality", PRINT_PLAIN},
        {0},
    };
    print_part(out, "signals", columns, signals);
}

static void print_matches(FILE *out, const struct answer *matches)
{
    static const struct print_column columns[] = {
        {"KIND", "kind", PRINT_PLAIN},
        {"STATUS", "status", PRINT_PLAIN},
        {"FORMED", "formedAt", PRINT_PLAIN},
        {"ENDED", "endedAt", PRINT_PLAIN},
        {0},
    };
    print_part(out, "matches", columns, matches);
}

static void print_registry(FILE *out, const struct answer *registry)
{
    fprintf(out, "\nfrom the population register:\n");
    print_field(out, "residence", answer_at(registry, "residence"));
    print_field(out, "parents", answer_at(registry, "parents"));
    print_field(out, "address", answer_at(registry, "address"));
    print_field(out, "  institution", answer_at(registry, "institution"));
    print_field(out, "former numbers", answer_at(registry, "formerNumbers"));
}

static void print_told(FILE *out, const struct answer *pack)
{
    static const struct print_column columns[] = {
        {"TIME", "at", PRINT_PLAIN},
        {"EVENT", "event", PRINT_PLAIN},
        {"ORGANISATION", "organisation/name", PRINT_PLAIN},
        {"OBJECT", "object", PRINT_PLAIN},
        {0},
    };
    print_part(out, "who was told what, and what was done", columns, answer_at(pack, "told"));
    if (!answer_is_true(answer_at(pack, "toldComplete"))) {
        fprintf(out, "There is more: this list is not complete.\n");
    }
}

void pack_print(FILE *out, const struct answer *pack)
{
    print_field(out, "held", answer_at(pack, "held"));
    print_field(out, "statement", answer_at(pack, "statement"));
    print_field(out, "requested", answer_at(pack, "requestedAt"));
    print_field(out, "municipality", answer_at(pack, "municipality"));
    print_field(out, "log entry", answer_at(pack, "logIndex"));
    print_signals(out, answer_at(pack, "signals"));
    print_matches(out, answer_at(pack, "matches"));
    print_registry(out, answer_at(pack, "registry"));
    print_told(out, pack);
}
