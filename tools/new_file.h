/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A file that a command is to leave behind: it is made before the index is asked, as the asking
 * counts and is logged even when its answer has no place, and it is gone again unless it was
 * written whole. Never one that is there already. Closed to others.
 */
#ifndef TOOLS_NEW_FILE_H
#define TOOLS_NEW_FILE_H

#include <stdbool.h>

#include "tools/options.h"

struct new_file {
    const char *path; /* NULL: none is wanted, and nothing below does anything */
    int descriptor;
    bool is_written;
};
#define NEW_FILE_NONE                                                                              \
    {                                                                                              \
        .descriptor = -1                                                                           \
    }

/* By the value of an option, which may be absent. 0, or VIX_USAGE after saying what is wrong. */
int new_file_open(const struct invocation *invocation, const char *option,
                  struct new_file *ret_file) MUST_CHECK;
/* Once, and on disk when it returns. 0, or VIX_REFUSED after saying what is wrong. */
int new_file_write(struct new_file *file, const char *bytes, size_t size) MUST_CHECK;
void new_file_finish(struct new_file *file); /* for CLEANUP */

#endif
