/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/tile_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GROUP_DIGITS 3
#define GROUP_BASE 1000
#define GROUPS_MAXIMUM 6
#define PARTIAL ".p/"

struct text {
    const char *at;
    size_t left;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip(struct text *in, const char *what)
{
    size_t length = strlen(what);
    if (in->left < length || memcmp(in->at, what, length) != 0) {
        return false;
    }
    in->at += length;
    in->left -= length;
    return true;
}

/* A number of at most three digits, without zeros in front. */
static bool read_small(struct text *in, unsigned maximum, unsigned *ret_value)
{
    unsigned value = 0;
    size_t digits = 0;
    while (digits < in->left && digits < GROUP_DIGITS && is_digit(in->at[digits])) {
        value = value * 10 + (unsigned)(in->at[digits++] - '0');
    }
    if (digits == 0 || (digits > 1 && in->at[0] == '0') || value > maximum) {
        return false;
    }
    in->at += digits;
    in->left -= digits;
    *ret_value = value;
    return true;
}

static bool read_group(struct text *in, unsigned *ret_value)
{
    unsigned value = 0;
    if (in->left < GROUP_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < GROUP_DIGITS; i++) {
        if (!is_digit(in->at[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(in->at[i] - '0');
    }
    in->at += GROUP_DIGITS;
    in->left -= GROUP_DIGITS;
    *ret_value = value;
    return true;
}

static bool read_number(struct text *in, uint64_t *ret_number)
{
    uint64_t number = 0;
    unsigned group;
    for (size_t i = 0; i < GROUPS_MAXIMUM; i++) {
        bool more = skip(in, "x");
        if (!read_group(in, &group)) {
            return false;
        }
        number = number * GROUP_BASE + group;
        if (!more) {
            *ret_number = number;
            return true;
        }
        /* A group in front that says nothing would be a second spelling. */
        if (number == 0 || !skip(in, "/")) {
            return false;
        }
    }
    return false;
}

static int parse(struct text *in, bool has_level, struct tile_path *ret_path)
{
    struct tile_path path = {.width = TILE_PATH_FULL};
    if (has_level && (!read_small(in, TILE_PATH_LEVELS - 1, &path.level) || !skip(in, "/"))) {
        return TILE_PATH_MALFORMED;
    }
    if (!read_number(in, &path.number)) {
        return TILE_PATH_MALFORMED;
    }
    if (in->left > 0 && (!skip(in, PARTIAL) || !read_small(in, TILE_PATH_FULL - 1, &path.width) ||
                         path.width == 0 || in->left > 0)) {
        return TILE_PATH_MALFORMED;
    }
    *ret_path = path;
    return 0;
}

int tile_path_parse(const char *text, size_t length, struct tile_path *ret_path)
{
    struct text in = {text, length};
    return parse(&in, true, ret_path);
}

int tile_path_parse_bundle(const char *text, size_t length, struct tile_path *ret_path)
{
    struct text in = {text, length};
    return parse(&in, false, ret_path);
}

/* ---- writing ---- */

static void write_number(uint64_t number, unsigned width, char *out, size_t size)
{
    uint64_t scale = 1;
    while (number / scale >= GROUP_BASE) {
        scale *= GROUP_BASE;
    }
    size_t length = 0;
    for (; scale > 1; scale /= GROUP_BASE) {
        length += (size_t)snprintf(out + length, size - length, "x%03u/",
                                   (unsigned)(number / scale % GROUP_BASE));
    }
    length +=
        (size_t)snprintf(out + length, size - length, "%03u", (unsigned)(number % GROUP_BASE));
    if (width != TILE_PATH_FULL) {
        snprintf(out + length, size - length, PARTIAL "%u", width);
    }
}

void tile_path_format(const struct tile_path *path, char out[static TILE_PATH_SIZE])
{
    size_t length = (size_t)snprintf(out, TILE_PATH_SIZE, "%u/", path->level);
    write_number(path->number, path->width, out + length, TILE_PATH_SIZE - length);
}

void tile_path_format_bundle(const struct tile_path *path, char out[static TILE_PATH_SIZE])
{
    write_number(path->number, path->width, out, TILE_PATH_SIZE);
}
