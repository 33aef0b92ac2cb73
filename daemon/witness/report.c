/* SPDX-License-Identifier: EUPL-1.2 */
/* What the operator is told of the witnesses. */
#include <inttypes.h>
#include <string.h>

#include "daemon/witness/private.h"
#include "store/base/clock.h"

static struct witness_report read_report(struct witnesses *all, size_t number)
{
    pthread_mutex_lock(&all->lock);
    struct witness_report report = all->each[number].report;
    pthread_mutex_unlock(&all->lock);
    return report;
}

size_t witnesses_list(struct witnesses *witnesses,
                      struct api_witness ret_witnesses[API_WITNESSES_MAXIMUM])
{
    _Static_assert(CONFIG_WITNESSES_MAXIMUM <= API_WITNESSES_MAXIMUM, "there is room for all");
    size_t count = witnesses != NULL ? witnesses->count : 0;
    for (size_t i = 0; i < count; i++) {
        struct witness_report report = read_report(witnesses, i);
        ret_witnesses[i] = (struct api_witness){
            .name = witnesses->each[i].settings->vkey.name,
            .size = report.size,
            .last_success_at = report.last_success_at,
        };
        memcpy(ret_witnesses[i].failure, report.failure, sizeof(report.failure));
    }
    return count;
}

static uint64_t size_of(const struct witness_report *report)
{
    return report->size;
}

static uint64_t failures_of(const struct witness_report *report)
{
    return report->failures;
}

static uint64_t success_of(const struct witness_report *report)
{
    return (uint64_t)(report->last_success_at / CLOCK_SECOND);
}

static uint64_t forked_of(const struct witness_report *report)
{
    return report->forked;
}

/* A name is visible ASCII; of that a label has two characters escaped. */
static void print_label(const char *name, FILE *out)
{
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') {
            fputc('\\', out);
        }
        fputc(*name, out);
    }
}

void witnesses_print_metrics(struct witnesses *witnesses, FILE *out)
{
    static const struct {
        const char *name;
        const char *type;
        const char *help;
        uint64_t (*value)(const struct witness_report *report);
    } metrics[] = {
        {"cosigned_size", "gauge", "Entries of the last head that it is known to have cosigned.",
         size_of},
        {"failures_total", "counter", "How often it could not be brought to cosign.", failures_of},
        {"last_success_timestamp_seconds", "gauge",
         "When it last cosigned (0: not since the start, nor in the newest head kept).",
         success_of},
        {"fork", "gauge", "1: it holds a head to which this log does not lead.", forked_of},
    };
    for (size_t m = 0; witnesses != NULL && m < ARRAY_LENGTH(metrics); m++) {
        fprintf(out, "# HELP verwijsindex_witness_%s %s\n# TYPE verwijsindex_witness_%s %s\n",
                metrics[m].name, metrics[m].help, metrics[m].name, metrics[m].type);
        for (size_t i = 0; i < witnesses->count; i++) {
            struct witness_report report = read_report(witnesses, i);
            fprintf(out, "verwijsindex_witness_%s{witness=\"", metrics[m].name);
            print_label(witnesses->each[i].settings->vkey.name, out);
            fprintf(out, "\"} %" PRIu64 "\n", metrics[m].value(&report));
        }
    }
}
