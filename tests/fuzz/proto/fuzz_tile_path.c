/* SPDX-License-Identifier: EUPL-1.2 */
/* The name of a tile or a bundle, as it stands in a path: there is one spelling of each. */
#include <stdlib.h>
#include <string.h>

#include "proto/tile_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(const struct tile_path *path, const char *text, const uint8_t *data, size_t size)
{
    if (path->level >= TILE_PATH_LEVELS || path->number > TILE_PATH_NUMBER_MAXIMUM ||
        path->width == 0 || path->width > TILE_PATH_FULL || strlen(text) != size ||
        memcmp(text, data, size) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tile_path path;
    char text[TILE_PATH_SIZE];
    if (tile_path_parse((const char *)data, size, &path) == 0) {
        tile_path_format(&path, text);
        hold(&path, text, data, size);
    }
    if (tile_path_parse_bundle((const char *)data, size, &path) == 0) {
        tile_path_format_bundle(&path, text);
        hold(&path, text, data, size);
    }
    return 0;
}
