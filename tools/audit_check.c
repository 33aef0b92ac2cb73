/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/audit_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/audit_entry.h"
#include "tools/audit_file.h"

struct check {
    int directory;
    struct audit_report *report;
    struct checkpoint old; /* of --since; size 0 without */
    struct merkle_frontier frontier;
    bool tree_is_whole; /* until an entry is missing or unreadable */
    bool old_root_seen;
    uint64_t line;
    uint64_t expected; /* the index that should come next */
    int64_t previous_time;
    char text[AUDIT_LINE_MAXIMUM];
};

/* 0 with or without a checkpoint that can be used. */
static int check_checkpoint(struct check *check, const struct checkpoint_vkey *vkey)
{
    CLEANUP(text_finish) struct text note = {0};
    int result = audit_file_read(check->directory, AUDIT_CHECKPOINT, &note);
    if (result == -ENOENT) {
        audit_find(check->report, "there is no file " AUDIT_CHECKPOINT);
        return 0;
    }
    if (result == 0) {
        check->report->has_checkpoint = audit_open_note(check->report, "checkpoint", note.bytes,
                                                        vkey, &check->report->checkpoint);
    }
    return result;
}

/* The tree as it was at the earlier checkpoint passes by once; then is the time to compare. */
static void compare_old_root(struct check *check)
{
    if (!check->report->has_since || !check->tree_is_whole || check->old_root_seen ||
        check->frontier.size != check->old.size) {
        return;
    }
    struct merkle_hash root;
    merkle_frontier_root(&check->frontier, &root);
    check->old_root_seen = true;
    if (memcmp(&root, &check->old.root, sizeof(root)) != 0) {
        audit_find(check->report,
                   "the log was rewritten: its first %" PRIu64
                   " entries are not those of the earlier checkpoint",
                   check->old.size);
    }
}

/* The export begins where the earlier checkpoint ended: its tree comes from the proof. */
static int continue_from_proof(struct check *check, const struct audit_entry *first)
{
    CLEANUP(text_finish) struct text json = {0};
    struct audit_proof proof;
    struct merkle_hash leaf;
    struct audit_report *report = check->report;
    check->tree_is_whole = false;
    if (!report->has_checkpoint) {
        return 0;
    }
    int result = audit_file_read(check->directory, AUDIT_SINCE_PROOF, &json);
    if (result == -ENOENT) {
        audit_find(report,
                   "there is no file " AUDIT_SINCE_PROOF ", which an export with --since has");
        return 0;
    }
    result = result != 0 ? result : audit_proof_read(json.bytes, json.length, &proof);
    if (result < 0) {
        return result;
    }
    merkle_leaf(first->commitment, COMMITMENT_BYTES, &leaf);
    if (result > 0 || proof.index != first->index || proof.tree_size != report->checkpoint.size) {
        audit_find(report, AUDIT_SINCE_PROOF " is not the proof of entry %" PRIu64 " in this tree",
                   first->index);
        return 0;
    }
    if (memcmp(&leaf, &proof.leaf, sizeof(leaf)) != 0 ||
        !merkle_verify_inclusion(&leaf, proof.index, proof.tree_size, &proof.proof,
                                 &report->checkpoint.root) ||
        merkle_frontier_from_proof(proof.index, proof.tree_size, &proof.proof, &check->frontier) !=
            0) {
        audit_find_in_entry(report, first->index, "is not in the tree that the checkpoint signs");
        return 0;
    }
    check->tree_is_whole = true;
    return 0;
}

static int begin(struct check *check, const struct audit_entry *first)
{
    check->report->first_index = first->index;
    check->expected = first->index;
    if (first->index == 0) {
        return 0;
    }
    if (!check->report->has_since) {
        return AUDIT_NEEDS_SINCE;
    }
    if (first->index != check->old.size) {
        audit_find(check->report,
                   "the export begins with entry %" PRIu64
                   ", the earlier checkpoint ends before %" PRIu64,
                   first->index, check->old.size);
        check->tree_is_whole = false;
        return 0;
    }
    return continue_from_proof(check, first);
}

static void check_order(struct check *check, const struct audit_entry *entry)
{
    struct audit_report *report = check->report;
    if (entry->index > check->expected) {
        audit_find(report, "line %" PRIu64 " holds entry %" PRIu64 ": entry %" PRIu64 " %s",
                   check->line, entry->index, check->expected,
                   entry->index - check->expected > 1 ? "and others after it are missing"
                                                      : "is missing");
    } else if (entry->index < check->expected) {
        audit_find(report, "line %" PRIu64 " holds entry %" PRIu64 " again, or out of order",
                   check->line, entry->index);
    }
    if (entry->index != check->expected) {
        check->tree_is_whole = false;
    } else if (entry->logged_at < check->previous_time) {
        audit_find_in_entry(report, entry->index, "its time is before that of the entry before it");
    }
    if (report->has_checkpoint && entry->index >= report->checkpoint.size) {
        audit_find_in_entry(report, entry->index, "is beyond the checkpoint, which signs %" PRIu64,
                            report->checkpoint.size);
    }
}

