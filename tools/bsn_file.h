/* SPDX-License-Identifier: EUPL-1.2 */
/* BSNs for a command: from a file or from standard input (private_file.h says why). */
#ifndef TOOLS_BSN_FILE_H
#define TOOLS_BSN_FILE_H

#include "tools/private_file.h"

#define BSN_FILE_MAXIMUM 64 /* bytes; enough to tell a wrong file from a number */
#define BSN_LIST_MAXIMUM 256
#define BSN_LIST_FILE_MAXIMUM (BSN_LIST_MAXIMUM * 32) /* bytes */

/* As it was written, without white space around it. Personal data: wipe it. */
struct bsn_text {
    char digits[BSN_FILE_MAXIMUM + 1];
};

/* `path` "-" is standard input. 0, or VIX_USAGE after saying what is wrong with --`option`. */
int bsn_file_read(const struct command *command, const char *option, const char *path,
                  struct bsn_text *ret_text) MUST_CHECK;
void bsn_text_wipe(struct bsn_text *text); /* for CLEANUP */

/* One BSN a line; empty lines are passed over. Whether each is one, the index tells. */
struct bsn_list {
    size_t count;
    struct bsn_text numbers[BSN_LIST_MAXIMUM];
};
/* At most `maximum` of them, which is at most BSN_LIST_MAXIMUM. */
int bsn_file_read_list(const struct command *command, const char *option, const char *path,
                       size_t maximum, struct bsn_list *ret_list) MUST_CHECK;
void bsn_list_wipe(struct bsn_list *list); /* for CLEANUP */
/* As a member of a request; an empty list too. */
void bsn_list_add(const struct bsn_list *list, const char *name, struct text *body);

/* Rows of an option table: --bsn-file; and --bsn, which says why it is not there. */
#define BSN_FILE_OPTION(required)                                                                  \
    {                                                                                              \
        "bsn-file", "FILE", "file with the BSN, or - for standard input", required, NULL           \
    }
#define BSN_REFUSED_OPTION                                                                         \
    {                                                                                              \
        "bsn", "N", NULL, false,                                                                   \
            "--bsn does not exist: arguments can be seen by every user of this machine (ps); "     \
            "use --bsn-file FILE, or --bsn-file - and standard input"                              \
    }
#define BSN_FILE_DETAILS                                                                           \
    "The BSN, eight or nine digits, is read from a file or from standard input. It cannot be an\n" \
    "argument: those can be seen by every user of the machine (ps), and shells remember them."

#endif
