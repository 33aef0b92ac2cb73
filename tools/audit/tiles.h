/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Holds two heads of a log against each other with hash tiles (C2SP tlog-tiles), which every party
 * may fetch: only those that are needed, and each is checked against the newer head before anything
 * is concluded from it. So tiles that are wrong are told from a log that was forked.
 */
#ifndef TOOLS_AUDIT_TILES_H
#define TOOLS_AUDIT_TILES_H

#include "crypto/checkpoint.h"

#define AUDIT_TILE_HASHES 256
#define AUDIT_TILE_PATH_SIZE 64

/*
 * Where a tile is: "tile/0/x001/x234/067.p/12"; `width` AUDIT_TILE_HASHES is a full one. Numbers go
 * in groups of three digits, all but the last with an x.
 */
void audit_tile_path(unsigned level, uint64_t number, unsigned width,
                     char out[static AUDIT_TILE_PATH_SIZE]);

/* Fetches `count` hashes from that path, no more and no less. 0, or a negative fault that ends the
 * comparison and is passed up. */
typedef int audit_tile_fetcher(void *context, const char *path, size_t count,
                               struct merkle_hash *ret_hashes);

enum audit_tiles_condition {
    AUDIT_TILES_HOLD = 0,   /* the old tree is the beginning of the new one */
    AUDIT_TILES_FORK = 1,   /* it is not */
    AUDIT_TILES_SHRUNK = 2, /* the new one is smaller */
    AUDIT_TILES_WRONG = 3,  /* the tiles are not those of the new head: nothing can be said */
};
/* The signatures of both heads are the caller's affair. */
int audit_tiles_compare(const struct checkpoint *old, const struct checkpoint *head,
                        audit_tile_fetcher *fetch, void *context) MUST_CHECK;

#endif
