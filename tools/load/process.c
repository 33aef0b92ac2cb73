/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/load/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/load/vix_bench.h"

#define TEXT_SIZE                                                                                  \
    4096 /* more than /proc/PID/stat and status have, and the first line of /proc/stat */
#define KIBIBYTE 1024u

static bool read_text(const char *path, char text[static TEXT_SIZE])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(text, 1, TEXT_SIZE - 1, file);
    fclose(file);
    text[length] = '\0';
    return length > 0;
}

bool bench_parse_stat(const char *text, uint64_t *ret_ticks)
{
    /* The second field is the program's name in parentheses, which may hold anything. */
    const char *after = strrchr(text, ')');
    uint64_t user;
    uint64_t kernel;
    if (after == NULL ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
               &user, &kernel) != 2) {
        return false;
    }
    *ret_ticks = user + kernel;
    return true;
}

static bool find_kibibytes(const char *text, const char *name, uint64_t *ret_bytes)
{
    const char *line = strstr(text, name);
    uint64_t value;
    if (line == NULL || sscanf(line + strlen(name), " %" SCNu64 " kB", &value) != 1) {
        return false;
    }
    *ret_bytes = value * KIBIBYTE;
    return true;
}

bool bench_parse_status(const char *text, uint64_t *ret_resident, uint64_t *ret_anonymous)
{
    uint64_t resident;
    uint64_t anonymous;
    if (!find_kibibytes(text, "\nVmRSS:", &resident) ||
        !find_kibibytes(text, "\nRssAnon:", &anonymous)) {
        return false;
    }
    *ret_resident = resident;
    *ret_anonymous = anonymous;
    return true;
}

bool bench_parse_machine(const char *text, uint64_t *ret_busy, uint64_t *ret_idle)
{
    /* user, nice, system, idle, waiting for the disk, interrupts, soft interrupts, stolen */
    uint64_t v[8];
    if (sscanf(text,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64,
               &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8) {
        return false;
    }
    *ret_busy = v[0] + v[1] + v[2] + v[5] + v[6] + v[7];
    *ret_idle = v[3] + v[4];
    return true;
}

static void take_server(pid_t pid, double tick, struct bench_cost *cost)
{
    char path[64];
    char text[TEXT_SIZE];
    uint64_t ticks = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_text(path, text) || !bench_parse_stat(text, &ticks)) {
        return;
    }
    cost->server = (double)ticks * tick;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    cost->has_server =
        read_text(path, text) && bench_parse_status(text, &cost->resident, &cost->anonymous);
}

void bench_cost_take(pid_t pid, struct bench_cost *ret_cost)
{
    struct bench_cost cost = {.at = bench_now()};
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    char text[TEXT_SIZE];
    uint64_t busy;
    uint64_t idle;
    struct rusage own;
    if (pid > 0) {
        take_server(pid, tick, &cost);
    }
    if (read_text("/proc/stat", text) && bench_parse_machine(text, &busy, &idle)) {
        cost.machine_busy = (double)busy * tick;
        cost.machine_idle = (double)idle * tick;
    }
    if (getrusage(RUSAGE_SELF, &own) == 0) {
        cost.own = (double)own.ru_utime.tv_sec + (double)own.ru_stime.tv_sec +
                   (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
    }
    *ret_cost = cost;
}
