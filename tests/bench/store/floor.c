/* SPDX-License-Identifier: EUPL-1.2 */
/* What nothing of ours can be cheaper than. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "tests/bench/store/rows.h"
#include "tests/bench/store/tls.h"

#define SYNC_BYTES 4096
#define SYNC_FILE_BYTES ((off_t)64 << 20)
#define ROUND_NS(options) ((int64_t)((options)->seconds * 1e9 / (double)(options)->rounds / 10))
#define SAMPLES_MAXIMUM 200000

/* ---- the disk ---- */

/* Synchronous writes all over a file whose blocks are there. */
static void tell_syncs(struct bs_report *report, const struct bs_options *options,
                       const char *directory)
{
    char path[BS_PATH_SIZE + 16];
    uint8_t block[SYNC_BYTES];
    double *samples = bs_new(SAMPLES_MAXIMUM, sizeof(*samples));
    size_t count = 0;
    uint64_t random = options->seed;
    snprintf(path, sizeof(path), "%s/floor", directory);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        bs_die("%s: %s", path, strerror(errno));
    }
    secret_random(block, sizeof(block));
    for (off_t at = 0; at < SYNC_FILE_BYTES; at += SYNC_BYTES) {
        bs_need(pwrite(file, block, sizeof(block), at) == SYNC_BYTES ? 0 : -errno, path);
    }
    bs_need(fdatasync(file) == 0 ? 0 : -errno, path);
    int64_t until = bs_now() + (int64_t)(options->seconds * 1e9 / 4);
    while (bs_now() < until && count < SAMPLES_MAXIMUM) {
        off_t at = (off_t)(bs_random(&random) % (SYNC_FILE_BYTES / SYNC_BYTES)) * SYNC_BYTES;
        int64_t began = bs_now();
        bs_need(pwrite(file, block, sizeof(block), at) == SYNC_BYTES ? 0 : -errno, path);
        bs_need(fdatasync(file) == 0 ? 0 : -errno, path);
        samples[count++] = (double)(bs_now() - began) / 1e3;
    }
    close(file);
    unlink(path);
    bs_report_latencies(report, "fdatasyncOf4KiB", samples, count);
    free(samples);
}

/* ---- LMDB ---- */

static const size_t batches[] = {1, 8, 64, 256};

/* All sizes of batches in every round, so that all meet the same neighbours. */
static void tell_batches(struct bs_report *report, const struct bs_options *options,
                         struct bs_writer *writer, struct kv *kv)
{
    double rates[ARRAY_LENGTH(batches)][99];
    double cpu[ARRAY_LENGTH(batches)][99];
    for (size_t round = 0; round < options->rounds; round++) {
        for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
            int64_t began = bs_now();
            int64_t process = bs_process_cpu();
            size_t posts = 0;
            while (bs_now() - began < ROUND_NS(options)) {
                bs_writer_commit(writer, kv, batches[i]);
                posts += batches[i];
            }
            rates[i][round] = (double)posts * 1e9 / (double)(bs_now() - began);
            cpu[i][round] = (double)(bs_process_cpu() - process) / 1e3 / (double)posts;
        }
    }
    bs_report_begin(report, "lmdbSameRows", '[');
    for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
        bs_report_begin(report, NULL, '{');
        bs_report_number(report, "postsPerCommit", (double)batches[i]);
        bs_report_number(report, "postsPerSecond", bs_median(rates[i], options->rounds));
        bs_report_number(report, "cpuPerPost", bs_median(cpu[i], options->rounds));
        bs_report_end(report, '{');
    }
    bs_report_end(report, '[');
}

enum { PAGE_BATCHES = 24, PAGE_POSTS = 64, PAGE_NAMES = 32, PAGE_ROUNDS = 3 };

static double count_pages(struct bs_writer *writer, struct kv *kv)
{
    bs_count_start();
    for (int i = 0; i < PAGE_BATCHES; i++) {
        bs_writer_commit(writer, kv, PAGE_POSTS);
    }
    bs_count_stop();
    double bytes = (double)(bs_count_of(BS_pwrite)->bytes + bs_count_of(BS_writev)->bytes);
    return bytes / SYNC_BYTES / (PAGE_BATCHES * PAGE_POSTS);
}

/* `name` may be the beginning of one. */
static void leave_out(struct bs_shape *shape, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < shape->count; i++) {
        if (strncmp(bs_row_name(&shape->rows[i]), name, strlen(name)) != 0) {
            shape->rows[kept++] = shape->rows[i];
        }
    }
    shape->count = kept;
}

static size_t find_names(const struct bs_shape *shapes, const char **names)
{
    size_t count = 3;
    names[0] = "child:";
    names[1] = "party:";
    names[2] = "due:";
    for (size_t i = 0; i < BS_SHAPES; i++) {
        for (size_t row = 0; row < shapes[i].count; row++) {
            const char *name = bs_row_name(&shapes[i].rows[row]);
            size_t at = 0;
            while (at < count && strcmp(names[at], name) != 0) {
                at++;
            }
            if (at == count && count < PAGE_NAMES) {
                names[count++] = name;
            }
        }
    }
    return count;
}

