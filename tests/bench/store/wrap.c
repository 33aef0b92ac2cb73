/* SPDX-License-Identifier: EUPL-1.2 */
/* The functions that are counted; the linker sends calls of NAME to __wrap_NAME. */
#include <dlfcn.h>
#include <sodium.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/nonce.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "crypto/shortmac.h"
#include "store/base/clock.h"
#include "store/child/matches.h"
#include "store/child/signals.h"
#include "store/log/record.h"
#include "store/notice/notices.h"
#include "store/party/parties.h"
#include "store/party/statistics.h"
#include "tests/bench/store/ticks.h"

bool bs_counting;

static struct bs_count counted[BS_COUNTED];
static uint64_t began_ticks;
static int64_t began_at;
static double ns_per_tick = 1;

void bs_count_start(void)
{
    memset(counted, 0, sizeof(counted));
    bs_counts_clear();
    began_ticks = bs_ticks();
    began_at = bs_now();
    bs_counting = true;
}

void bs_count_stop(void)
{
    bs_counting = false;
    ns_per_tick = (double)(bs_now() - began_at) / (double)(bs_ticks() - began_ticks);
}

double bs_count_ns(uint64_t ticks)
{
    return (double)ticks * ns_per_tick;
}

const struct bs_count *bs_count_of(enum bs_counted what)
{
    return &counted[what];
}

const char *bs_count_name(enum bs_counted what)
{
    static const char *const names[] = {
#define X(name) #name,
        BS_STEPS(X) BS_PARTS(X) BS_CALLS(X)
#undef X
    };
    return names[what];
}

#define WRAP(type, name, parameters, arguments, size)                                              \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        uint64_t began = bs_ticks_begin();                                                         \
        type result = __real_##name arguments;                                                     \
        bs_ticks_end(&counted[BS_##name], began, size);                                            \
        return result;                                                                             \
    }
#define WRAP_VOID(name, parameters, arguments, size)                                               \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        uint64_t began = bs_ticks_begin();                                                         \
        __real_##name arguments;                                                                   \
        bs_ticks_end(&counted[BS_##name], began, size);                                            \
    }

/* ---- steps ---- */

WRAP(int, party_load, (struct store_view * view, uint32_t number, struct party *ret_party),
     (view, number, ret_party), 0)
WRAP(int, professional_find,
     (struct store_view * view, uint32_t party, const char *id, uint32_t *ret_number),
     (view, party, id, ret_number), 0)
WRAP(int, child_file_load,
     (struct store_view * view, const struct child_key *key, struct child_file *ret_file),
     (view, key, ret_file), 0)
WRAP(int, child_file_create,
     (struct store_view * view, const struct child_key *key, const struct oprf_element *element,
      uint32_t evaluation_key, struct child_file *ret_file),
     (view, key, element, evaluation_key, ret_file), 0)
WRAP_VOID(child_file_save, (struct store_view * view, const struct child_file *file), (view, file),
          0)
WRAP_VOID(signal_row_save,
          (struct store_tx * tx, const struct child_member *member, const struct signal_row *row),
          (tx, member, row), 0)
WRAP_VOID(signal_due_put,
          (struct store_tx * tx, const struct signal_row *row, uint32_t party,
           const struct uuid *id),
          (tx, row, party, id), 0)
WRAP(int, statistics_count, (struct store_tx * tx, uint16_t municipality, enum statistic what),
     (tx, municipality, what), 0)
WRAP(int, match_joined, (struct store_tx * tx, struct child_file *file, bool quiet),
     (tx, file, quiet), 0)
WRAP(int, notice_send,
     (struct store_tx * tx, const struct child_file *file, uint32_t party,
      const struct notice_draft *draft, uint64_t *ret_sequence),
     (tx, file, party, draft, ret_sequence), 0)
WRAP(int, tx_subject, (struct store_tx * tx, const struct child_key *child, uint8_t *ret_subject),
     (tx, child, ret_subject), 0)
WRAP(int, tx_log_op, (struct store_tx * tx, struct store_op *op, const struct log_note *note),
     (tx, op, note), 0)

/* ---- parts ---- */

WRAP_VOID(seal_close,
          (uint32_t key_id, const uint8_t *key, struct seal_place place, const void *plain,
           size_t size, uint8_t *out),
          (key_id, key, place, plain, size, out), size)
WRAP(int, seal_open,
     (const uint8_t *key, struct seal_place place, const uint8_t *sealed, size_t sealed_size,
      void *out),
     (key, place, sealed, sealed_size, out), sealed_size)
WRAP_VOID(seal_mask, (const uint8_t *key, struct seal_place place, uint8_t *ret_mask),
          (key, place, ret_mask), 0)
WRAP_VOID(seal_derive_key, (const uint8_t *secret, uint8_t *ret_key), (secret, ret_key), 0)
WRAP_VOID(randombytes_buf, (void *const buffer, const size_t size), (buffer, size), size)
WRAP_VOID(nonce_make, (void *memory, size_t size), (memory, size), size)
WRAP_VOID(sha256_of, (const struct sha256_piece *pieces, size_t count, uint8_t *ret_hash),
          (pieces, count, ret_hash), 0)
WRAP(int, crypto_generichash_blake2b,
     (unsigned char *out, size_t out_size, const unsigned char *in, unsigned long long size,
      const unsigned char *key, size_t key_size),
     (out, out_size, in, size, key, key_size), size)
WRAP_VOID(shortmac_make, (const uint8_t *key, const void *in, size_t size, uint8_t *ret_mac),
          (key, in, size, ret_mac), size)
WRAP(size_t, log_record_render,
     (const struct log_record *record, const struct commitment_salts *salts, char *out),
     (record, salts, out), result)
WRAP(int32_t, calendar_dutch_day, (int64_t instant), (instant), 0)
WRAP(int64_t, calendar_dutch_midnight, (int32_t day), (day), 0)
WRAP(void *, arena_new, (struct arena * arena, size_t size), (arena, size), size)
WRAP(void *, secret_malloc, (size_t size), (size), size)
WRAP(size_t, checkpoint_sign,
     (const struct checkpoint_signer *signer, uint64_t size, const struct merkle_hash *root,
      char *out),
     (signer, size, root, out), result)

/* ---- what LMDB asks of the system ---- */

/* Under the name that the library asks for, whatever the headers here call the function. */
#define TAKE_OVER(type, name, parameters, arguments)                                               \
    __attribute__((visibility("default"))) type taken_##name parameters __asm__(#name);            \
    type taken_##name parameters                                                                   \
    {                                                                                              \
        static type(*next) parameters;                                                             \
        if (next == NULL) {                                                                        \
            next = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                    \
        }                                                                                          \
        uint64_t began = bs_ticks_begin();                                                         \
        type result = next arguments;                                                              \
        bs_ticks_end(&counted[BS_##name], began, result > 0 ? (size_t)result : 0);                 \
        return result;                                                                             \
    }
TAKE_OVER(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at),
          (file, data, size, at))
TAKE_OVER(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
TAKE_OVER(int, fdatasync, (int file), (file))
