/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What tells who somebody is comes from a file or from standard input, never from the command
 * line, which every user of the machine can read (ps) and which shells keep in their history.
 */
#ifndef TOOLS_PRIVATE_FILE_H
#define TOOLS_PRIVATE_FILE_H

#include "tools/options.h"
#include "tools/text.h"

/*
 * Appends what is in the file `path`, or for "-" on standard input, without the white space around
 * it. 0, or VIX_USAGE after saying what is wrong with --`option`: that there is nothing in it,
 * more than `maximum` bytes or a zero byte.
 */
int private_file_read(const struct command *command, const char *option, const char *path,
                      size_t maximum, struct text *text) MUST_CHECK;

/* Standard input can be read once: VIX_USAGE when several of these options (up to a NULL) are
 * given as "-". */
int private_file_check_inputs(const struct invocation *invocation,
                              const char *const *options) MUST_CHECK;

#endif