/*
 * How many of the pages that a post writes, in batches as the committer's, are there for the rows
 * of one name alone: each time beside batches with all rows, as the store grows meanwhile.
 */
static void tell_pages(struct bs_report *report, struct bs_shape *shapes, struct bs_writer *writer,
                       struct kv *kv)
{
    const char *names[PAGE_NAMES];
    size_t count = find_names(shapes, names);
    struct bs_shape *all = bs_new(BS_SHAPES, sizeof(*all));
    memcpy(all, shapes, BS_SHAPES * sizeof(*all));
    bs_report_number(report, "pagesPerPost", count_pages(writer, kv));
    bs_report_begin(report, "pagesPerPostFor", '{');
    for (size_t at = 0; at < count; at++) {
        double saved[PAGE_ROUNDS];
        for (size_t round = 0; round < PAGE_ROUNDS; round++) {
            double with = count_pages(writer, kv);
            for (size_t i = 0; i < BS_SHAPES; i++) {
                leave_out(&shapes[i], names[at]);
            }
            saved[round] = with - count_pages(writer, kv);
            memcpy(shapes, all, BS_SHAPES * sizeof(*all));
        }
        bs_report_number(report, names[at], bs_median(saved, PAGE_ROUNDS));
    }
    bs_report_end(report, '{');
    free(all);
}

/* ---- arithmetic ---- */

static struct oprf_scalar scalar;
static struct oprf_element element;
static struct bs_tls *tls;
static struct checkpoint_signer signer;
static struct merkle_hash root;

static void evaluate(void)
{
    struct oprf_element out;
    bs_need(oprf_evaluate(&scalar, &element, &out), "an evaluation");
}

static void hash_to_group(void)
{
    struct oprf_element out;
    bs_need(oprf_hash_to_group(OPRF_VERIFIABLE, scalar.bytes, sizeof(scalar.bytes), &out),
            "a hash to the group");
}

static void pass_records(void)
{
    bs_tls_round(tls);
}

static void sign(void)
{
    char note[CHECKPOINT_NOTE_MAXIMUM];
    if (checkpoint_sign(&signer, 1000000, &root, note) == 0) {
        bs_die("no signature");
    }
}

static void tell_arithmetic(struct bs_report *report, const struct bs_options *options)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } works[] = {{"oprfEvaluation", evaluate},
                 {"hashToGroup", hash_to_group},
                 {"tlsRequestAndAnswer", pass_records},
                 {"ed25519Signature", sign}};
    double took[ARRAY_LENGTH(works)][99];
    for (size_t round = 0; round < options->rounds; round++) {
        for (size_t i = 0; i < ARRAY_LENGTH(works); i++) {
            int64_t began = bs_now();
            int64_t cpu = bs_process_cpu();
            size_t count = 0;
            for (; bs_now() - began < ROUND_NS(options); count++) {
                works[i].work();
            }
            took[i][round] = (double)(bs_process_cpu() - cpu) / 1e3 / (double)count;
        }
    }
    bs_report_begin(report, "cpuMicroseconds", '{');
    for (size_t i = 0; i < ARRAY_LENGTH(works); i++) {
        bs_report_number(report, works[i].name, bs_median(took[i], options->rounds));
    }
    bs_report_end(report, '{');
}

int bs_floor(const struct bs_options *options)
{
    char scratch[BS_PATH_SIZE];
    uint8_t seed[CHECKPOINT_SEED_BYTES] = {1};
    struct bs_report report;
    struct bs_writer writer;
    struct bs_shape *shapes = bs_new(BS_SHAPES, sizeof(*shapes));
    bs_need(secret_init(), "libsodium");
    bs_shapes_record(options, shapes);
    struct kv *kv = bs_raw_open(options, shapes, scratch, &writer);
    oprf_random_scalar(&scalar);
    bs_need(oprf_hash_to_group(OPRF_VERIFIABLE, seed, sizeof(seed), &element), "an element");
    bs_need(checkpoint_signer_init(&signer, options->origin, seed), "a signer");
    tls = bs_tls_open();
    struct bs_busy busy = bs_busy_now();
    bs_report_open(&report, options, "floor");
    tell_syncs(&report, options, options->store != NULL ? options->store : scratch);
    tell_batches(&report, options, &writer, kv);
    tell_pages(&report, shapes, &writer, kv);
    tell_arithmetic(&report, options);
    bs_report_number(&report, "others", bs_busy_others(&busy));
    bs_report_close(&report);
    bs_tls_close(tls);
    kv_close(kv);
    bs_writer_close(&writer);
    bs_scratch_remove(scratch);
    free(shapes);
    return 0;
}
