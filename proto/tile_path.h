/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The names of tiles, as in C2SP tlog-tiles:
 *
 *   <L>/<N>[.p/<W>]    a tile of hashes
 *   <N>[.p/<W>]        a bundle of entries
 *
 * L is the level, 0 to 63, in decimal; N the number within it, in groups of three digits, all but
 * the last with an "x" before them: 1234067 is x001/x234/067; W, of a partial tile, how many hashes
 * it has, 1 to 255, in decimal. There is one spelling of each: nothing else is one.
 */
#ifndef PROTO_TILE_PATH_H
#define PROTO_TILE_PATH_H

#include "crypto/basics.h"

#define TILE_PATH_FULL 256 /* hashes of a tile that is not partial */
#define TILE_PATH_LEVELS 64
#define TILE_PATH_NUMBER_MAXIMUM UINT64_C(999999999999999999) /* six groups */
#define TILE_PATH_SIZE 40                                     /* bytes of the longest, with NUL */

struct tile_path {
    unsigned level; /* of a bundle: 0 */
    uint64_t number;
    unsigned width; /* TILE_PATH_FULL unless it is partial */
};

#define TILE_PATH_MALFORMED 1
int tile_path_parse(const char *text, size_t length, struct tile_path *ret_path) MUST_CHECK;
int tile_path_parse_bundle(const char *text, size_t length, struct tile_path *ret_path) MUST_CHECK;

/* Level, number and width must be within their bounds. NUL-terminated. */
void tile_path_format(const struct tile_path *path, char out[static TILE_PATH_SIZE]);
void tile_path_format_bundle(const struct tile_path *path, char out[static TILE_PATH_SIZE]);

#endif
