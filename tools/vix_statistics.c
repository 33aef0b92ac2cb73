/* SPDX-License-Identifier: EUPL-1.2 */
/* `vix statistics`: a municipality's counts of one year. */
#include "tools/exchange.h"

static void print_count(FILE *out, const char *label, const struct answer *count,
                        bool *any_withheld)
{
    bool is_withheld = count == NULL || answer_is_null(count);
    if (is_withheld) {
        print_text_field(out, label, "withheld");
        *any_withheld = true;
    } else {
        print_field(out, label, count);
    }
}

static void print_statistics(FILE *out, const struct answer *statistics)
{
    static const char *const counts[][2] = {
        {"signals made", "signals/made"},    {"  renewed", "signals/renewed"},
        {"signals ended", "ended/total"},    {"  withdrawn", "ended/withdrawn"},
        {"  retracted", "ended/retracted"},  {"  expired", "ended/expired"},
        {"  erased", "ended/erased"},        {"matches", "matches/total"},
        {"  of a child", "matches/child"},   {"  of a family", "matches/family"},
        {"contacted", "followUp/contacted"}, {"stalled", "followUp/stalled"},
    };
    bool any_withheld = false;
    print_field(out, "municipality", answer_at(statistics, "municipality"));
    print_field(out, "year", answer_at(statistics, "year"));
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        print_count(out, counts[i][0], answer_at(statistics, counts[i][1]), &any_withheld);
    }
    int64_t minimum = 0;
    if (any_withheld && answer_integer(answer_at(statistics, "suppressedBelow"), &minimum)) {
        fprintf(out,
                "Withheld: fewer than %lld, or a number from which such a one could be computed.\n",
                (long long)minimum);
    }
}

static int run_statistics(const struct invocation *invocation)
{
    return exchange_run(invocation,
                        &(struct exchange){
                            .method = "GET",
                            .path = {"/v1/statistics?year=", options_value(invocation, "year")},
                            .print = print_statistics,
                        });
}

const struct command statistics_commands[] = {
    {
        .words = "statistics",
        .operands = "",
        .face = COMMAND_PUBLIC,
        .summary = "show the municipality's counts of one year",
        .details = "Small numbers are withheld, so that nobody can be recognised in them.",
        .options = {{"year", "YEAR", "as in 2026", true, NULL}},
        .run = run_statistics,
    },
    {0},
};
