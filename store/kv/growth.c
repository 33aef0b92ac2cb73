/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/kv/growth.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESERVE_STEP ((uint64_t)64 << 20)
#define FILL_STEP_LEAST ((uint64_t)64 << 10)
#define FILL_STEP_MOST ((uint64_t)2 << 20)
/* Not in one piece: Linux keeps a file in memory in pieces as large as it was first written in, and
 * ext4 (since 6.16) looks at all of a piece for each page that is written in it later. */
#define FILL_BYTES 4096

/* Where room for a step ends, when less than half of one is left; else what there is already. */
static uint64_t next_end(uint64_t used, uint64_t step, uint64_t have, uint64_t most)
{
    uint64_t wanted = used + step / 2 <= have ? have : used + step + step / 2;
    return wanted < most ? wanted : most;
}

static uint64_t fill_step(uint64_t used)
{
    uint64_t step = used / 8;
    if (step < FILL_STEP_LEAST)
        return FILL_STEP_LEAST;
    return step < FILL_STEP_MOST ? step : FILL_STEP_MOST;
}

/* How long the file is then. */
static uint64_t fill(int file, uint64_t to)
{
    static const uint8_t zeros[FILL_BYTES];
    struct stat status = {0};
    if (fstat(file, &status) != 0)
        return 0;
    uint64_t at = (uint64_t)status.st_size;
    while (at < to) {
        ssize_t written = pwrite(file, zeros, FILL_BYTES - at % FILL_BYTES, (off_t)at);
        if (written <= 0)
            break;
        at += (uint64_t)written;
    }
    return at;
}

void growth_ahead(struct growth *growth, int file, uint64_t used_bytes, uint64_t most_bytes)
{
    uint64_t from = growth->reserved_bytes > 0 ? growth->reserved_bytes : used_bytes;
    uint64_t reserve = next_end(used_bytes, RESERVE_STEP, growth->reserved_bytes, most_bytes);
    if (reserve > from) {
        (void)fallocate(file, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(reserve - from));
        growth->reserved_bytes = reserve;
    }
    uint64_t filled = next_end(used_bytes, fill_step(used_bytes), growth->filled_bytes, most_bytes);
    if (filled > growth->filled_bytes)
        growth->filled_bytes = fill(file, filled);
}