static int check_line(struct check *check, size_t length)
{
    struct audit_entry entry;
    char why[AUDIT_WHY_SIZE];
    int result = audit_entry_read(check->text, length, &entry, why);
    if (result < 0) {
        return result;
    }
    if (result == AUDIT_ENTRY_MALFORMED) {
        audit_find(check->report, "line %" PRIu64 " is not an entry: %s", check->line, why);
        check->tree_is_whole = false;
        check->expected++;
        return 0;
    }
    if (check->line == 1) {
        int begun = begin(check, &entry);
        if (begun != 0) {
            return begun;
        }
    }
    if (result == AUDIT_ENTRY_CHANGED) {
        audit_find_in_entry(check->report, entry.index, "%s", why);
    }
    check_order(check, &entry);
    compare_old_root(check);
    if (check->tree_is_whole) {
        /* The claimed commitment: so a changed record does not hide whether the tree is sound. */
        struct merkle_hash leaf;
        merkle_leaf(entry.commitment, COMMITMENT_BYTES, &leaf);
        merkle_frontier_append(&check->frontier, &leaf, NULL, NULL);
    }
    check->expected = entry.index + 1;
    check->previous_time = entry.logged_at;
    check->report->entries++;
    return 0;
}

static int check_lines(struct check *check, FILE *file)
{
    while (fgets(check->text, sizeof(check->text), file) != NULL) {
        size_t length = strlen(check->text);
        check->line++;
        if (length == 0 || check->text[length - 1] != '\n') {
            audit_find(check->report, "line %" PRIu64 " is cut off, too long, or holds a zero byte",
                       check->line);
            check->tree_is_whole = false;
            return 0;
        }
        int result = check_line(check, length - 1);
        if (result != 0) {
            return result;
        }
    }
    return ferror(file) ? -EIO : 0;
}

static void file_close(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

static int check_entries(struct check *check)
{
    int descriptor = openat(check->directory, AUDIT_ENTRIES, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) {
        audit_find(check->report, "there is no file " AUDIT_ENTRIES);
        return 0;
    }
    if (descriptor < 0) {
        return -errno;
    }
    CLEANUP(file_close) FILE *file = fdopen(descriptor, "r");
    if (file == NULL) {
        int fault = -errno;
        close(descriptor);
        return fault;
    }
    return check_lines(check, file);
}

/* An export after which nothing was added has no entry to take the tree from. */
static bool is_empty_continuation(const struct check *check)
{
    return check->report->has_since && check->line == 0 && check->old.size > 0 &&
           check->old.size == check->report->checkpoint.size;
}

static void conclude(struct check *check)
{
    struct audit_report *report = check->report;
    struct merkle_hash root;
    compare_old_root(check);
    if (!report->has_checkpoint) {
        return;
    }
    if (is_empty_continuation(check)) {
        report->first_index = check->old.size;
        if (memcmp(&check->old.root, &report->checkpoint.root, sizeof(root)) != 0) {
            audit_find(report,
                       "the log was rewritten: two checkpoints of one size have other roots");
        }
        return;
    }
    if (check->expected < report->checkpoint.size) {
        audit_find(report,
                   "the export ends before entry %" PRIu64 ", the checkpoint signs %" PRIu64,
                   check->expected, report->checkpoint.size);
    } else if (check->tree_is_whole) {
        merkle_frontier_root(&check->frontier, &root);
        if (memcmp(&root, &report->checkpoint.root, sizeof(root)) != 0) {
            audit_find(report,
                       "the tree of these entries has another root than the checkpoint signs: an "
                       "entry was replaced together with its commitment");
        }
    }
}

static bool check_since(struct check *check, const struct checkpoint_vkey *vkey, const char *since)
{
    struct audit_report *report = check->report;
    if (since == NULL || !audit_open_note(report, "earlier checkpoint", since, vkey, &check->old)) {
        return since == NULL;
    }
    report->has_since = true;
    report->since_size = check->old.size;
    if (report->has_checkpoint && check->old.size > report->checkpoint.size) {
        audit_find(report, "the log has shrunk: from %" PRIu64 " entries to %" PRIu64,
                   check->old.size, report->checkpoint.size);
        return false;
    }
    return true;
}

static void check_freep(struct check **check)
{
    free(*check);
}

int audit_check(int directory, const struct checkpoint_vkey *vkey, const char *since,
                struct audit_report *ret_report)
{
    CLEANUP(check_freep) struct check *check = calloc(1, sizeof(*check));
    if (check == NULL) {
        return -ENOMEM;
    }
    *ret_report = (struct audit_report){0};
    check->directory = directory;
    check->report = ret_report;
    check->tree_is_whole = true;
    check->previous_time = INT64_MIN;
    merkle_frontier_init(&check->frontier);
    int result = check_checkpoint(check, vkey);
    if (result != 0 || !check_since(check, vkey, since)) {
        return result;
    }
    result = check_entries(check);
    if (result == 0) {
        conclude(check);
    }
    return result;
}
