/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/shortmac.h"
#include "store/base/layout.h"

#define HEADER_BYTES (4 + 8 + SHORTMAC_BYTES)
#define ROW_HEADER_BYTES (1 + 1 + 1 + 4)
#define POST_BYTES 16384   /* more than any post */
#define RECOVER_POSTS 4096 /* in a transaction */
#define POSITION_NAME "journal"

static const uint8_t tag_key[SHORTMAC_KEY_BYTES] = {1};

/* ---- the file ---- */

static void make_file(struct bs_journal *journal)
{
    static uint8_t zeroes[1 << 20];
    journal->file = open(journal->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (journal->file < 0) {
        bs_die("%s: %s", journal->path, strerror(errno));
    }
    for (size_t at = 0; at < BS_JOURNAL_BYTES; at += sizeof(zeroes)) {
        ssize_t wrote = pwrite(journal->file, zeroes, sizeof(zeroes), (off_t)at);
        bs_need(wrote == sizeof(zeroes) ? 0 : -EIO, journal->path);
    }
    bs_need(fsync(journal->file) == 0 ? 0 : -errno, journal->path);
}

static void tag_record(const uint8_t *record, size_t size, uint8_t tag[static SHORTMAC_BYTES])
{
    uint8_t both[12 + SHORTMAC_BYTES];
    memcpy(both, record, 12);
    shortmac_make(tag_key, record + HEADER_BYTES, size - HEADER_BYTES, both + 12);
    shortmac_make(tag_key, both, sizeof(both), tag);
}

static uint8_t *put_write(uint8_t *at, const struct bs_write *write)
{
    const struct bs_row *row = &write->row;
    at[0] = (uint8_t)row->table;
    at[1] = (uint8_t)((row->append ? 1 : 0) | (row->remove ? 2 : 0));
    at[2] = (uint8_t)row->key_size;
    put_be32(at + 3, (uint32_t)row->value_size);
    memcpy(at + ROW_HEADER_BYTES, row->key, row->key_size);
    memcpy(at + ROW_HEADER_BYTES + row->key_size, write->value, row->value_size);
    return at + ROW_HEADER_BYTES + row->key_size + row->value_size;
}

/* Puts the rows of a record into a transaction. */
static void apply(struct kv_txn *txn, const uint8_t *record, size_t size)
{
    const uint8_t *at = record + HEADER_BYTES;
    while (at < record + size) {
        struct bs_write write = {.row = {.table = (enum kv_table)at[0],
                                         .append = (at[1] & 1) != 0,
                                         .remove = (at[1] & 2) != 0,
                                         .key_size = at[2],
                                         .value_size = get_be32(at + 3)}};
        memcpy(write.row.key, at + ROW_HEADER_BYTES, write.row.key_size);
        write.value = at + ROW_HEADER_BYTES + write.row.key_size;
        bs_write_put(txn, &write);
        at = write.value + write.row.value_size;
    }
}

static void commit(struct kv_txn *txn, uint64_t number)
{
    struct row_key key = layout_meta(POSITION_NAME);
    uint8_t value[8];
    put_be64(value, number);
    kv_put(txn, KV_META, row_key_bytes(&key), (struct kv_bytes){value, sizeof(value)});
    bs_need(kv_commit(txn), "a commit of the journal");
}

/* ---- the thread ---- */

/* All that there is, in one transaction. */
static void apply_all(struct bs_journal *journal, struct bs_record *first)
{
    struct kv_txn *txn = NULL;
    uint64_t number = 0;
    size_t posts = 0;
    bs_need(kv_begin(journal->kv, KV_WRITE, &txn), "a transaction");
    for (struct bs_record *record = first; record != NULL;) {
        struct bs_record *next = record->next;
        apply(txn, record->bytes, record->size);
        number = record->number;
        posts += record->posts;
        free(record);
        record = next;
    }
    commit(txn, number);
    pthread_mutex_lock(&journal->lock);
    journal->behind -= posts;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

static void *run(void *context)
{
    struct bs_journal *journal = context;
    pthread_mutex_lock(&journal->lock);
    while (!journal->stopping) {
        struct bs_record *first = journal->held ? NULL : journal->first;
        if (first == NULL) {
            pthread_cond_wait(&journal->changed, &journal->lock);
            continue;
        }
        pthread_mutex_unlock(&journal->lock);
        int64_t next = bs_now() + journal->interval;
        pthread_mutex_lock(&journal->lock);
        first = journal->first;
        journal->first = NULL;
        journal->last = &journal->first;
        pthread_mutex_unlock(&journal->lock);
        apply_all(journal, first);
        bs_sleep_until(next);
        pthread_mutex_lock(&journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

void bs_journal_open(struct bs_journal *journal, struct kv *kv, const char *directory,
                     const struct bs_options *options)
{
    *journal = (struct bs_journal){
        .kv = kv,
        .interval = (int64_t)options->interval_ms * (BS_SECOND / 1000),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };
    journal->last = &journal->first;
    snprintf(journal->directory, sizeof(journal->directory), "%s", directory);
    snprintf(journal->path, sizeof(journal->path), "%s/journal", directory);
    make_file(journal);
    bs_need(-pthread_create(&journal->thread, NULL, run, journal), "a thread");
}

void bs_journal_close(struct bs_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->stopping = true;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    close(journal->file);
    unlink(journal->path);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->lock);
}

void bs_journal_drain(struct bs_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->behind > 0) {
        pthread_cond_wait(&journal->changed, &journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
}

void bs_journal_hold(struct bs_journal *journal)
{
    bs_journal_drain(journal);
    pthread_mutex_lock(&journal->lock);
    journal->held = true;
    pthread_mutex_unlock(&journal->lock);
    journal->at = 0;
}

/* ---- posting ---- */

static struct bs_record *encode(struct bs_journal *journal, struct bs_writer *writer, size_t posts)
{
    struct bs_write writes[BS_SHAPE_ROWS];
    struct bs_record *record = malloc(sizeof(*record) + HEADER_BYTES + posts * POST_BYTES);
    if (record == NULL) {
        bs_die("no memory for a record");
    }
    uint8_t *at = record->bytes + HEADER_BYTES;
    for (size_t post = 0; post < posts; post++) {
        size_t count = bs_writer_next(writer, post + 1 == posts, writes);
        for (size_t i = 0; i < count; i++) {
            at = put_write(at, &writes[i]);
        }
    }
    record->next = NULL;
    record->posts = posts;
    record->number = ++journal->number;
    record->size = (size_t)(at - record->bytes);
    put_be32(record->bytes, (uint32_t)(record->size - HEADER_BYTES));
    put_be64(record->bytes + 4, record->number);
    tag_record(record->bytes, record->size, record->bytes + 12);
    return record;
}

static void wait_for_room(struct bs_journal *journal, const struct bs_record *record)
{
    if (journal->at + record->size > BS_JOURNAL_BYTES) {
        bs_journal_drain(journal);
        journal->at = 0;
    }
    pthread_mutex_lock(&journal->lock);
    while (journal->behind + record->posts > BS_JOURNAL_BEHIND_MAXIMUM) {
        pthread_cond_wait(&journal->changed, &journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
}

void bs_journal_post(struct bs_journal *journal, struct bs_writer *writer, size_t posts)
{
    struct bs_record *record = encode(journal, writer, posts);
    wait_for_room(journal, record);
    ssize_t wrote = pwrite(journal->file, record->bytes, record->size, (off_t)journal->at);
    bs_need(wrote == (ssize_t)record->size ? 0 : -EIO, journal->path);
    bs_need(fdatasync(journal->file) == 0 ? 0 : -errno, journal->path);
    journal->at += record->size;
    pthread_mutex_lock(&journal->lock);
    *journal->last = record;
    journal->last = &record->next;
    journal->behind += posts;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

/* ---- recovery ---- */

static uint64_t last_applied(struct kv *kv)
{
    struct row_key key = layout_meta(POSITION_NAME);
    struct kv_txn *txn = NULL;
    struct kv_bytes value;
    bs_need(kv_begin(kv, KV_READ, &txn), "a snapshot");
    int result = kv_get(txn, KV_META, row_key_bytes(&key), &value);
    uint64_t number = result == 0 ? get_be64(value.data) : 0;
    kv_abort(txn);
    return number;
}

static void forget(struct bs_journal *journal)
{
    for (struct bs_record *record = journal->first; record != NULL;) {
        struct bs_record *next = record->next;
        free(record);
        record = next;
    }
    journal->first = NULL;
    journal->last = &journal->first;
    journal->behind = 0;
}

/* The size of the record here, if it is whole and its number is `number`; 0: the records end. */
static size_t whole_record(const uint8_t *at, size_t left, uint64_t number)
{
    uint8_t tag[SHORTMAC_BYTES];
    uint64_t size = left < HEADER_BYTES ? 0 : HEADER_BYTES + (uint64_t)get_be32(at);
    if (size <= HEADER_BYTES || size > left || get_be64(at + 4) != number) {
        return 0;
    }
    tag_record(at, (size_t)size, tag);
    return memcmp(tag, at + 12, sizeof(tag)) == 0 ? (size_t)size : 0;
}

static size_t count_posts(const uint8_t *record, size_t size)
{
    size_t posts = 0;
    for (const uint8_t *at = record + HEADER_BYTES; at < record + size;
         at += ROW_HEADER_BYTES + at[2] + get_be32(at + 3)) {
        posts += at[0] == KV_LOG ? 1 : 0;
    }
    return posts;
}

/* The records from the start of the file on, of which the first ones may be in LMDB. */
static size_t replay(const uint8_t *file, struct kv *kv)
{
    uint64_t applied = last_applied(kv);
    uint64_t number = get_be64(file + 4);
    struct kv_txn *txn = NULL;
    size_t posts = 0;
    size_t in_txn = 0;
    if (number > applied + 1) {
        bs_die("the journal begins at record %llu, LMDB ends at %llu", (unsigned long long)number,
               (unsigned long long)applied);
    }
    size_t size = 0;
    for (size_t at = 0; (size = whole_record(file + at, BS_JOURNAL_BYTES - at, number)) > 0;
         at += size, number++) {
        if (number <= applied) {
            continue;
        }
        if (txn == NULL) {
            bs_need(kv_begin(kv, KV_WRITE, &txn), "a transaction");
        }
        apply(txn, file + at, size);
        in_txn += count_posts(file + at, size);
        if (in_txn >= RECOVER_POSTS) {
            commit(TAKE_PTR(txn), number);
            posts += in_txn;
            in_txn = 0;
        }
    }
    if (txn != NULL) {
        commit(txn, number - 1);
    }
    return posts + in_txn;
}

size_t bs_journal_replay(const char *directory, struct kv *kv)
{
    char path[BS_PATH_SIZE + 16];
    snprintf(path, sizeof(path), "%s/journal", directory);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *map =
        file < 0 ? MAP_FAILED : mmap(NULL, BS_JOURNAL_BYTES, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) {
        bs_die("%s: %s", path, strerror(errno));
    }
    size_t posts = replay(map, kv);
    munmap(map, BS_JOURNAL_BYTES);
    close(file);
    return posts;
}

size_t bs_journal_recover(struct bs_journal *journal)
{
    forget(journal);
    size_t posts = bs_journal_replay(journal->directory, journal->kv);
    pthread_mutex_lock(&journal->lock);
    journal->held = false;
    journal->at = 0;
    pthread_mutex_unlock(&journal->lock);
    return posts;
}
