/* SPDX-License-Identifier: EUPL-1.2 */
/* Two heads held against each other by tiles: of honest logs of many sizes, and of lying ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/secret.h"
#include "tools/audit/tiles.h"

#define LEVELS 4
#define LEAVES 70001
#define FETCHES_MAXIMUM 12 /* more than any comparison of such trees needs */

/* All hashes of all tiles of a log. */
struct log {
    uint64_t size;
    struct merkle_hash *hashes[LEVELS]; /* level 8 * l of the tree */
};

struct source {
    const struct log *log;
    size_t fetches;
    char paths[FETCHES_MAXIMUM][AUDIT_TILE_PATH_SIZE];
    size_t spoilt_fetch; /* counted from 1; 0: none */
    size_t spoilt_hash;
    int fault; /* instead of the first tile */
};

static void keep(void *context, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    struct log *log = context;
    if (level % 8 == 0 && level / 8 < LEVELS) {
        log->hashes[level / 8][index] = *hash;
    }
}

/* Leaf `changed` and those after it are others than usual. */
static void make_log(struct log *log, uint64_t size, uint64_t changed)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (unsigned l = 0; l < LEVELS; l++) {
        log->hashes[l] = calloc((size >> (8 * l)) + 1, sizeof(struct merkle_hash));
        assert_non_null(log->hashes[l]);
    }
    log->size = size;
    for (uint64_t i = 0; i < size; i++) {
        uint64_t entry = i + (i >= changed ? UINT64_C(1) << 40 : 0);
        struct merkle_hash leaf;
        merkle_leaf(&entry, sizeof(entry), &leaf);
        merkle_frontier_append(&frontier, &leaf, keep, log);
    }
}

static void log_free(struct log *log)
{
    for (unsigned l = 0; l < LEVELS; l++) {
        free(log->hashes[l]);
    }
}

static void head_of(const struct log *log, uint64_t size, struct checkpoint *ret_head)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        merkle_frontier_append(&frontier, &log->hashes[0][i], NULL, NULL);
    }
    *ret_head = (struct checkpoint){.size = size};
    merkle_frontier_root(&frontier, &ret_head->root);
}

/* Reads a path as a server would: independently of how it was made. */
static void read_path(const char *path, unsigned *ret_level, uint64_t *ret_number,
                      size_t *ret_width)
{
    char *end = NULL;
    assert_memory_equal(path, "tile/", 5);
    *ret_level = (unsigned)strtoul(path + 5, &end, 10);
    *ret_number = 0;
    *ret_width = 256;
    while (*end == '/') {
        bool is_last = end[1] != 'x';
        const char *digits = end + 1 + !is_last;
        *ret_number = *ret_number * 1000 + strtoul(digits, &end, 10);
        assert_int_equal(end - digits, 3);
        assert_true(is_last == (*end != '/'));
    }
    if (*end == '.') {
        assert_memory_equal(end, ".p/", 3);
        *ret_width = strtoul(end + 3, &end, 10);
        assert_in_range(*ret_width, 1, 255);
    }
    assert_int_equal(*end, '\0');
}

static int fetch(void *context, const char *path, size_t count, struct merkle_hash *ret_hashes)
{
    struct source *source = context;
    unsigned level = 0;
    uint64_t number = 0;
    size_t width = 0;
    if (source->fault != 0) {
        return source->fault;
    }
    read_path(path, &level, &number, &width);
    assert_int_equal(width, count);
    assert_true(level < LEVELS);
    assert_true(number * 256 + width <= source->log->size >> (8 * level)); /* never beyond */
    assert_true(source->fetches < FETCHES_MAXIMUM);
    for (size_t i = 0; i < source->fetches; i++) {
        assert_string_not_equal(path, source->paths[i]); /* none twice */
    }
    strcpy(source->paths[source->fetches++], path);
    memcpy(ret_hashes, &source->log->hashes[level][number * 256], count * sizeof(*ret_hashes));
    if (source->fetches == source->spoilt_fetch) {
        ret_hashes[source->spoilt_hash % count].bytes[7] ^= 4;
    }
    return 0;
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        unsigned level;
        uint64_t number;
        unsigned width;
        const char *path;
    } cases[] = {
        {0, 0, 256, "tile/0/000"},
        {0, 999, 256, "tile/0/999"},
        {1, 1000, 3, "tile/1/x001/000.p/3"},
        {2, 1234067, 256, "tile/2/x001/x234/067"},
        {0, UINT64_MAX >> 9, 255, "tile/0/x036/x028/x797/x018/x963/967.p/255"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char path[AUDIT_TILE_PATH_SIZE];
        audit_tile_path(cases[i].level, cases[i].number, cases[i].width, path);
        assert_string_equal(path, cases[i].path);
    }
}

