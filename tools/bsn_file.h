/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A BSN for a command comes from a file or from standard input, never from the command line,
 * which every user of the machine can read (ps) and which shells keep in their history.
 */
#ifndef TOOLS_BSN_FILE_H
#define TOOLS_BSN_FILE_H

#include "tools/options.h"

#define BSN_FILE_MAXIMUM 64 /* bytes; enough to tell a wrong file from a number */

/* As it was written, without white space around it. Personal data: wipe it. */
struct bsn_text {
    char digits[BSN_FILE_MAXIMUM + 1];
};

/* `path` "-" is standard input. 0, or VIX_USAGE after saying what is wrong. */
int bsn_file_read(const struct command *command, const char *path,
                  struct bsn_text *ret_text) MUST_CHECK;
void bsn_text_wipe(struct bsn_text *text); /* for CLEANUP */

/* The two rows of an option table: --bsn-file, and --bsn, which says why it is not there. */
#define BSN_FILE_OPTIONS                                                                           \
    {"bsn-file", "FILE", "file with the BSN, or - for standard input", true, NULL},                \
    {                                                                                              \
        "bsn", "N", NULL, false,                                                                   \
            "--bsn does not exist: arguments can be seen by every user of this machine (ps); "     \
            "use --bsn-file FILE, or --bsn-file - and standard input"                              \
    }
#define BSN_FILE_DETAILS                                                                           \
    "The BSN, eight or nine digits, is read from a file or from standard input. It cannot be an\n" \
    "argument: those can be seen by every user of the machine (ps), and shells remember them."

#endif
