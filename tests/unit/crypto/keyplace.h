/* SPDX-License-Identifier: EUPL-1.2 */
/* A folder for each test of the keyring, in which `keys` is a ring as keyring_create() makes it. */
#ifndef TESTS_UNIT_CRYPTO_KEYPLACE_H
#define TESTS_UNIT_CRYPTO_KEYPLACE_H

#include "crypto/keyring.h"
#include "support.h"

#define PATH_SIZE 512
#define SOME_KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwA" /* 01 02 03 ... 1f 00 */

struct place {
    char folder[PATH_SIZE];
    char keys[PATH_SIZE];
    char epochs[PATH_SIZE]; /* what keyring_load() gets; empty: NULL */
};

int place_setup(void **state);
int place_teardown(void **state);

/* Of a file in `keys`. */
void place_path(const struct place *place, const char *name, char path[PATH_SIZE]);
void place_write(const struct place *place, const char *name, const char *text);
size_t place_read(const struct place *place, const char *name, char *text, size_t size);

/* Of one in any folder. */
void place_join(const char *folder, const char *name, char path[PATH_SIZE]);
bool place_exists(const char *folder, const char *name);

struct keyring *place_load(const struct place *place);
void place_assert_refused(const struct place *place, const char *because);

#endif