static const uint64_t sizes[] = {0,   1,   2,   3,    255,  256,   257,   511,   512,   513,
                                 700, 767, 768, 1024, 4097, 65535, 65536, 65537, 70000, 70001};

static void test_an_honest_log_holds_every_earlier_head(void **state)
{
    (void)state;
    struct log log;
    make_log(&log, LEAVES, UINT64_MAX);
    for (size_t n = 0; n < ARRAY_LENGTH(sizes); n++) {
        struct checkpoint head;
        struct log present = log;
        present.size = sizes[n];
        head_of(&log, sizes[n], &head);
        for (size_t o = 0; o < ARRAY_LENGTH(sizes); o++) {
            struct checkpoint old;
            struct source source = {.log = &present};
            head_of(&log, sizes[o], &old);
            int result = audit_tiles_compare(&old, &head, fetch, &source);
            assert_int_equal(result, o <= n ? AUDIT_TILES_HOLD : AUDIT_TILES_SHRUNK);
            assert_true(source.fetches <= 6); /* two for each of the three levels */
        }
    }
    log_free(&log);
}

static void test_a_fork_is_told_from_wrong_tiles(void **state)
{
    (void)state;
    struct log log;
    struct log other;
    make_log(&log, 1500, UINT64_MAX);
    static const uint64_t changed[] = {0, 255, 256, 699, 1023};
    for (size_t c = 0; c < ARRAY_LENGTH(changed); c++) {
        make_log(&other, 1500, changed[c]);
        for (size_t o = 1; o < ARRAY_LENGTH(sizes) && sizes[o] <= 1024; o++) {
            struct checkpoint old;
            struct checkpoint head;
            struct source source = {.log = &other};
            head_of(&log, sizes[o], &old);
            head_of(&other, 1500, &head);
            assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source),
                             sizes[o] <= changed[c] ? AUDIT_TILES_HOLD : AUDIT_TILES_FORK);
            /* The honest head, with tiles of the fork: nothing is proven by that. */
            source = (struct source){.log = &other};
            head_of(&log, 1500, &head);
            assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source), AUDIT_TILES_WRONG);
        }
        log_free(&other);
    }
    /* Of one size there is nothing to fetch. */
    struct checkpoint head;
    struct checkpoint old;
    struct source source = {.log = &log};
    head_of(&log, 700, &head);
    old = head;
    assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source), AUDIT_TILES_HOLD);
    old.root.bytes[0] ^= 1;
    assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source), AUDIT_TILES_FORK);
    old.size = 0;
    assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source), AUDIT_TILES_FORK);
    assert_int_equal(source.fetches, 0);
    log_free(&log);
}

static void test_every_tile_is_checked(void **state)
{
    (void)state;
    struct log log;
    struct checkpoint head;
    struct checkpoint old;
    make_log(&log, LEAVES, UINT64_MAX);
    head_of(&log, LEAVES, &head);
    head_of(&log, 33333, &old);
    struct source honest = {.log = &log};
    assert_int_equal(audit_tiles_compare(&old, &head, fetch, &honest), AUDIT_TILES_HOLD);
    assert_true(honest.fetches >= 4);
    for (size_t tile = 1; tile <= honest.fetches; tile++) {
        static const size_t hashes[] = {0, 1, 77, 254, 255};
        for (size_t h = 0; h < ARRAY_LENGTH(hashes); h++) {
            struct source source = {.log = &log, .spoilt_fetch = tile, .spoilt_hash = hashes[h]};
            assert_int_equal(audit_tiles_compare(&old, &head, fetch, &source), AUDIT_TILES_WRONG);
        }
    }
    struct source broken = {.log = &log, .fault = -EIO};
    assert_int_equal(audit_tiles_compare(&old, &head, fetch, &broken), -EIO);
    log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_an_honest_log_holds_every_earlier_head),
        cmocka_unit_test(test_a_fork_is_told_from_wrong_tiles),
        cmocka_unit_test(test_every_tile_is_checked),
    };
    if (secret_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
