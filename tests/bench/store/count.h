/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Counts what the store does: an engine around another that counts rows and bytes, and counters
 * around functions, put there by the linker (--wrap; the list is in meson.build, and the system
 * calls that LMDB makes are taken over by name). While nothing is counted a wrapped call costs one
 * branch. Whatever thread is at work is counted: only the committer should be.
 */
#ifndef TESTS_BENCH_STORE_COUNT_H
#define TESTS_BENCH_STORE_COUNT_H

#include "store/kv/kv.h"
#include "tests/bench/store/bench_store.h"

/* Times are of the processor's counter; bs_count_ns() makes them ns. */
struct bs_count {
    uint64_t calls;
    uint64_t ticks;
    uint64_t bytes; /* of calls that have any */
};

struct bs_table_count {
    struct bs_count get;
    struct bs_count put; /* bytes: of key and value */
    struct bs_count remove;
    struct bs_count range;
};

struct bs_counts {
    struct bs_table_count tables[KV_TABLES];
    struct bs_count commit;
};

/* What is wrapped: steps of an operation, which contain the rest, and what they are made of. */
#define BS_STEPS(X)                                                                                \
    X(party_load)                                                                                  \
    X(professional_find)                                                                           \
    X(child_file_load)                                                                             \
    X(child_file_create)                                                                           \
    X(child_file_save)                                                                             \
    X(signal_row_save)                                                                             \
    X(signal_due_put)                                                                              \
    X(statistics_count)                                                                            \
    X(match_joined)                                                                                \
    X(notice_send)                                                                                 \
    X(tx_subject)                                                                                  \
    X(tx_log_op)
#define BS_PARTS(X)                                                                                \
    X(seal_close)                                                                                  \
    X(seal_open)                                                                                   \
    X(seal_mask)                                                                                   \
    X(seal_derive_key)                                                                             \
    X(randombytes_buf)                                                                             \
    X(nonce_make)                                                                                  \
    X(sha256_of)                                                                                   \
    X(crypto_generichash_blake2b)                                                                  \
    X(shortmac_make)                                                                               \
    X(log_record_render)                                                                           \
    X(calendar_dutch_day)                                                                          \
    X(calendar_dutch_midnight)                                                                     \
    X(arena_new)                                                                                   \
    X(secret_malloc)                                                                               \
    X(checkpoint_sign)
#define BS_CALLS(X)                                                                                \
    X(pwrite)                                                                                      \
    X(writev)                                                                                      \
    X(fdatasync)
enum bs_counted {
#define X(name) BS_##name,
    BS_STEPS(X) BS_PARTS(X) BS_CALLS(X)
#undef X
        BS_COUNTED
};

/* Begins anew, or ends; what was counted stays. */
void bs_count_start(void);
void bs_count_stop(void);
double bs_count_ns(uint64_t ticks);
const struct bs_counts *bs_counts(void);
const struct bs_count *bs_count_of(enum bs_counted what);
const char *bs_count_name(enum bs_counted what);

/* One row that was written. */
#define BS_ROW_KEY_MAXIMUM 64
struct bs_row {
    enum kv_table table;
    bool append;
    bool remove;
    size_t key_size;
    size_t value_size;
    uint8_t key[BS_ROW_KEY_MAXIMUM];
};
/* From now on rows that are written go to `rows`, until there is no place; NULL: no more. */
void bs_count_record(struct bs_row *rows, size_t capacity);
/* How many there are. */
size_t bs_count_recorded(void);

/* Takes over `inner`. */
struct kv *bs_count_wrap(struct kv *inner);

#endif
