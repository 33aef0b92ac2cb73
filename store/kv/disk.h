/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What an engine that keeps one file in a directory asks of the file system. Any thread; the
 * caller owns the descriptors.
 */
#ifndef STORE_KV_DISK_H
#define STORE_KV_DISK_H

#include <stdbool.h>

#include "crypto/basics.h"

void disk_closep(int *file); /* for CLEANUP; -1 is allowed */

/*
 * Takes the file "lock" in a directory, for as long as it stays open: -EBUSY when another process,
 * or another part of this one, has it. Shared locks keep out the exclusive ones, not each other.
 * Who may not make the file (a copy on a read-only disk) gets -1 for a shared lock: then nobody
 * can write there by this way either.
 */
int disk_lock(int directory, bool shared, int *ret_lock) MUST_CHECK;

/* Bytes that the file may still grow: in blocks that it has beyond `used_bytes`, or can get. */
int disk_measure_room(int file, uint64_t used_bytes, uint64_t *ret_free_bytes) MUST_CHECK;

/*
 * Makes the directory `path` if it is not there, and in it the file `name`, for its owner only,
 * which must not be there: -EEXIST.
 */
int disk_create(const char *path, const char *name, int *ret_directory, int *ret_file) MUST_CHECK;

/* Makes the file and its name durable. */
int disk_sync(int directory, int file) MUST_CHECK;

/* Takes files out of the directory `path`, durably; that one is not there is no failure. */
int disk_remove(const char *path, const char *const names[], size_t count) MUST_CHECK;

#endif
