/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/store/bench_store.h"

void bs_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench_store: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void bs_need(int result, const char *what)
{
    if (result < 0) {
        bs_die("%s: %s", what, strerror(-result));
    }
    if (result > 0) {
        bs_die("%s: condition %d", what, result);
    }
}

void *bs_new(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        bs_die("no memory for %zu times %zu bytes", count, size);
    }
    return memory;
}

/* ---- time ---- */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * BS_SECOND + now.tv_nsec;
}

int64_t bs_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t bs_process_cpu(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void bs_sleep_until(int64_t instant)
{
    struct timespec until = {.tv_sec = instant / BS_SECOND, .tv_nsec = instant % BS_SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

struct bs_busy bs_busy_now(void)
{
    unsigned long long user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (file == NULL || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
                               &system, &idle, &wait, &irq, &soft) != 7) {
        bs_die("/proc/stat cannot be read");
    }
    fclose(file);
    int64_t tick = BS_SECOND / sysconf(_SC_CLK_TCK);
    return (struct bs_busy){
        .at = bs_now(),
        .machine = (int64_t)(user + nice + system + irq + soft) * tick,
        .own = bs_process_cpu(),
    };
}

double bs_busy_others(const struct bs_busy *since)
{
    struct bs_busy now = bs_busy_now();
    double all = (double)(now.at - since->at) * (double)sysconf(_SC_NPROCESSORS_ONLN);
    double others = (double)(now.machine - since->machine) - (double)(now.own - since->own);
    return all <= 0 || others < 0 ? 0 : others / all;
}

/* ---- figures ---- */

static int compare(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

double bs_percentile(double *values, size_t count, double share)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share)];
}

double bs_median(double *values, size_t count)
{
    return bs_percentile(values, count, 0.5);
}

uint64_t bs_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* ---- what is told ---- */

static void start(struct bs_report *report, const char *name)
{
    if (report->json) {
        printf(report->more ? "," : "");
        if (name != NULL) {
            printf("\"%s\":", name);
        }
    } else {
        printf("%*s%s%s", report->depth * 2, "", name != NULL ? name : "-",
               name != NULL && strlen(name) < 32 ? "" : " ");
    }
    report->more = true;
}

static void finish_line(const struct bs_report *report)
{
    if (!report->json) {
        putchar('\n');
    }
}

void bs_report_begin(struct bs_report *report, const char *name, char bracket)
{
    start(report, name);
    if (report->json) {
        putchar(bracket);
    }
    finish_line(report);
    report->more = false;
    report->depth++;
}

void bs_report_end(struct bs_report *report, char bracket)
{
    report->depth--;
    if (report->json) {
        putchar(bracket == '{' ? '}' : ']');
    }
    report->more = true;
}

void bs_report_number(struct bs_report *report, const char *name, double value)
{
    int width = report->json || name == NULL ? 0 : 36 - report->depth * 2 - (int)strlen(name);
    start(report, name);
    if (fabs(value) >= 1e15 || value != floor(value)) {
        printf("%*s%.6g", width, "", value);
    } else {
        printf("%*s%.0f", width, "", value);
    }
    finish_line(report);
}

void bs_report_text(struct bs_report *report, const char *name, const char *text)
{
    int width = report->json || name == NULL ? 0 : 36 - report->depth * 2 - (int)strlen(name);
    start(report, name);
    printf(report->json ? "%*s\"%s\"" : "%*s%s", width, "", text);
    finish_line(report);
}

void bs_report_latencies(struct bs_report *report, const char *name, double *values, size_t count)
{
    static const struct {
        const char *name;
        double share;
    } shares[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"most", 1}};
    bs_report_begin(report, name, '{');
    for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
        bs_report_number(report, shares[i].name, bs_percentile(values, count, shares[i].share));
    }
    bs_report_end(report, '{');
}

void bs_report_open(struct bs_report *report, const struct bs_options *options, const char *command)
{
    *report = (struct bs_report){.json = options->json};
    if (report->json) {
        putchar('{');
    }
    bs_report_text(report, "command", command);
}

void bs_report_close(struct bs_report *report)
{
    if (report->json) {
        puts("}");
    }
    fflush(stdout);
}
