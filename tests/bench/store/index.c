/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/store/index.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/base/clock.h"
#include "store/committer.h"
#include "store/kv/lmdb.h"

#define MAP_BYTES ((uint64_t)64 << 30) /* as vixd's */
#define SETTLE_NS (5 * BS_SECOND / 1000)
#define AGREEMENT_DAYS 365

void bs_scratch_make(char path[static BS_PATH_SIZE])
{
    const char *top = getenv("TMPDIR");
    snprintf(path, BS_PATH_SIZE, "%s/bench-store-XXXXXX", top != NULL ? top : "/tmp");
    if (mkdtemp(path) == NULL) {
        bs_die("%s: %s", path, strerror(errno));
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void bs_scratch_remove(const char *path)
{
    if (path[0] != '\0' && nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0) {
        bs_die("%s: %s", path, strerror(errno));
    }
}

/* ---- who signals ---- */

static int run(struct bs_index *index, struct store_op *op, const struct attribution *by)
{
    if (by != NULL) {
        op->by = *by;
    } else {
        op->by.is_operator = true;
    }
    return store_run(index->store, op);
}

/* There from an earlier time: only its agreement is renewed. */
static uint32_t admit(struct bs_index *index, struct store_party_change *change)
{
    int result = run(index, &change->op, NULL);
    if (result == STORE_EXISTS) {
        change->action = PARTY_AGREEMENT_ADD;
        result = run(index, &change->op, NULL);
    }
    bs_need(result, "a party is not admitted");
    return change->number;
}

static uint32_t admit_reporter(struct bs_index *index, const struct bs_options *options,
                               const char *oin, const char *name)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_ADD;
    bs_need(oin_parse(oin, strlen(oin), &change.oin), oin);
    change.name = name;
    change.roles = PARTY_REPORTER;
    change.agreement = (struct agreement){(uint16_t)options->municipality,
                                          calendar_dutch_day(clock_now()) + AGREEMENT_DAYS};
    return admit(index, &change);
}

static void admit_municipality(struct bs_index *index, const struct bs_options *options)
{
    struct store_party_change change;
    store_party_change_init(&change);
    change.action = PARTY_ADD;
    snprintf(change.oin.text, sizeof(change.oin.text), "0000009999999%03u0000",
             (unsigned)options->municipality % 1000);
    change.name = "Gemeente";
    change.roles = PARTY_MUNICIPALITY;
    change.own_municipality = (uint16_t)options->municipality;
    int result = run(index, &change.op, NULL);
    if (result != STORE_EXISTS) {
        bs_need(result, "the municipality is not admitted");
    }
}

static void hire(struct bs_index *index, const struct bs_options *options, const char *oin,
                 const char *name, const char *professional)
{
    struct bs_reporter *reporter = &index->reporters[index->reporter_count];
    struct store_professional_put put;
    reporter->party = admit_reporter(index, options, oin, name);
    snprintf(reporter->professional, sizeof(reporter->professional), "%s", professional);
    snprintf(reporter->by.party.text, sizeof(reporter->by.party.text), "%s", oin);
    reporter->by.has_certificate = true;
    put_be64(reporter->by.certificate, reporter->party * UINT64_C(0x9e3779b97f4a7c15));
    store_professional_put_init(&put);
    put.op.party = reporter->party;
    put.id = reporter->professional;
    put.contact =
        (struct contact){"B. Proef", "belastingproef", "proef@example.org", "+31 70 000 0000"};
    bs_need(run(index, &put.op, &reporter->by), "a professional is not taken on");
    index->reporter_count++;
}

static void hire_numbered(struct bs_index *index, const struct bs_options *options)
{
    for (uint64_t nth = 1; nth <= options->professionals; nth++) {
        for (uint64_t party = 1; party <= options->parties; party++) {
            char oin[32];
            char name[64];
            char id[PROFESSIONAL_ID_MAXIMUM + 1];
            snprintf(oin, sizeof(oin), "00000099%08u0000", (unsigned)party);
            snprintf(name, sizeof(name), "Belastingproef %u", (unsigned)party);
            snprintf(id, sizeof(id), nth == 1 ? "%s" : "%s-%u", options->professional,
                     (unsigned)nth);
            hire(index, options, oin, name, id);
        }
    }
}

static void hire_listed(struct bs_index *index, const struct bs_options *options)
{
    char oin[32];
    char id[PROFESSIONAL_ID_MAXIMUM + 1];
    FILE *file = fopen(options->parties_file, "re");
    if (file == NULL) {
        bs_die("%s: %s", options->parties_file, strerror(errno));
    }
    while (index->reporter_count < BS_PARTIES_MAXIMUM && fscanf(file, "%31s %64s", oin, id) == 2) {
        hire(index, options, oin, oin, id);
    }
    if (!feof(file)) {
        bs_die("%s: lines are \"OIN professional\", at most %d", options->parties_file,
               BS_PARTIES_MAXIMUM);
    }
    fclose(file);
}

static void hire_all(struct bs_index *index, const struct bs_options *options)
{
    uint64_t count = options->parties * options->professionals;
    if (count > BS_PARTIES_MAXIMUM) {
        bs_die("there may be at most %d professionals", BS_PARTIES_MAXIMUM);
    }
    index->reporters = bs_new(BS_PARTIES_MAXIMUM, sizeof(*index->reporters));
    if (options->follow_up) {
        admit_municipality(index, options);
    }
    if (options->parties_file != NULL) {
        hire_listed(index, options);
    } else {
        hire_numbered(index, options);
    }
}

/* ---- opening ---- */

static void open_keys(struct bs_index *index, const struct bs_options *options)
{
    char why[KEYRING_WHY_SIZE] = "";
    char own[BS_PATH_SIZE + 8];
    snprintf(own, sizeof(own), "%s/keys", index->scratch);
    const char *directory = options->keys != NULL ? options->keys : own;
    if (access(directory, F_OK) != 0 && keyring_create(directory, why) != 0) {
        bs_die("%s", why);
    }
    if (keyring_load(directory, options->epoch_keys, &index->keys, why) != 0) {
        bs_die("%s", why);
    }
}

static void note_failure(void *context, const char *what)
{
    (void)context;
    bs_die("%s", what);
}

void bs_index_open(struct bs_index *index, const struct bs_options *options,
                   struct kv *(*wrap)(struct kv *inner))
{
    char why[STORE_WHY_SIZE];
    *index = (struct bs_index){.scratch = ""};
    bs_need(secret_init(), "libsodium does not start");
    if (options->store != NULL && options->keys == NULL) {
        bs_die("--store needs --keys");
    }
    if (options->store == NULL) {
        bs_scratch_make(index->scratch);
    }
    snprintf(index->directory, sizeof(index->directory), "%s%s",
             options->store != NULL ? options->store : index->scratch,
             options->store != NULL ? "" : "/store");
    if (mkdir(index->directory, S_IRWXU) != 0 && errno != EEXIST) {
        bs_die("%s: %s", index->directory, strerror(errno));
    }
    open_keys(index, options);
    struct kv_lmdb_options lmdb = {.directory = index->directory, .map_bytes = MAP_BYTES};
    bs_need(kv_lmdb_open(&lmdb, &index->kv), index->directory);
    index->kv = wrap != NULL ? wrap(index->kv) : index->kv;
    struct store_options store = {.keys = index->keys,
                                  .log_origin = options->origin,
                                  .failed = note_failure,
                                  .engine = index->kv};
    store_policy_default(&store.policy);
    if (store_open(&store, &index->store, why) != 0) {
        bs_die("%s does not open: %s", index->directory, why);
    }
    hire_all(index, options);
}

void bs_index_close(struct bs_index *index)
{
    store_close(index->store);
    keyring_free(index->keys);
    free(index->reporters);
    bs_scratch_remove(index->scratch);
}

int64_t bs_index_settle(struct bs_index *index)
{
    int64_t began = bs_now();
    struct store_status status;
    store_get_status(index->store, &status);
    while (status.unindexed > 0 || status.due_lag > 0 || status.epoch_turning) {
        bs_sleep_until(bs_now() + SETTLE_NS);
        store_get_status(index->store, &status);
        if (status.failed) {
            bs_die("the store has failed");
        }
    }
    return bs_now() - began;
}

double bs_index_disk_bytes(const struct bs_index *index)
{
    char path[BS_PATH_SIZE + 32];
    struct stat status;
    snprintf(path, sizeof(path), "%s/data.mdb", index->directory);
    if (stat(path, &status) != 0) {
        bs_die("%s: %s", path, strerror(errno));
    }
    return (double)status.st_blocks * 512;
}

int64_t bs_index_committer_cpu(const struct bs_index *index)
{
    clockid_t clock;
    struct timespec now;
    if (pthread_getcpuclockid(index->store->thread, &clock) != 0 ||
        clock_gettime(clock, &now) != 0) {
        bs_die("the committer has no clock");
    }
    return now.tv_sec * BS_SECOND + now.tv_nsec;
}
