/* SPDX-License-Identifier: EUPL-1.2 */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/nonce.h"
#include "crypto/secret.h"

#define BYTES 24
#define COUNT 1000 /* of each taker; the stock is filled many times */
#define TAKERS 4

struct nonces {
    uint8_t bytes[COUNT][BYTES];
};

static void *take(void *argument)
{
    struct nonces *nonces = argument;
    for (size_t i = 0; i < COUNT; i++) {
        nonce_make(nonces->bytes[i], BYTES);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, BYTES);
}

static void assert_all_differ(struct nonces *nonces, size_t takers)
{
    size_t count = takers * COUNT;
    uint8_t(*all)[BYTES] = (uint8_t(*)[BYTES])nonces;
    qsort(all, count, BYTES, compare);
    for (size_t i = 1; i < count; i++) {
        assert_memory_not_equal(all[i - 1], all[i], BYTES);
    }
}

static void test_threads(void **state)
{
    (void)state;
    static struct nonces nonces[TAKERS];
    pthread_t threads[TAKERS];
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take, &nonces[i]), 0);
    }
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_all_differ(nonces, TAKERS);
}

/* A child begins with a copy of what its parent has in stock. */
static void test_a_fork(void **state)
{
    (void)state;
    static struct nonces nonces[2];
    int ends[2];
    uint8_t first[BYTES];
    nonce_make(first, sizeof(first));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        take(&nonces[1]);
        for (size_t done = 0; done < sizeof(nonces[1]);) {
            ssize_t wrote = write(ends[1], (uint8_t *)&nonces[1] + done, sizeof(nonces[1]) - done);
            if (wrote <= 0) {
                _exit(1);
            }
            done += (size_t)wrote;
        }
        _exit(0);
    }
    take(&nonces[0]);
    for (size_t done = 0; done < sizeof(nonces[1]);) {
        ssize_t got = read(ends[0], (uint8_t *)&nonces[1] + done, sizeof(nonces[1]) - done);
        assert_true(got > 0);
        done += (size_t)got;
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
    assert_all_differ(nonces, 2);
}

static void test_sizes(void **state)
{
    (void)state;
    uint8_t bytes[NONCE_MAXIMUM + 1] = {0};
    for (size_t size = 0; size <= NONCE_MAXIMUM; size++) {
        for (unsigned i = 0; i < 100; i++) {
            nonce_make(bytes, size);
        }
        assert_int_equal(bytes[size], 0); /* not beyond */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_a_fork),
        cmocka_unit_test(test_sizes),
    };
    return secret_init() != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
