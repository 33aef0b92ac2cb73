/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The files of an exported log: a directory closed to others, because its entries tell who had to
 * do with whom.
 *
 *   checkpoint        the signed head of the tree that the export is of
 *   entries.jsonl     one entry a line, as the index gave it, in the order of the log
 *   since-proof.json  only after `export --since`: the proof of the first entry, from which the
 *                     tree before it can be continued
 *   witnessed         the newest head that a witness had cosigned, when there was one: of an
 *                     earlier tree of the same log, as every reading makes the log longer
 *
 * and, made of these when they are asked for, the same entries in other forms (format.h).
 */
#ifndef TOOLS_AUDIT_FILE_H
#define TOOLS_AUDIT_FILE_H

#include <errno.h>
#include <stdio.h>

#include "tools/text.h"

#define AUDIT_CHECKPOINT "checkpoint"
#define AUDIT_ENTRIES "entries.jsonl"
#define AUDIT_SINCE_PROOF "since-proof.json"
#define AUDIT_WITNESSED "witnessed"
#define AUDIT_SMALL_FILE_MAXIMUM ((size_t)64 << 10)
#define AUDIT_LINE_MAXIMUM ((size_t)32 << 10) /* bytes of one entry; a record has at most 2 KiB */

/*
 * Opens a file that must be an ordinary one: of a FIFO, whoever made the directory could let us
 * wait for ever. `flags` as open() has them; a file that is made gets mode 0600. 0 or -errno,
 * AUDIT_NOT_REGULAR among them. `directory` is a descriptor, or AT_FDCWD.
 */
#define AUDIT_NOT_REGULAR (-EMEDIUMTYPE)
int audit_file_open(int directory, const char *name, int flags, int *ret_descriptor) MUST_CHECK;
/* The same as a stream, "r" or as `mode` says. */
int audit_file_stream(int directory, const char *name, int flags, const char *mode,
                      FILE **ret_file) MUST_CHECK;
/* What is wrong, for people. */
const char *audit_file_explain(int fault);

/* Appends a small file. 0 or -errno; -EFBIG beyond AUDIT_SMALL_FILE_MAXIMUM. `directory` as above;
 * a file that the user names by itself (AT_FDCWD) may be a pipe. */
int audit_file_read(int directory, const char *name, struct text *text) MUST_CHECK;

/* Writes a new file (mode 0600), whole or not at all, and on disk when it returns. 0 or -errno. */
int audit_file_write(int directory, const char *name, const char *bytes, size_t size) MUST_CHECK;

/* The directory, made (mode 0700) if need be. -EPERM when it is open to others or not ours. */
int audit_directory_open(const char *path, int *ret_descriptor) MUST_CHECK;

void audit_descriptor_close(int *descriptor); /* for CLEANUP; -1 is none */

#endif
