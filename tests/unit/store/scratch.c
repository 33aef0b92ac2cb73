/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/kv/lmdb.h"

void scratch_init(struct scratch *scratch)
{
    const char *top = getenv("TMPDIR");
    *scratch = (struct scratch){0};
    int length = snprintf(scratch->directory, sizeof(scratch->directory), "%s/vix-XXXXXX",
                          top != NULL ? top : "/tmp");
    assert_in_range(length, 1, sizeof(scratch->directory) - 1);
    assert_non_null(mkdtemp(scratch->directory));
}

void scratch_open(struct scratch *scratch, uint64_t map_bytes)
{
    struct kv_lmdb_options options = {.directory = scratch->directory, .map_bytes = map_bytes};
    assert_null(scratch->kv);
    assert_int_equal(kv_lmdb_open(&options, &scratch->kv), 0);
}

void scratch_close(struct scratch *scratch)
{
    kv_close(scratch->kv);
    scratch->kv = NULL;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void scratch_finish(struct scratch *scratch)
{
    scratch_close(scratch);
    assert_int_equal(nftw(scratch->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
    static char path[512];
    int length = snprintf(path, sizeof(path), "%s/%s", scratch->directory, name);
    assert_in_range(length, 1, sizeof(path) - 1);
    return path;
}

bool scratch_file_has(const char *path, const void *bytes, size_t size)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    assert_true(file >= 0 && fstat(file, &status) == 0);
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    assert_true(map != MAP_FAILED);
    bool found = memmem(map, (size_t)status.st_size, bytes, size) != NULL;
    munmap(map, (size_t)status.st_size);
    close(file);
    return found;
}
