/* SPDX-License-Identifier: EUPL-1.2 */
/* That nothing acknowledged is lost when a process with a journal is killed. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/kv/lmdb.h"
#include "tests/bench/store/journal.h"

#define MAP_BYTES ((uint64_t)64 << 30)
#define BATCH 64
#define INTERVAL_MS 20        /* so that many a process dies within a transaction of LMDB */
#define KILL_POSTS 3000       /* at least so many are acknowledged, and less than */
#define KILL_POSTS_MORE 12000 /* so many more */

static struct kv *open_kv(const char *directory)
{
    struct kv *kv = NULL;
    struct kv_lmdb_options lmdb = {.directory = directory, .map_bytes = MAP_BYTES};
    bs_need(kv_lmdb_open(&lmdb, &kv), directory);
    return kv;
}

/* Tells through `acks`, after each batch, how many posts are durable. Does not return. */
static void post_for_ever(const struct bs_options *options, const struct bs_shape *shapes,
                          const char *directory, int acks)
{
    struct bs_writer writer;
    struct bs_journal journal;
    struct kv *kv = open_kv(directory);
    bs_writer_open(&writer, shapes, kv, options);
    bs_journal_open(&journal, kv, directory, options);
    for (;;) {
        bs_journal_post(&journal, &writer, BATCH);
        if (write(acks, &writer.posts, sizeof(writer.posts)) != sizeof(writer.posts)) {
            _exit(1);
        }
    }
}

/* Returns how many posts were acknowledged. */
static uint64_t kill_one(const struct bs_options *options, const struct bs_shape *shapes,
                         const char *directory, uint64_t wanted)
{
    int acks[2];
    uint64_t acknowledged = 0;
    uint64_t told = 0;
    int status = 0;
    bs_need(pipe(acks) == 0 ? 0 : -errno, "a pipe");
    fflush(NULL);
    pid_t child = fork();
    bs_need(child < 0 ? -errno : 0, "a process");
    if (child == 0) {
        close(acks[0]);
        post_for_ever(options, shapes, directory, acks[1]);
    }
    close(acks[1]);
    while (read(acks[0], &told, sizeof(told)) == sizeof(told)) {
        acknowledged = told;
        if (acknowledged >= wanted) {
            bs_need(kill(child, SIGKILL) == 0 ? 0 : -errno, "a kill");
        }
    }
    close(acks[0]);
    bs_need(waitpid(child, &status, 0) == child ? 0 : -errno, "a wait");
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        bs_die("the process that was to be killed ended by itself");
    }
    return acknowledged;
}

static bool is_position(const struct kv_bytes *key)
{
    return key->size >= 7 && memcmp(key->data, "journal", 7) == 0;
}

static int next_row(struct kv_range *range, struct kv_bytes *key, struct kv_bytes *value)
{
    int result = kv_range_next(range, key, value);
    return result == 0 && is_position(key) ? kv_range_next(range, key, value) : result;
}

/* Row by row. Returns how many there are. */
static uint64_t compare_table(struct kv_txn *one, struct kv_txn *other, enum kv_table table)
{
    struct kv_bytes none = {"", 0};
    struct kv_range *ranges[2];
    struct kv_bytes keys[2];
    struct kv_bytes values[2];
    bs_need(kv_range_open(one, table, none, none, KV_UP, &ranges[0]), "a range");
    bs_need(kv_range_open(other, table, none, none, KV_UP, &ranges[1]), "a range");
    uint64_t rows = 0;
    for (;; rows++) {
        int results[2];
        for (int i = 0; i < 2; i++) {
            results[i] = next_row(ranges[i], &keys[i], &values[i]);
        }
        if (results[0] != 0 && results[0] == results[1]) {
            break;
        }
        if (results[0] != results[1] || keys[0].size != keys[1].size ||
            values[0].size != values[1].size ||
            memcmp(keys[0].data, keys[1].data, keys[0].size) != 0 ||
            memcmp(values[0].data, values[1].data, values[0].size) != 0) {
            bs_die("table %d: row %" PRIu64 " was not recovered", (int)table, rows);
        }
    }
    kv_range_close(ranges[0]);
    kv_range_close(ranges[1]);
    return rows;
}

static uint64_t compare(struct kv *one, struct kv *other)
{
    struct kv_txn *txns[2];
    uint64_t rows = 0;
    bs_need(kv_begin(one, KV_READ, &txns[0]), "a snapshot");
    bs_need(kv_begin(other, KV_READ, &txns[1]), "a snapshot");
    for (int table = KV_META; table < KV_TABLES; table++) {
        rows += compare_table(txns[0], txns[1], (enum kv_table)table);
    }
    kv_abort(txns[0]);
    kv_abort(txns[1]);
    return rows;
}

/* A store that got as many posts without a journal. */
static uint64_t check(const struct bs_options *options, const struct bs_shape *shapes,
                      struct kv *kv, uint64_t acknowledged, uint64_t *ret_posts)
{
    char scratch[BS_PATH_SIZE];
    struct bs_writer writer;
    struct bs_writer end;
    bs_scratch_make(scratch);
    struct kv *direct = open_kv(scratch);
    bs_writer_open(&end, shapes, kv, options);
    bs_writer_open(&writer, shapes, direct, options);
    if (end.log < acknowledged) {
        bs_die("%" PRIu64 " posts were acknowledged, %" PRIu64 " are there", acknowledged, end.log);
    }
    *ret_posts = end.log;
    while (writer.log < end.log) {
        bs_writer_commit(&writer, direct, BATCH);
    }
    uint64_t rows = compare(kv, direct);
    bs_writer_close(&end);
    bs_writer_close(&writer);
    kv_close(direct);
    bs_scratch_remove(scratch);
    return rows;
}

void bs_journal_kill(struct bs_report *report, const struct bs_options *given,
                     const struct bs_shape *shapes)
{
    struct bs_options options = *given;
    uint64_t random = options.seed;
    options.interval_ms = INTERVAL_MS;
    bs_report_begin(report, "killed", '[');
    for (size_t round = 0; round < options.rounds; round++) {
        char scratch[BS_PATH_SIZE];
        uint64_t posts = 0;
        options.seed = given->seed + round;
        bs_scratch_make(scratch);
        uint64_t acknowledged =
            kill_one(&options, shapes, scratch, KILL_POSTS + bs_random(&random) % KILL_POSTS_MORE);
        struct kv *kv = open_kv(scratch);
        size_t replayed = bs_journal_replay(scratch, kv);
        uint64_t rows = check(&options, shapes, kv, acknowledged, &posts);
        kv_close(kv);
        bs_scratch_remove(scratch);
        bs_report_begin(report, NULL, '{');
        bs_report_number(report, "acknowledged", (double)acknowledged);
        bs_report_number(report, "found", (double)posts);
        bs_report_number(report, "ofWhichFromTheJournal", (double)replayed);
        bs_report_number(report, "rowsCompared", (double)rows);
        bs_report_end(report, '{');
    }
    bs_report_end(report, '[');
}
