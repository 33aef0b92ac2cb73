/* SPDX-License-Identifier: EUPL-1.2 */
/* Annual counts of a municipality's own, as far as they may be told. */
#include <errno.h>

#include "proto/handlers.h"
#include "proto/suppress.h"

#define FIELDS(table) .fields = table, .count = ARRAY_LENGTH(table)
#define YEAR_MINIMUM 2000
#define YEAR_MAXIMUM 9999

struct statistics_query {
    struct integer_input year;
};
static const struct field query_fields[] = {
    {.name = "year",
     .type = FIELD_INTEGER,
     .required = true,
     .minimum = YEAR_MINIMUM,
     .maximum = YEAR_MAXIMUM,
     .offset = offsetof(struct statistics_query, year),
     .description = "A Dutch calendar year."},
};
const struct shape shape_statistics_query = {FIELDS(query_fields),
                                             .size = sizeof(struct statistics_query)};

/* ---- what comes out ---- */

#define CELL_OF(name_, ...)                                                                        \
    {                                                                                              \
        .name = name_, .type = FIELD_INTEGER, .required = true, .nullable = true, __VA_ARGS__      \
    }
#define CELL(name_) CELL_OF(name_, .description = NULL)
#define TOTAL "total"

static const struct field signals_fields[] = {CELL("made"), CELL("renewed")};
static const struct shape shape_signals = {.name = "SignalCounts", FIELDS(signals_fields)};
static const struct field ended_fields[] = {
    CELL_OF("withdrawn", .description = "By the party, as ended."),
    CELL_OF("retracted", .description = "By the party, as wrongful."),
    CELL_OF("expired", .description = "Archived by date, or with the agreement they stood on."),
    CELL_OF("erased", .description = "While live: age limit, death, upheld objection."),
    CELL(TOTAL),
};
static const struct shape shape_ended = {.name = "EndedCounts", FIELDS(ended_fields)};
static const struct field matches_fields[] = {CELL("child"), CELL("family"), CELL(TOTAL)};
static const struct shape shape_matches = {.name = "MatchCounts", FIELDS(matches_fields)};
static const struct field follow_up_fields[] = {CELL("contacted"), CELL("stalled")};
static const struct shape shape_follow_up = {.name = "FollowUpCounts", FIELDS(follow_up_fields)};

static const struct field statistics_fields[] = {
    {.name = "year", .type = FIELD_INTEGER, .required = true},
    {.name = "municipality", .type = FIELD_TEXT, .required = true, .format = &format_municipality},
    {.name = "suppressedBelow", .type = FIELD_INTEGER, .required = true},
    {.name = "signals", .type = FIELD_OBJECT, .required = true, .shape = &shape_signals},
    {.name = "ended",
     .type = FIELD_OBJECT,
     .required = true,
     .shape = &shape_ended,
     .description = "Live signals that are so no more, each once: not again when it goes from "
                    "the archive."},
    {.name = "matches",
     .type = FIELD_OBJECT,
     .required = true,
     .shape = &shape_matches,
     .description = "Matches that were formed."},
    {.name = "followUp", .type = FIELD_OBJECT, .required = true, .shape = &shape_follow_up},
};
const struct shape shape_statistics = {
    .name = "Statistics",
    FIELDS(statistics_fields),
    .description = "Null is not told: below `suppressedBelow`, or something below it would follow "
                   "from it."};

/* Each group is told under the names of its own shape; the cells follow each other in the store's
 * order, and a total comes last. */
static const struct group {
    const char *name;
    const struct shape *shape;
    enum statistic first;
    size_t count;
    bool has_total;
} groups[] = {
    {"signals", &shape_signals, STATISTIC_MADE, 2, false},
    {"ended", &shape_ended, STATISTIC_WITHDRAWN, 4, true},
    {"matches", &shape_matches, STATISTIC_CHILD_MATCHES, 2, true},
    {"followUp", &shape_follow_up, STATISTIC_CONTACTED, 2, false},
};
#define CELLS_MAXIMUM 5

static void write_cell(struct writer *writer, const char *name, const struct suppress_cell *cell)
{
    if (cell->hidden) {
        writer_member_null(writer, name);
    } else {
        writer_member_unsigned(writer, name, cell->count);
    }
}

static void write_group(struct writer *writer, const struct group *group,
                        const struct statistics *statistics, uint64_t minimum)
{
    struct suppress_cell cells[CELLS_MAXIMUM] = {0};
    for (size_t i = 0; i < group->count; i++) {
        cells[i].count = statistics->counts[group->first + i];
    }
    if (group->has_total) {
        suppress_group(cells, group->count, minimum, &cells[group->count]);
    } else {
        suppress_cells(cells, group->count, minimum);
    }
    writer_name(writer, group->name);
    writer_begin_object(writer);
    for (size_t i = 0; i < group->shape->count; i++) {
        write_cell(writer, group->shape->fields[i].name, &cells[i]);
    }
    writer_end_object(writer);
}

static void write_statistics(struct exchange *x, int year, const struct statistics *statistics)
{
    uint64_t minimum = (uint64_t)x->options.api->options.policy.statistics_minimum;
    struct writer *writer = exchange_begin_json(x);
    char municipality[MUNICIPALITY_TEXT_SIZE];
    municipality_format(x->party.municipality, municipality);
    writer_begin_object(writer);
    writer_member_integer(writer, "year", year);
    writer_member_text(writer, "municipality", municipality);
    writer_member_unsigned(writer, "suppressedBelow", minimum);
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
        write_group(writer, &groups[i], statistics, minimum);
    }
    writer_end_object(writer);
}

void statistics_get(struct exchange *x)
{
    const struct statistics_query *in = x->query;
    int year = (int)in->year.value;
    struct statistics statistics;
    struct log_note *note = exchange_new_memory(x, sizeof(*note));
    int r = note == NULL
                ? -ENOMEM
                : store_get_statistics(x->snapshot, x->party.municipality, year, &statistics);
    if (r != 0) {
        exchange_refuse_result(x, r);
        return;
    }
    write_statistics(x, year, &statistics);
    if (!exchange_set_json(x, 200)) {
        return;
    }
    *note = (struct log_note){.event = LOG_STATISTICS_READ};
    exchange_disclose(x, note, 1);
}
